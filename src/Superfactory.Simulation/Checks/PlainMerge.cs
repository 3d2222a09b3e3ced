using Superfactory.Model.Jobs;
using Superfactory.Simulation.Training;
using Superfactory.Sync.Arithmetic.Formats;

namespace Superfactory.Simulation.Checks;

/// <summary>A merge written out number by number: the token-weighted mean of what travels, and the outer step. Knows no fragments, messages or vectors.</summary>
internal static class PlainMerge
{
    /// <summary>The mean of what contributors gave of a part of the parameters.</summary>
    /// <param name="scenario">The run.</param>
    /// <param name="mode">What is merged.</param>
    /// <param name="parameters">The part's parameters before the round.</param>
    /// <param name="part">The part.</param>
    /// <param name="given">What each contributor gave, in the order of their islands.</param>
    /// <param name="chunk">Numbers in a chunk, in which formats with blocks begin anew.</param>
    public static float[] Mean(Scenario scenario, SyncMode mode, ReadOnlySpan<float> parameters, Range part, IReadOnlyList<GivenRound> given, int chunk)
    {
        var mean = new float[parameters.Length];
        var tokens = 0L;
        foreach (var own in given)
        {
            tokens += own.Tokens;
        }

        foreach (var own in given)
        {
            var numbers = own.Given[part];
            for (var index = 0; index < numbers.Length && mode != SyncMode.EveryStep; index++)
            {
                numbers[index] = parameters[index] - numbers[index];
            }

            Travel(scenario.Sync.FormatIn(mode), numbers, chunk);
            var weight = (float)((double)own.Tokens / tokens);
            for (var index = 0; index < mean.Length; index++)
            {
                mean[index] += weight * numbers[index];
            }
        }

        if (scenario.Islands > 2 && given.Count > 0)
        {
            Travel(scenario.Sync.ResultFormat, mean, chunk);
        }

        return mean;
    }

    /// <summary>The outer step, or in every-step the trainers' own.</summary>
    public static void Step(Scenario scenario, SyncMode mode, Span<float> parameters, Span<float> momentum, float[] mean)
    {
        if (mode == SyncMode.EveryStep)
        {
            LocalTraining.Step(parameters, momentum, mean);
            return;
        }

        var (rate, factor) = ((float)scenario.Sync.Outer.LearningRate, (float)scenario.Sync.Outer.Momentum);
        for (var index = 0; index < mean.Length; index++)
        {
            momentum[index] = (factor * momentum[index]) + mean[index];
            parameters[index] -= rate * (mean[index] + (factor * momentum[index]));
        }
    }

    /// <summary>Numbers as they are after a journey, chunk by chunk.</summary>
    private static void Travel(NumberFormat format, float[] numbers, int chunk)
    {
        if (format == NumberFormat.Fp32)
        {
            return;
        }

        var codec = NumberFormats.Get(format);
        var bytes = new byte[codec.EncodedBytes(chunk)];
        for (var start = 0; start < numbers.Length; start += chunk)
        {
            var part = numbers.AsSpan(start, Math.Min(chunk, numbers.Length - start));
            var encoded = bytes.AsSpan(0, codec.EncodedBytes(part.Length));
            codec.Encode(part, encoded);
            codec.Decode(encoded, part);
        }
    }
}
