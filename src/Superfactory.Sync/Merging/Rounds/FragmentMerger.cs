using System.Collections.Immutable;
using System.Numerics;
using Superfactory.Sync.Fragments;

namespace Superfactory.Sync.Merging.Rounds;

/// <summary>Turns contributions into means, fragment by fragment, and checks them against the leaders' commits.</summary>
internal sealed class FragmentMerger(MergeState state, RoundExchange exchange)
{
    /// <summary>Decides the round where all headers are here.</summary>
    /// <returns>Whether it is decided.</returns>
    public bool TryDecide()
    {
        var inbox = exchange.Current;
        if (inbox.Decision is not null)
        {
            return true;
        }

        if (!state.History.Begun || Array.Exists(inbox.Headers, header => header is null))
        {
            return false;
        }

        for (var island = 0; island < state.Count; island++)
        {
            if (inbox.Headers[island]!.Steps != state.History.StepsOf(island))
            {
                state.Fail($"Island {state.NameOf(island)} contributes {inbox.Headers[island]!.Steps} steps to round {inbox.Round} where {state.History.StepsOf(island)} were dealt to it.");
                return false;
            }
        }

        var decision = RoundDecision.Of(inbox.Headers!, state.Mode);
        if (decision.Fault(state.History, state.NameOf) is { } fault)
        {
            state.Fail(fault);
            return false;
        }

        inbox.Decision = decision;
        Report(inbox, decision);
        return true;
    }

    /// <summary>Settles every fragment whose bytes and commit are here.</summary>
    public void Settle()
    {
        var inbox = exchange.Current;
        foreach (var fragment in state.Plan!.Fragments)
        {
            if (!inbox.Settled[fragment.Index] && !state.Failed)
            {
                inbox.Settled[fragment.Index] = fragment.Leader == state.Self
                    ? TryLead(inbox, inbox.Decision!, fragment)
                    : TryFollow(inbox, inbox.Decision!, fragment);
            }
        }
    }

    /// <summary>Hash over what the leaders committed, in fragment order.</summary>
    public ulong ResultHash()
    {
        var hash = new ContentHash();
        foreach (var commit in exchange.Current.Commits)
        {
            hash.Append(BitConverter.GetBytes(commit!.Hash));
        }

        return hash.Finish();
    }

    private bool TryLead(RoundInbox inbox, RoundDecision decision, Fragment fragment)
    {
        if (!AllHere(inbox, decision, fragment.Index))
        {
            return false;
        }

        var hash = 0UL;
        if (decision.Contributors != 0)
        {
            var mean = Mean(inbox, decision, fragment);
            if (state.Count > 2)
            {
                // Encoded once: the leader too goes on from the bytes that the others read.
                var result = exchange.Results[fragment.Index] ??= new byte[state.Format.EncodedBytes(fragment.Count)];
                state.Format.Encode(mean, result);
                state.Format.Decode(result, mean);
                hash = ContentHash.Of(result);
            }
            else
            {
                hash = ContentHash.Of(mean);
            }

            fragment.Scatter(mean, state.Replica!.Mean);
        }

        exchange.Commit(new CommitMessage
        {
            Round = inbox.Round, Fragment = fragment.Index, Contributors = decision.Contributors, Weights = decision.Weights, Hash = hash,
        });
        return true;
    }

    private bool TryFollow(RoundInbox inbox, RoundDecision decision, Fragment fragment)
    {
        if (inbox.Commits[fragment.Index] is not { } commit)
        {
            return false;
        }

        var leader = state.PeerAt(fragment.Leader);
        if (commit.Contributors != decision.Contributors || !SameBits(commit.Weights, decision.Weights))
        {
            state.Fail($"Island {state.NameOf(leader.Index)} commits fragment {fragment.Index} of round {inbox.Round} with other contributors or weights than its headers give.", retriable: true);
            return false;
        }

        if (decision.Contributors == 0)
        {
            return true;
        }

        return state.Count > 2 ? TryTakeResult(inbox, commit, fragment, leader) : TryCompare(inbox, decision, commit, fragment);
    }

    /// <summary>More than two islands: the leader's encoded result is what all decode.</summary>
    private bool TryTakeResult(RoundInbox inbox, CommitMessage commit, Fragment fragment, Peer leader)
    {
        var assembly = inbox.Result(fragment.Index);
        if (!assembly.Complete)
        {
            return false;
        }

        if (ContentHash.Of(assembly.Bytes) != commit.Hash)
        {
            exchange.AskAgain(leader, inbox, StreamKind.Result, fragment.Index, assembly, "damaged");
            return false;
        }

        var mean = state.Scratch(fragment.Count);
        state.Format.Decode(assembly.Bytes, mean);
        fragment.Scatter(mean, state.Replica!.Mean);
        return true;
    }

    /// <summary>Two islands: both hold both contributions, and the leader's hash proves that both come to the same mean.</summary>
    private bool TryCompare(RoundInbox inbox, RoundDecision decision, CommitMessage commit, Fragment fragment)
    {
        if (!AllHere(inbox, decision, fragment.Index))
        {
            return false;
        }

        var mean = Mean(inbox, decision, fragment);
        if (ContentHash.Of(mean) != commit.Hash)
        {
            state.Fail($"Islands {state.NameOf(state.Self)} and {state.NameOf(fragment.Leader)} come to different means of fragment {fragment.Index} in round {inbox.Round}.", retriable: true);
            return false;
        }

        fragment.Scatter(mean, state.Replica!.Mean);
        return true;
    }

    private bool AllHere(RoundInbox inbox, RoundDecision decision, int fragment)
    {
        for (var rest = decision.Contributors & state.EverybodyElse; rest != 0; rest &= rest - 1)
        {
            if (!inbox.Contribution(BitOperations.TrailingZeroCount(rest), fragment).Complete)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The weighted mean, summed in island order in fp32 from zero: product rounded, then sum rounded.</summary>
    private Span<float> Mean(RoundInbox inbox, RoundDecision decision, Fragment fragment)
    {
        var mean = state.Scratch(fragment.Count);
        mean.Clear();
        var place = 0;
        for (var rest = decision.Contributors; rest != 0; rest &= rest - 1)
        {
            var island = BitOperations.TrailingZeroCount(rest);
            var bytes = island == state.Self ? exchange.Own!.Encoded(fragment.Index).Span : inbox.Contribution(island, fragment.Index).Bytes;
            state.Format.DecodeAccumulate(decision.Weights[place], bytes, mean);
            place++;
        }

        return mean;
    }

    private static bool SameBits(ImmutableArray<float> one, ImmutableArray<float> other) =>
        System.Runtime.InteropServices.MemoryMarshal.AsBytes(one.AsSpan()).SequenceEqual(System.Runtime.InteropServices.MemoryMarshal.AsBytes(other.AsSpan()));

    private void Report(RoundInbox inbox, RoundDecision decision)
    {
        for (var rest = decision.NotFinite; rest != 0; rest &= rest - 1)
        {
            var island = BitOperations.TrailingZeroCount(rest);
            state.Note($"Round {inbox.Round}: the contribution of {state.NameOf(island)} is refused because its loss or numbers are not finite; its samples are dealt again.");
        }

        for (var rest = decision.WrongBase; rest != 0; rest &= rest - 1)
        {
            var island = BitOperations.TrailingZeroCount(rest);
            state.Note($"Round {inbox.Round}: {state.NameOf(island)} started from another state than {state.NameOf(decision.Source)}; its contribution is refused and its replica repaired.");
        }
    }
}
