using System.Numerics;
using Superfactory.Sync.Fragments;

namespace Superfactory.Sync.Merging.Rounds;

/// <summary>Decides the round, checks fragments against headers and commits, and commits those that this island leads.</summary>
internal sealed class FragmentMerger(MergeState state, RoundExchange exchange, Attempts attempts)
{
    private RoundWork Work => exchange.Work;

    /// <summary>Decides the round where all headers are here.</summary>
    /// <returns>Whether it is decided.</returns>
    public bool TryDecide()
    {
        var inbox = exchange.Current;
        if (Work.Decision is not null)
        {
            return true;
        }

        if (!state.History.Begun || exchange.FirstLate is not null)
        {
            return false;
        }

        for (var island = 0; island < state.Count; island++)
        {
            if (Header(inbox, island) is { } merging && merging.Mode != state.Mode)
            {
                state.Fail($"Island {state.NameOf(island)} contributes to round {inbox.Round} in mode {merging.Mode} where the run merges by {state.Mode}.");
                return false;
            }

            // Who became a member in this round contributes nothing.
            if (Header(inbox, island) is { Steps: > 0 } header && header.Steps != state.History.StepsOf(island))
            {
                state.Fail($"Island {state.NameOf(island)} contributes {header.Steps} steps to round {inbox.Round} where {state.History.StepsOf(island)} were dealt to it.");
                return false;
            }

            if (Header(inbox, island) is { } spanning && spanning.SpanSteps != spanning.Steps + (spanning.Afresh ? 0 : state.History.SpanOf(island)))
            {
                state.Fail($"Island {state.NameOf(island)} contributes the work of {spanning.SpanSteps} steps to round {inbox.Round} where {state.History.SpanOf(island) + spanning.Steps} are known of.");
                return false;
            }
        }

        if (Decide(inbox) is not { } decision)
        {
            return false;
        }

        (Work.Decision, Work.Provisional) = (decision, AnyNormsFollow(inbox));
        exchange.Chunks.Begin();
        return true;
    }

    /// <summary>What follows from the headers as they are; null where the run cannot go on.</summary>
    private RoundDecision? Decide(RoundInbox inbox)
    {
        var decision = RoundDecision.Of(
            [.. Enumerable.Range(0, state.Count).Select(island => Header(inbox, island))], state.Mode, state.History.Norms, state.Configuration.Sync.NormLimit, Work.Stalled, Work.Belied);
        if (decision.Fault(state.History, state.Members, state.NameOf) is { } fault)
        {
            state.Fail(fault);
            return null;
        }

        return decision;
    }

    /// <summary>
    /// Decides again when all norms are here that followed: as before, or the round is tried again without whose numbers are refused. As nothing is
    /// committed before, nobody has applied anything of it.
    /// </summary>
    /// <returns>Whether the decision stands.</returns>
    private bool TryConclude()
    {
        var (inbox, taken) = (exchange.Current, Work.Decision!.Contributors);
        if (Work.Merged.Count == state.Plan!.Chunks || (taken >> state.Self & 1) == 0 || exchange.Arrivals.Of(state.Self).NotFinite || AnyHasEnded(inbox, taken))
        {
            // All of it was read, or it will not be by itself: no more of it is sent, or of the other's.
            exchange.CompleteOwn();
        }

        if (AnyNormsFollow(inbox) || Decide(inbox) is not { } decision)
        {
            return false;
        }

        if (decision.Contributors != taken)
        {
            attempts.Object(BitOperations.TrailingZeroCount(taken & ~decision.Contributors), belied: true);
            return false;
        }

        (Work.Decision, Work.Provisional) = (decision, false);
        return true;
    }

    /// <summary>Whether a contribution that was counted on has no chunks after all.</summary>
    private static bool AnyHasEnded(RoundInbox inbox, ulong taken)
    {
        for (var rest = taken; rest != 0; rest &= rest - 1)
        {
            if (inbox.Headers[BitOperations.TrailingZeroCount(rest)] is { HasChunks: false })
            {
                return true;
            }
        }

        return false;
    }

    private bool AnyNormsFollow(RoundInbox inbox)
    {
        for (var island = 0; island < state.Count; island++)
        {
            if (Header(inbox, island) is { NormsFollow: true })
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>An island's header; none of who is left out because nothing came, for some may have it and some not.</summary>
    private ContributeMessage? Header(RoundInbox inbox, int island) => Work.IsLate(island) ? null : inbox.Headers[island];

    /// <summary>Settles every fragment whose numbers and commit are here.</summary>
    public void Settle()
    {
        if (Work.Provisional && !TryConclude())
        {
            return;
        }

        var decision = Work.Decision!;
        if (FindBelied(decision) is { } culprit && attempts.Object(culprit, belied: true))
        {
            return;
        }

        foreach (var fragment in state.Plan!.Fragments)
        {
            if (!Work.Settled[fragment.Index] && !state.Failed)
            {
                Work.Settled[fragment.Index] = Work.LeaderOf(fragment) == state.Self ? TryLead(decision, fragment) : TryFollow(decision, fragment);
            }
        }
    }

    /// <summary>Hash over what the leaders committed, in fragment order.</summary>
    public ulong ResultHash()
    {
        var hash = new ContentHash();
        foreach (var commit in Work.Commits)
        {
            hash.Append(BitConverter.GetBytes(commit!.Hash));
        }

        return hash.Finish();
    }

    /// <summary>A contributor whose numbers, where they are here, are not what its header says.</summary>
    private int? FindBelied(RoundDecision decision)
    {
        if (Work.Verified)
        {
            return null;
        }

        for (var rest = Read(decision); rest != 0; rest &= rest - 1)
        {
            var island = BitOperations.TrailingZeroCount(rest);
            if (exchange.Arrivals.Of(island).NotFinite)
            {
                return island;
            }
        }

        // Of two islands each reads all that the other sends, and commits nothing before it has.
        if (state.Direct && Work.Merged.Count == state.Plan!.Chunks)
        {
            foreach (var fragment in state.Plan.Fragments)
            {
                if (FindBelied(decision, fragment) is { } island)
                {
                    return island;
                }
            }

            Work.Verified = true;
        }

        return null;
    }

    /// <summary>
    /// Whose contributions are compared with their headers here: of two islands the other reads this one's, and this one as well where the trainer
    /// could still write to it.
    /// </summary>
    private ulong Read(RoundDecision decision) => decision.Contributors & (state.Direct && exchange.Own is not { Bare: true } ? state.EverybodyElse : ulong.MaxValue);

    private int? FindBelied(RoundDecision decision, Fragment fragment)
    {
        for (var rest = Read(decision); rest != 0; rest &= rest - 1)
        {
            var island = BitOperations.TrailingZeroCount(rest);
            var announced = exchange.Current.Headers[island]!.SquaredNorms[state.Lanes.FragmentsBefore + fragment.Index];
            if (!exchange.Arrivals.Of(island).SquaredNorm(fragment).Equals(announced))
            {
                return island;
            }
        }

        return null;
    }

    private bool TryLead(RoundDecision decision, Fragment fragment)
    {
        if (Work.Objected)
        {
            return false;
        }

        if (decision.Contributors != 0)
        {
            if (state.Direct ? !Work.Verified : Work.Missing(fragment) > 0)
            {
                return false;
            }

            if (!state.Direct && FindBelied(decision, fragment) is { } culprit)
            {
                attempts.Object(culprit, belied: true);
                return false;
            }
        }

        exchange.Commit(new CommitMessage
        {
            Round = state.History.Round, Attempt = Work.Attempt, Fragment = fragment.Index, Contributors = decision.Contributors, Weights = decision.Weights,
            Hash = decision.Contributors == 0 ? 0 : Work.HashOf(fragment),
        });
        return true;
    }

    private bool TryFollow(RoundDecision decision, Fragment fragment)
    {
        if (Work.Commits[fragment.Index] is not { } commit)
        {
            return false;
        }

        var leader = state.PeerAt(Work.LeaderOf(fragment));
        if (commit.Contributors != decision.Contributors || !SameBits(commit.Weights, decision.Weights))
        {
            Refuse(leader, commit);
            return false;
        }

        if (decision.Contributors == 0)
        {
            return true;
        }

        if (Work.Missing(fragment) > 0 || (state.Direct && !Work.Verified))
        {
            // Of two islands, what changed after it was sent gives different means: whose it is shows when all of it was compared.
            return false;
        }

        if (Work.HashOf(fragment) == commit.Hash)
        {
            return true;
        }

        if (state.Direct)
        {
            // Both hold both contributions, and the leader's hash would prove that both come to the same mean.
            state.Fail($"Islands {state.NameOf(state.Self)} and {state.NameOf(leader.Index)} come to different means of fragment {fragment.Index} in round {commit.Round}.", retriable: true);
        }
        else
        {
            exchange.AskAgain(leader, fragment);
        }

        return false;
    }

    /// <summary>A leader committed what it may not, such as its own contribution where the rule refuses it. Nothing of it is used, and the control plane decides who goes on.</summary>
    private void Refuse(Peer leader, CommitMessage commit)
    {
        var reason = $"Island {state.NameOf(leader.Index)} commits fragment {commit.Fragment} of round {commit.Round} with other contributors or weights than its headers give.";
        if (state.Fellows.Count > 1)
        {
            state.Refusals.Mistrust(leader.Index, reason);
        }
        else
        {
            // Of two, nobody can tell which is wrong.
            state.Fail(reason, retriable: true);
        }
    }

    private static bool SameBits(System.Collections.Immutable.ImmutableArray<float> one, System.Collections.Immutable.ImmutableArray<float> other) =>
        System.Runtime.InteropServices.MemoryMarshal.AsBytes(one.AsSpan()).SequenceEqual(System.Runtime.InteropServices.MemoryMarshal.AsBytes(other.AsSpan()));
}
