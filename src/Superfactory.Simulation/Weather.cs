using System.Collections.Immutable;
using Superfactory.Model.Agents;
using Superfactory.Simulation.Randomness;

namespace Superfactory.Simulation;

/// <summary>
/// The link as bridges measure it in a run that chooses its mode by itself: it changes with the rounds, so that the mode does. Everything
/// else that is measured stays as it is. Immutable.
/// </summary>
/// <param name="Spells">From which round on the link has which rate, in bits/s; the rounds rise, the first is 0.</param>
internal sealed record Weather(ImmutableArray<(long From, long BitsPerSecond)> Spells)
{
    /// <summary>The round from which on anything may be measured: before, what is chosen merges often, so that a run has twelve rounds at least.</summary>
    private const int ChangeableFrom = 12;

    private const long ParameterBytes = 1_000_000;
    private const long StepMicroseconds = 1_000_000;
    private const long RoundTripMicroseconds = 1_000;

    /// <summary>A million bytes of parameters and steps of a second make of these every-step, diloco every 10, 30 and 100, and streaming.</summary>
    private static readonly long[] _rates = [10_000_000_000, 120_000_000, 30_000_000, 7_000_000, 2_000_000];

    /// <summary>The weather of a schedule.</summary>
    public static Weather Of(ulong seed)
    {
        var random = new SeededRandom(SeededRandom.Hash(seed, 12));
        var second = ChangeableFrom + random.Below(4);
        return new Weather([(0, _rates[random.Below(2)]), (second, random.Pick(_rates)), (second + random.Between(4, 10), random.Pick(_rates))]);
    }

    /// <summary>What a bridge measured, as this weather has it.</summary>
    /// <param name="measured">Its rounds.</param>
    /// <param name="round">The round that the run is in.</param>
    public IslandMeasurement In(IslandMeasurement measured, long round)
    {
        var rate = Spells[0].BitsPerSecond;
        foreach (var (from, bits) in Spells)
        {
            rate = round >= from ? bits : rate;
        }

        return measured with
        {
            ParameterBytes = ParameterBytes, StepMicroseconds = StepMicroseconds, OwnWorkMicroseconds = 0,
            RoundTripMicroseconds = RoundTripMicroseconds, LinkBitsPerSecond = rate,
        };
    }
}
