using System.Collections.Immutable;
using System.Numerics;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Merging.Dealing;
using Superfactory.Sync.Merging.Defence;

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

    /// <summary>Whose trainer has nothing left of what it trained in earlier rounds.</summary>
    public required ulong Afresh { get; init; }

    /// <summary>Refused because loss or numbers are not finite.</summary>
    public required ulong NotFinite { get; init; }

    /// <summary>Refused because it started from another state than most.</summary>
    public required ulong WrongBase { get; init; }

    /// <summary>Refused because its trainer's parameters are others than most of the others', in every-step.</summary>
    public required ulong WrongParameters { get; init; }

    /// <summary>Refused because a norm is far over what was accepted before.</summary>
    public required ulong OverNorm { get; init; }

    /// <summary>Which fragments those are, in island order.</summary>
    public required ImmutableArray<NormExcess> Excesses { get; init; }

    /// <summary>The squared norms of each island's contribution by fragment; empty where it has no numbers.</summary>
    public required ImmutableArray<ImmutableArray<double>> SquaredNorms { get; init; }

    /// <summary>The first fragment with a number that is not finite, of each island; -1 where it is the loss, or none.</summary>
    public required ImmutableArray<int> NotFiniteFragments { get; init; }

    /// <summary>Left out because nothing came from it for too long.</summary>
    public required ulong Stalled { get; init; }

    /// <summary>Left out because its numbers are not what its header says.</summary>
    public required ulong Belied { get; init; }

    /// <summary>An island whose base is the accepted one: where the others take the state from.</summary>
    public required int Source { get; init; }

    /// <summary>An island whose trainer's parameters are the accepted ones.</summary>
    public required int Sound { get; init; }

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

    /// <summary>Refused for what they are, whatever the reason: all but those that stalled.</summary>
    public ulong Refused => NotFinite | WrongBase | WrongParameters | OverNorm | Belied;

    /// <summary>Whether a contribution's header announces numbers: steps were taken since the same parameters were contributed before, and they are finite and not to be skipped.</summary>
    public static bool HasNumbers(ContributeMessage header, SyncMode mode) =>
        header.SpanSteps > 0 && IsFinite(header) && !(mode == SyncMode.EveryStep && header.Overflow);

    /// <summary>Decides.</summary>
    /// <param name="headers">The header of every member by its place; null for other islands, whose shares are given back.</param>
    /// <param name="mode">What is merged.</param>
    /// <param name="norms">What was accepted before.</param>
    /// <param name="normLimit">How many times its median a norm may be; 0 for any.</param>
    /// <param name="stalled">Islands that this attempt leaves out because nothing came from them.</param>
    /// <param name="belied">Islands that it leaves out because their numbers are not what their headers say.</param>
    public static RoundDecision Of(
        IReadOnlyList<ContributeMessage?> headers, SyncMode mode, NormHistory norms, double normLimit, ulong stalled = 0, ulong belied = 0)
    {
        var source = ElectBase(headers);
        ulong present = 0, contributed = 0, afresh = 0, notFinite = 0, wrongBase = 0;
        var overflowed = false;
        for (var island = 0; island < headers.Count; island++)
        {
            if (headers[island] is not { } header)
            {
                continue;
            }

            present |= 1UL << island;
            afresh |= header.Afresh ? 1UL << island : 0;
            contributed |= header.SpanSteps > 0 ? 1UL << island : 0;
            overflowed |= mode == SyncMode.EveryStep && header is { Steps: > 0, Overflow: true };
            if (header.BaseHash != headers[source]!.BaseHash)
            {
                wrongBase |= 1UL << island;
            }
            else if (header.SpanSteps > 0 && !IsFinite(header) && !(mode == SyncMode.EveryStep && header.Overflow))
            {
                notFinite |= 1UL << island;
            }
        }

        var (wrongParameters, sound) = mode == SyncMode.EveryStep ? FindParameters(headers) : (0UL, source);
        wrongParameters &= ~(wrongBase | notFinite);
        var excesses = overflowed ? [] : FindExcesses(headers, contributed & ~(notFinite | wrongBase | wrongParameters), norms, normLimit);
        var overNorm = 0UL;
        foreach (var excess in excesses)
        {
            overNorm |= 1UL << excess.Island;
        }

        var contributors = overflowed ? 0 : contributed & ~(notFinite | wrongBase | wrongParameters | overNorm | stalled | belied);
        var (weights, tokens, sum) = Weigh(headers, contributors);
        return new RoundDecision
        {
            Contributors = contributors,
            Weights = weights,
            Present = present,
            Contributed = contributed,
            Afresh = afresh,
            NotFinite = overflowed ? 0 : notFinite,
            WrongBase = wrongBase,
            WrongParameters = wrongParameters,
            OverNorm = overNorm,
            Excesses = excesses,
            SquaredNorms = [.. headers.Select(header => header?.SquaredNorms ?? [])],
            NotFiniteFragments = [.. headers.Select(header => header?.NonFiniteFragment ?? -1)],
            Stalled = stalled,
            Belied = belied,
            Source = source,
            Sound = sound,
            Overflowed = overflowed,
            GivenBack = ulong.MaxValue >> (64 - headers.Count) & ~contributors,
            Steps = [.. headers.Select(header => header?.Steps ?? 0)],
            Tokens = tokens,
            TokensInAll = sum,
            Loss = MeanLoss(headers, contributors, sum),
        };
    }

    /// <summary>Why the run cannot go on after this decision, or null: one island that is refused is left out, but nobody goes on where all are.</summary>
    /// <param name="history">What was decided before.</param>
    /// <param name="members">Who is in the epoch, whether or not this round waited for it.</param>
    /// <param name="nameOf">The islands' names.</param>
    public string? Fault(RunHistory history, ulong members, Func<int, string> nameOf)
    {
        // Who is alone for a while is refused like any other.
        if (NotFinite == members && (Steps.Length == 1 || BitOperations.PopCount(members) > 1))
        {
            return $"The loss or what was trained is not finite on every island: {AtSteps(Present, history, nameOf)}.";
        }

        // Who is sound, though it has nothing to give now or is late, goes on when the others are set aside.
        var limit = Steps.Length > 1 && BitOperations.PopCount(members) == 1 ? MergeLimits.RefusalsAloneMax : MergeLimits.RefusalsInRowMax;
        var worn = 0UL;
        for (var rest = Refused; rest != 0; rest &= rest - 1)
        {
            var island = BitOperations.TrailingZeroCount(rest);
            worn |= history.RefusedInRow[island] + 1 >= limit ? 1UL << island : 0;
        }

        if ((members & ~worn) == 0)
        {
            var first = BitOperations.TrailingZeroCount(Contributed);
            return $"What every island contributes was refused {limit} times in a row: {AtSteps(Contributed, history, nameOf)}. {Sentence(first, history, nameOf)}";
        }

        return Overflowed && history.SkipsInRow + 1 >= MergeLimits.SkipsInRowMax
            ? $"The gradient scaler found an overflow in {MergeLimits.SkipsInRowMax} steps in a row, up to step {history.TurnsTaken + 1}."
            : null;
    }

    /// <summary>Why an island's contribution is refused, in a sentence; only where it is.</summary>
    public string Sentence(int island, RunHistory history, Func<int, string> nameOf)
    {
        var step = history.Steps[island] + Steps[island];
        var whose = $"the contribution of {nameOf(island)} at step {step}";
        return (WrongBase >> island & 1) != 0 ? $"What {nameOf(island)} started from at step {step} is another state than {nameOf(Source)}'s."
            : (NotFinite >> island & 1) != 0
            ? NotFiniteFragments[island] is >= 0 and var fragment ? $"In {whose}, fragment {history.NameOf(fragment)} has numbers that are not finite." : $"The loss of {whose} is not finite."
            : (WrongParameters >> island & 1) != 0 ? $"The parameters of {nameOf(island)}'s trainer before step {step} are others than {nameOf(Sound)}'s."
            : (OverNorm >> island & 1) != 0 ? ExcessOf(island) is var excess ? string.Create(
                System.Globalization.CultureInfo.InvariantCulture,
                $"In {whose}, the norm of fragment {history.NameOf(excess.Fragment)} is {excess.Norm:G4}, where the median of those accepted before is {excess.Median:G4}.") : string.Empty
            : $"What came of {whose} is not what its header says: its memory, or the loop that writes to it while it is merged, is at fault.";
    }

    /// <summary>What is far over in an island's contribution; only where something is.</summary>
    public NormExcess ExcessOf(int island)
    {
        foreach (var excess in Excesses)
        {
            if (excess.Island == island)
            {
                return excess;
            }
        }

        throw new ArgumentOutOfRangeException(nameof(island));
    }

    private string AtSteps(ulong islands, RunHistory history, Func<int, string> nameOf) => string.Join(
        ", ",
        Enumerable.Range(0, Steps.Length).Where(island => (islands >> island & 1) != 0).Select(island => $"{nameOf(island)} at step {history.Steps[island] + Steps[island]}"));

    private static ImmutableArray<NormExcess> FindExcesses(IReadOnlyList<ContributeMessage?> headers, ulong islands, NormHistory norms, double limit)
    {
        ImmutableArray<NormExcess>.Builder? found = null;
        for (var rest = islands; rest != 0; rest &= rest - 1)
        {
            var island = BitOperations.TrailingZeroCount(rest);
            if (norms.FindExcess(island, headers[island]!.SquaredNorms.AsSpan(), limit) is { } excess)
            {
                (found ??= ImmutableArray.CreateBuilder<NormExcess>()).Add(excess);
            }
        }

        return found?.ToImmutable() ?? [];
    }

    /// <summary>Whose parameters are others than those that most have, among equals the first's; who took no hash is not compared.</summary>
    private static (ulong Wrong, int Sound) FindParameters(IReadOnlyList<ContributeMessage?> headers)
    {
        var (sound, votes, wrong) = (0, 0, 0UL);
        for (var island = 0; island < headers.Count; island++)
        {
            var same = headers[island] is { ParametersHash: not 0 } header ? headers.Count(other => other?.ParametersHash == header.ParametersHash) : 0;
            (sound, votes) = same > votes ? (island, same) : (sound, votes);
        }

        for (var island = 0; island < headers.Count && votes > 0; island++)
        {
            wrong |= headers[island] is { ParametersHash: not 0 } header && header.ParametersHash != headers[sound]!.ParametersHash ? 1UL << island : 0;
        }

        return (wrong, sound);
    }

    private static bool IsFinite(ContributeMessage header)
    {
        foreach (var norm in header.SquaredNorms)
        {
            if (!double.IsFinite(norm) || norm < 0)
            {
                return false;
            }
        }

        return double.IsFinite(header.LossSum) && header.NonFinite == 0;
    }

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

    /// <summary>Each contributor's share of the tokens that its numbers come from; of the steps, where no loop counts tokens.</summary>
    private static (ImmutableArray<float> Weights, ImmutableArray<long> Tokens, long Sum) Weigh(IReadOnlyList<ContributeMessage?> headers, ulong contributors)
    {
        var tokens = ImmutableArray.CreateBuilder<long>(headers.Count);
        long tokensInAll = 0, spanTokens = 0, spanSteps = 0;
        for (var island = 0; island < headers.Count; island++)
        {
            var contributes = (contributors >> island & 1) != 0;
            tokens.Add(contributes ? headers[island]!.Tokens : 0);
            tokensInAll += tokens[island];
            spanTokens += contributes ? headers[island]!.SpanTokens : 0;
            spanSteps += contributes ? headers[island]!.SpanSteps : 0;
        }

        var weights = ImmutableArray.CreateBuilder<float>();
        for (var island = 0; island < headers.Count; island++)
        {
            if ((contributors >> island & 1) != 0)
            {
                weights.Add((float)(spanTokens > 0 ? (double)headers[island]!.SpanTokens / spanTokens : (double)headers[island]!.SpanSteps / spanSteps));
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
