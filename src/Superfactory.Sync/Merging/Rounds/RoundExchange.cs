namespace Superfactory.Sync.Merging.Rounds;

/// <summary>What islands send each other in a round: headers, fragments, results and commits; taken once each, sent again after an interruption.</summary>
internal sealed class RoundExchange(MergeState state)
{
    private readonly OwnContribution?[] _own = new OwnContribution?[2];
    private RoundInbox[] _inboxes = [];

    /// <summary>What has arrived for the current round.</summary>
    public RoundInbox Current => _inboxes[state.History.Round & 1];

    /// <summary>This island's contribution to the current round; null before its trainer gave it.</summary>
    public OwnContribution? Own => _own[state.History.Round & 1] is { } own && own.Header.Round == state.History.Round ? own : null;

    /// <summary>This island's newest contribution; null before any.</summary>
    public OwnContribution? Newest => Own ?? _own[(state.History.Round + 1) & 1];

    /// <summary>Results that this island leads, as sent; with two islands there are none.</summary>
    public byte[]?[] Results { get; private set; } = [];

    private bool Direct => state.Count == 2;

    /// <summary>The trainer registered: from here on sizes are known.</summary>
    public void Prepare()
    {
        _inboxes = [NewInbox(), NewInbox()];
        Results = new byte[]?[state.Plan!.Fragments.Length];
        ClearFrom(state.History.Round);
    }

    /// <summary>Begins with a round, nothing of it or the next being here: after a transfer to an island without memory, or in a new epoch.</summary>
    public void ClearFrom(long round)
    {
        _inboxes[round & 1].Clear(round);
        _inboxes[(round + 1) & 1].Clear(round + 1);
        if (Own is { } own)
        {
            Current.Headers[state.Self] = own.Header;
        }
    }

    /// <summary>The round before the current one is done with; its inbox takes the next.</summary>
    public void Advance()
    {
        _inboxes[(state.History.Round + 1) & 1].Clear(state.History.Round + 1);
    }

    /// <summary>The trainer's contribution to the current round goes out.</summary>
    public void Contribute(Contribution given)
    {
        var own = OwnContribution.Encode(state, given, _own[given.Round & 1]);
        _own[given.Round & 1] = own;
        Current.Headers[state.Self] = own.Header;
        foreach (var peer in state.Peers)
        {
            if (peer.Hears)
            {
                SendOwn(peer, own);
            }
        }
    }

    /// <summary>Everything of the current round that the peer may have missed.</summary>
    public void Resend(Peer peer)
    {
        if (Own is { } own)
        {
            SendOwn(peer, own);
        }

        foreach (var fragment in state.Plan!.Fragments)
        {
            if (fragment.Leader == state.Self && Current.Commits[fragment.Index] is { } commit)
            {
                SendResult(peer, commit);
            }
        }
    }

    /// <summary>A fragment that this island leads is merged.</summary>
    public void Commit(CommitMessage commit)
    {
        Current.Commits[commit.Fragment] = commit;
        foreach (var peer in state.Peers)
        {
            if (peer.Hears)
            {
                SendResult(peer, commit);
            }
        }
    }

    public void Take(Peer peer, ContributeMessage header)
    {
        if (InboxOf(peer, header.Round) is not { } inbox)
        {
            return;
        }

        var fragments = RoundDecision.HasNumbers(header, state.Mode) ? state.Plan!.Fragments.Length : 0;
        if (header.FragmentHashes.Length != fragments)
        {
            state.Fault(peer, $"a contribution to round {header.Round} with {header.FragmentHashes.Length} fragments where {fragments} belong");
            return;
        }

        if (inbox.Headers[peer.Index] is { } known)
        {
            var again = inbox.HeaderConversations[peer.Index] != peer.Conversation;
            inbox.HeaderConversations[peer.Index] = peer.Conversation;
            if (!again || !Same(known, header))
            {
                state.Fault(peer, $"a second contribution to round {header.Round}");
            }

            return;
        }

        inbox.Headers[peer.Index] = header;
        inbox.HeaderConversations[peer.Index] = peer.Conversation;
        // Who contributes to a round has applied the one before.
        peer.Applied = Math.Max(peer.Applied, header.Round - 1);
    }

    public void Take(Peer peer, ChunkMessage chunk)
    {
        if (InboxOf(peer, chunk.Round) is not { } inbox)
        {
            return;
        }

        if (chunk.Fragment >= state.Plan!.Fragments.Length)
        {
            state.Fault(peer, $"a chunk of fragment {chunk.Fragment} where there are {state.Plan.Fragments.Length}");
            return;
        }

        var leader = state.Plan.Fragments[chunk.Fragment].Leader;
        if (chunk.Stream == StreamKind.Contribution && (Direct || leader == state.Self))
        {
            TakeContribution(peer, inbox, chunk);
        }
        else if (chunk.Stream == StreamKind.Result && !Direct && leader == peer.Index)
        {
            Judge(peer, inbox, chunk, inbox.Result(chunk.Fragment));
        }
        else
        {
            state.Fault(peer, $"a chunk of fragment {chunk.Fragment} that {state.NameOf(leader)} leads");
        }
    }

    public void Take(Peer peer, CommitMessage commit)
    {
        if (InboxOf(peer, commit.Round) is not { } inbox)
        {
            return;
        }

        if (commit.Fragment >= state.Plan!.Fragments.Length || state.Plan.Fragments[commit.Fragment].Leader != peer.Index)
        {
            state.Fault(peer, $"a commit of fragment {commit.Fragment} that it does not lead");
        }
        else if (inbox.Commits[commit.Fragment] is { } known)
        {
            if (inbox.CommitConversations[commit.Fragment] == peer.Conversation || known.Hash != commit.Hash || known.Contributors != commit.Contributors)
            {
                state.Fault(peer, $"a second commit of fragment {commit.Fragment} in round {commit.Round}");
            }

            inbox.CommitConversations[commit.Fragment] = peer.Conversation;
        }
        else
        {
            inbox.Commits[commit.Fragment] = commit;
            inbox.CommitConversations[commit.Fragment] = peer.Conversation;
        }
    }

    /// <summary>
    /// A peer wants one of our streams once more. It may be a round behind: what we sent in that one is kept until the peer has
    /// contributed to the current one.
    /// </summary>
    public void Take(Peer peer, RepeatMessage repeat)
    {
        if (repeat.Fragment >= state.Plan!.Fragments.Length || !peer.Hears)
        {
            return;
        }

        if (repeat.Stream == StreamKind.Contribution)
        {
            if (_own[repeat.Round & 1] is { Header.FragmentHashes.IsEmpty: false } own && own.Header.Round == repeat.Round)
            {
                state.SendChunks(peer, StreamKind.Contribution, repeat.Round, repeat.Fragment, own.Encoded(repeat.Fragment));
            }
        }
        else if (repeat.Stream == StreamKind.Result && Results[repeat.Fragment] is { } result)
        {
            var committed = Current.Commits[repeat.Fragment] is not null;
            if (repeat.Round == (committed ? state.History.Round : state.History.Round - 1))
            {
                state.SendChunks(peer, StreamKind.Result, repeat.Round, repeat.Fragment, result);
            }
        }
    }

    /// <summary>A stream came damaged or with a piece missing: it is asked for again, a bounded number of times.</summary>
    public void AskAgain(Peer peer, RoundInbox inbox, StreamKind stream, int fragment, ChunkAssembly assembly, string why)
    {
        state.Note($"Fragment {fragment} of round {inbox.Round} came from {state.NameOf(peer.Index)} {why}: it is asked for again.");
        inbox.Repeats++;
        if (inbox.Repeats > MergeLimits.RepeatsMax)
        {
            state.Fail($"Round {inbox.Round} could not be received from {state.NameOf(peer.Index)} whole after {MergeLimits.RepeatsMax} repetitions.", retriable: true);
            return;
        }

        assembly.Restart();
        state.Send(peer, new RepeatMessage { Stream = stream, Round = inbox.Round, Fragment = fragment });
    }

    private static bool Same(ContributeMessage one, ContributeMessage other) =>
        one.BaseHash == other.BaseHash && one.Steps == other.Steps && one.Tokens == other.Tokens && one.LossSum.Equals(other.LossSum)
        && one.Overflow == other.Overflow && one.FragmentHashes.AsSpan().SequenceEqual(other.FragmentHashes.AsSpan());

    private RoundInbox NewInbox() => new(state.Count, state.Plan!, state.Format);

    /// <summary>The inbox of a round; null where the message is late, useless to an island without state, or from a round that cannot be.</summary>
    private RoundInbox? InboxOf(Peer peer, long round)
    {
        if (!state.Initialised || round < state.History.Round)
        {
            return null;
        }

        if (round > state.History.Round + 1)
        {
            state.Fault(peer, $"round {round} while round {state.History.Round} is not merged");
            return null;
        }

        return _inboxes[round & 1];
    }

    private void TakeContribution(Peer peer, RoundInbox inbox, ChunkMessage chunk)
    {
        if (inbox.Headers[peer.Index] is not { FragmentHashes.IsEmpty: false } header)
        {
            state.Fault(peer, $"a chunk of round {chunk.Round} that no header announced");
            return;
        }

        var assembly = inbox.Contribution(peer.Index, chunk.Fragment);
        if (Judge(peer, inbox, chunk, assembly) && ContentHash.Of(assembly.Bytes) != header.FragmentHashes[chunk.Fragment])
        {
            AskAgain(peer, inbox, StreamKind.Contribution, chunk.Fragment, assembly, "damaged");
        }
    }

    /// <summary>Takes a chunk; true where it completed its stream.</summary>
    private bool Judge(Peer peer, RoundInbox inbox, ChunkMessage chunk, ChunkAssembly assembly)
    {
        switch (assembly.Accept(chunk, peer.Conversation))
        {
            case ChunkVerdict.Complete:
                return true;
            case ChunkVerdict.Gap when !assembly.Complete:
                AskAgain(peer, inbox, chunk.Stream, chunk.Fragment, assembly, "with a piece missing");
                return false;
            case ChunkVerdict.Gap or ChunkVerdict.Overlap:
                state.Fault(peer, $"a chunk of fragment {chunk.Fragment} in round {chunk.Round} at byte {chunk.Offset}, out of its order");
                return false;
            case ChunkVerdict.Overlong:
                state.Fault(peer, $"a chunk of fragment {chunk.Fragment} in round {chunk.Round} that goes beyond its end");
                return false;
            default:
                return false;
        }
    }

    private void SendOwn(Peer peer, OwnContribution own)
    {
        state.Send(peer, own.Header);
        if (own.Header.FragmentHashes.IsEmpty)
        {
            return;
        }

        foreach (var fragment in state.Plan!.Fragments)
        {
            var leads = fragment.Leader == peer.Index;
            // A leader that has committed has had our bytes.
            if (leads ? Current.Commits[fragment.Index] is null : Direct)
            {
                state.SendChunks(peer, StreamKind.Contribution, own.Header.Round, fragment.Index, own.Encoded(fragment.Index));
            }
        }
    }

    private void SendResult(Peer peer, CommitMessage commit)
    {
        if (!Direct && commit.Contributors != 0)
        {
            state.SendChunks(peer, StreamKind.Result, commit.Round, commit.Fragment, Results[commit.Fragment]!);
        }

        state.Send(peer, commit);
    }
}
