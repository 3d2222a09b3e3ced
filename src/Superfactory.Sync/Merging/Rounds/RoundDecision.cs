using System.Collections.Immutable;
using System.Numerics;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Merging.Dealing;

namespace Superfactory.Sync.Merging.Rounds;

/// <summary>
/// What becomes of a round, as it follows from the headers of all islands and the history alone: every island comes to the same
/// decision. Sets of islands are words with bit i for island i.
/// </summary>
internal sealed record RoundDecision
{
    /// <summary>Whose numbers are in the result.</summary>
    public required ulong Contributors { get; init; }

    /// <summary>The weight of each contributor, in island order.</summary>
    public required ImmutableArray<float> Weights { get; init; }

    /// <summary>Whose headers decided: the members.</summary>
    public required ulong Present { get; init; }

    /// <summary>Who took steps.</summary>
    public required ulong Contributed { get; init; }

    /// <summary>Refused because loss or numbers are not finite.</summary>
    public required ulong NotFinite { get; init; }

    /// <summary>Refused because it started from another state than most.</summary>
    public required ulong WrongBase { get; init; }

    /// <summary>Left out because nothing came from it for too long.</summary>
    public required ulong Stalled { get; init; }

    /// <summary>Left out because its numbers are not what its header says.</summary>
    public required ulong Belied { get; init; }

    /// <summary>An island whose base is the accepted one: where the others take the state from.</summary>
    public required int Source { get; init; }

    /// <summary>Whether every island skips the step for an overflow.</summary>
    public required bool Overflowed { get; init; }

    /// <summary>Whose samples are dealt again: all who are not in the result.</summary>
    public required ulong GivenBack { get; init; }

    /// <summary>Steps of each island.</summary>
    public required ImmutableArray<int> Steps { get; init; }

    /// <summary>Tokens of each island in the result.</summary>
    public required ImmutableArray<long> Tokens { get; init; }

    /// <summary>Tokens in the result.</summary>
    public required long TokensInAll { get; init; }

    /// <summary>Mean loss over the result's tokens; NaN where it has none.</summary>
    public required double Loss { get; init; }

    /// <summary>Whether a contribution's header announces numbers: it took steps, and they are finite and not to be skipped.</summary>
    public static bool HasNumbers(ContributeMessage header, SyncMode mode) =>
        header.Steps > 0 && IsFinite(header) && !(mode == SyncMode.EveryStep && header.Overflow);

    /// <summary>Decides.</summary>
    /// <param name="headers">The header of every member by its place; null for other islands, whose shares are given back.</param>
    /// <param name="mode">What is merged.</param>
    /// <param name="stalled">Islands that this attempt leaves out because nothing came from them.</param>
    /// <param name="belied">Islands that it leaves out because their numbers are not what their headers say.</param>
    public static RoundDecision Of(IReadOnlyList<ContributeMessage?> headers, SyncMode mode, ulong stalled = 0, ulong belied = 0)
    {
        var source = ElectBase(headers);
        ulong present = 0, contributed = 0, notFinite = 0, wrongBase = 0;
        var overflowed = false;
        for (var island = 0; island < headers.Count; island++)
        {
            if (headers[island] is not { } header)
            {
                continue;
            }

            present |= 1UL << island;
            contributed |= header.Steps > 0 ? 1UL << island : 0;
            overflowed |= mode == SyncMode.EveryStep && header is { Steps: > 0, Overflow: true };
            if (header.BaseHash != headers[source]!.BaseHash)
            {
                wrongBase |= 1UL << island;
            }
            else if (header.Steps > 0 && !IsFinite(header) && !(mode == SyncMode.EveryStep && header.Overflow))
            {
                notFinite |= 1UL << island;
            }
        }

        var contributors = overflowed ? 0 : contributed & ~(notFinite | wrongBase | stalled | belied);
        var (weights, tokens, sum) = Weigh(headers, contributors);
        return new RoundDecision
        {
            Contributors = contributors,
            Weights = weights,
            Present = present,
            Contributed = contributed,
            NotFinite = overflowed ? 0 : notFinite,
            WrongBase = wrongBase,
            Stalled = stalled,
            Belied = belied,
            Source = source,
            Overflowed = overflowed,
            GivenBack = ulong.MaxValue >> (64 - headers.Count) & ~contributors,
            Steps = [.. headers.Select(header => header?.Steps ?? 0)],
            Tokens = tokens,
            TokensInAll = sum,
            Loss = MeanLoss(headers, contributors, sum),
        };
    }

    /// <summary>Why the run cannot go on after this decision, or null.</summary>
    public string? Fault(RunHistory history, Func<int, string> nameOf)
    {
        var again = NotFinite & history.RefusedBefore;
        // Who is alone for a while is refused like any other.
        if (NotFinite == Present && (Steps.Length == 1 || BitOperations.PopCount(Present) > 1))
        {
            var steps = string.Join(", ", Enumerable.Range(0, Steps.Length).Where(island => (Present >> island & 1) != 0).Select(island => $"{nameOf(island)} at step {history.Steps[island] + Steps[island]}"));
            return $"The loss or what was trained is not finite on every island: {steps}.";
        }

        if (again != 0)
        {
            var island = BitOperations.TrailingZeroCount(again);
            return $"Island {nameOf(island)} is still not finite at step {history.Steps[island] + Steps[island]}, after it was reset to the merged model once.";
        }

        if ((Belied & history.RefusedBefore) is not 0 and var liars)
        {
            var island = BitOperations.TrailingZeroCount(liars);
            return $"What {nameOf(island)} sends is again not what its header says at step {history.Steps[island] + Steps[island]}: its memory, or the loop that writes to it while it is merged, is at fault.";
        }

        return Overflowed && history.SkipsInRow + 1 >= MergeLimits.SkipsInRowMax
            ? $"The gradient scaler found an overflow in {MergeLimits.SkipsInRowMax} steps in a row, up to step {history.TurnsTaken + 1}."
            : null;
    }

    private static bool IsFinite(ContributeMessage header) => double.IsFinite(header.LossSum) && header.NonFinite == 0;

    /// <summary>The base that most islands share; among equals the one of the first island.</summary>
    private static int ElectBase(IReadOnlyList<ContributeMessage?> headers)
    {
        var (best, votes) = (0, 0);
        for (var island = 0; island < headers.Count; island++)
        {
            var same = headers[island] is { } header ? headers.Count(other => other is not null && other.BaseHash == header.BaseHash) : 0;
            (best, votes) = same > votes ? (island, same) : (best, votes);
        }

        return best;
    }

    /// <summary>Each contributor's share of the tokens; of the steps, where no loop counts tokens.</summary>
    private static (ImmutableArray<float> Weights, ImmutableArray<long> Tokens, long Sum) Weigh(IReadOnlyList<ContributeMessage?> headers, ulong contributors)
    {
        var tokens = ImmutableArray.CreateBuilder<long>(headers.Count);
        long tokensInAll = 0, stepsInAll = 0;
        for (var island = 0; island < headers.Count; island++)
        {
            var contributes = (contributors >> island & 1) != 0;
            tokens.Add(contributes ? headers[island]!.Tokens : 0);
            tokensInAll += tokens[island];
            stepsInAll += contributes ? headers[island]!.Steps : 0;
        }

        var weights = ImmutableArray.CreateBuilder<float>();
        for (var island = 0; island < headers.Count; island++)
        {
            if ((contributors >> island & 1) != 0)
            {
                weights.Add((float)(tokensInAll > 0 ? (double)headers[island]!.Tokens / tokensInAll : (double)headers[island]!.Steps / stepsInAll));
            }
        }

        return (weights.ToImmutable(), tokens.MoveToImmutable(), tokensInAll);
    }

    private static double MeanLoss(IReadOnlyList<ContributeMessage?> headers, ulong contributors, long tokens)
    {
        var sum = 0.0;
        for (var island = 0; island < headers.Count; island++)
        {
            sum += (contributors >> island & 1) != 0 ? headers[island]!.LossSum : 0;
        }

        return tokens > 0 ? sum / tokens : double.NaN;
    }
}
