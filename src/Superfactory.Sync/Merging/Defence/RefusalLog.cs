using System.Collections.Immutable;
using System.Numerics;
using Superfactory.Model.Agents;
using Superfactory.Sync.Merging.Rounds;

namespace Superfactory.Sync.Merging.Defence;

/// <summary>What this island has seen refused, for people, and whom it does not accept any more, for the control plane.</summary>
internal sealed class RefusalLog(MergeState state)
{
    private readonly string?[] _sentences = new string?[state.Count];
    private readonly long[] _counts = new long[state.Count];
    private ulong _mistrusted;

    /// <summary>The newest refusals, the newest first.</summary>
    public ImmutableArray<ContributionRefusal> Newest { get; private set; } = [];

    /// <summary>How many contributions of each island were refused; islands without any are left out.</summary>
    public ImmutableArray<RefusalCount> Counts { get; private set; } = [];

    /// <summary>Members whose contributions were refused too often in a row; put together when it is asked for.</summary>
    public ImmutableArray<IslandRejection> Rejections
    {
        get
        {
            ImmutableArray<IslandRejection>.Builder? rejections = null;
            for (var island = 0; island < state.Count; island++)
            {
                if (island != state.Self && state.SelfIsMember && state.IsMember(island) && state.History.RefusedInRow[island] >= MergeLimits.RefusalsInRowMax)
                {
                    (rejections ??= ImmutableArray.CreateBuilder<IslandRejection>()).Add(new IslandRejection(state.NameOf(island), Worn(island)));
                }
            }

            return rejections?.ToImmutable() ?? [];
        }
    }

    /// <summary>A round is about to be committed: says what of it is refused.</summary>
    public void Take(RoundDecision decision)
    {
        for (var rest = decision.Refused; rest != 0; rest &= rest - 1)
        {
            var island = BitOperations.TrailingZeroCount(rest);
            var (sentence, history) = (decision.Sentence(island, state.History, state.NameOf), state.History);
            _sentences[island] = sentence;
            _counts[island]++;
            var follows = (decision.WrongBase >> island & 1) != 0 ? "it is refused and the replica repaired"
                : (decision.WrongParameters >> island & 1) != 0 ? "it is refused, and its trainer takes the state of another"
                : "it is refused and its samples are dealt again";
            state.Note($"Round {history.Round}: {sentence[..^1]}; {follows}.");
            if (history.RefusedInRow[island] + 1 == MergeLimits.RefusalsInRowMax)
            {
                state.Note($"{state.NameOf(island)} is to be set aside: {Worn(island)}");
            }

            var isOver = (decision.OverNorm >> island & 1) != 0;
            var excess = isOver ? decision.ExcessOf(island) : default;
            Add(new ContributionRefusal
            {
                Island = state.NameOf(island),
                Step = history.Steps[island] + decision.Steps[island],
                Round = history.Round,
                Cause = CauseOf(decision, island),
                Fragment = isOver ? history.NameOf(excess.Fragment) : decision.NotFiniteFragments[island] is >= 0 and var fragment ? history.NameOf(fragment) : null,
                Norm = isOver ? excess.Norm : null,
                Median = isOver ? excess.Median : null,
            });
        }
    }

    /// <summary>A leader committed what the headers do not give: its word counts no more in this epoch.</summary>
    public void Mistrust(int island, string reason)
    {
        if (!IsMistrusted(island))
        {
            _mistrusted |= 1UL << island;
            state.Note(reason);
        }
    }

    /// <summary>A new epoch begins: who is a member of it is trusted again.</summary>
    public void Begin() => _mistrusted = 0;

    /// <summary>Whether a leader committed what the headers do not give.</summary>
    public bool IsMistrusted(int island) => (_mistrusted >> island & 1) != 0;

    private string Worn(int island) => $"{MergeLimits.RefusalsInRowMax} of its contributions in a row were refused. {_sentences[island]}".TrimEnd();

    private void Add(ContributionRefusal refusal)
    {
        Newest = [refusal, .. Newest.Take(MergeLimits.RefusalsShownMax - 1)];
        var counts = ImmutableArray.CreateBuilder<RefusalCount>();
        for (var island = 0; island < state.Count; island++)
        {
            if (_counts[island] > 0)
            {
                counts.Add(new RefusalCount(state.NameOf(island), _counts[island]));
            }
        }

        Counts = counts.ToImmutable();
    }

    private static RefusalCause CauseOf(RoundDecision decision, int island) =>
        ((decision.WrongBase | decision.WrongParameters) >> island & 1) != 0 ? RefusalCause.Base
        : (decision.NotFinite >> island & 1) != 0 ? RefusalCause.NotFinite
        : (decision.OverNorm >> island & 1) != 0 ? RefusalCause.Norm
        : RefusalCause.Belied;
}
