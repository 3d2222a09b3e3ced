namespace Superfactory.Sync.Merging.Rounds;

/// <summary>What islands send each other in a round: headers, chunks and commits; taken once each, sent again after an interruption as far as they are missing.</summary>
internal sealed partial class RoundExchange
{
    private readonly MergeState _state;
    private readonly ChunkSender _sender;
    private readonly ChunkMerger _chunks;
    private RoundInbox[] _inboxes = [];
    private OwnContribution? _own;
    private long _dropped = -1;
    private RoundPart[] _parts = [];

    public RoundExchange(MergeState state)
    {
        _state = state;
        _sender = new ChunkSender(state, this);
        _chunks = new ChunkMerger(state, this);
    }

    /// <summary>The headers of the current round.</summary>
    public RoundInbox Current => _inboxes[_state.History.Round & 1];

    /// <summary>This island's contribution to the current round; null before its trainer gave it, and before all its lanes have theirs.</summary>
    public OwnContribution? Own => _own is { IsHeaded: true } own && own.Header.Round == _state.History.Round && own.Header.Round != _dropped ? own : null;

    /// <summary>This island's newest contribution; null before any.</summary>
    public OwnContribution? Newest => _own;

    /// <summary>How far the current attempt is. Only where the trainer has registered, like all that follows.</summary>
    public RoundWork Work => Part.Work;

    /// <summary>What arrived of the others' contributions.</summary>
    public Arrivals Arrivals => Part.Arrivals;

    /// <summary>Results that this island leads; with two islands none.</summary>
    public LedResults Results => Part.Results;

    /// <summary>What the rounds of the part that is worked on use.</summary>
    private RoundPart Part => _parts[_state.Part];

    /// <summary>Sends chunks.</summary>
    public ChunkSender Sender => _sender;

    /// <summary>Sums chunks.</summary>
    public ChunkMerger Chunks => _chunks;

    /// <summary>Whether the trainer has registered.</summary>
    public bool IsPrepared => _parts.Length > 0;

    /// <summary>Whether this island's part in the current attempt is here: its contribution, or the word that it is tried without it.</summary>
    public bool TakesPart => Own is not null || Work.IsLate(_state.Self);

    /// <summary>The trainer registered: from here on sizes are known.</summary>
    public void Prepare()
    {
        _inboxes = [new RoundInbox(_state.Count), new RoundInbox(_state.Count)];
        _parts = [.. _state.Plans.Select((plan, place) => new RoundPart(_state, plan, _state.FormatOf(place)))];
        foreach (var peer in _state.Peers)
        {
            peer.Lane = new ChunkLane(_state.Plans.Max(plan => plan.Chunks));
        }

        ClearFrom(_state.History.Round);
    }

    /// <summary>Begins with a round, nothing of it or the next being here: after a transfer to an island without memory, or in a new epoch.</summary>
    public void ClearFrom(long round)
    {
        KeepCommitted();
        _state.EnterRound();
        _inboxes[round & 1].Clear(round);
        _inboxes[(round + 1) & 1].Clear(round + 1);
        if (Own is { } own)
        {
            Current.Headers[_state.Self] = own.Header;
        }

        SettleKept();
        if (_kept is null)
        {
            Results.Abandon();
        }

        foreach (var part in _parts)
        {
            part.Work.Absent = ~_state.Members;
        }

        Begin(0, 0, 0);
        _sender.Restart(withLate: false);
    }

    /// <summary>This island's contribution to the current round is no part of the run.</summary>
    public void DropOwn()
    {
        Current.Headers[_state.Self] = null;
        _dropped = _own?.Header.Round ?? -1;
    }

    /// <summary>The round before the current one is done with; its inbox takes the next.</summary>
    public void Advance()
    {
        var last = _inboxes[(_state.History.Round + 1) & 1];
        _sender.KeepLate(last.Round == _state.History.Round - 1 ? last.Headers[_state.Self] : null);
        last.Clear(_state.History.Round + 1);
        _state.EnterRound();
        Begin(0, 0, 0);
        _sender.Restart(withLate: true);
    }

    /// <summary>Another attempt at the current round begins.</summary>
    public void Begin(AttemptMessage attempt)
    {
        _kept = null;
        Results.Abandon();
        Begin(attempt.Attempt, attempt.Stalled, attempt.Belied);
        _sender.Restart(withLate: true);
    }

    /// <summary>The trainer's contribution to the current round goes out: its header as soon as all lanes have theirs, its chunks as there is room.</summary>
    public void Contribute(SpanContribution given)
    {
        (_own, _dropped) = (new OwnContribution(_state, given, Part.Encoded, NormsMayFollow(given.Taken.Round)), -1);
        _state.Lanes.Contribute(_own.Header);
        TryHead();
    }

    /// <summary>The header goes out when all lanes of the island have contributed.</summary>
    public void TryHead()
    {
        if (_own is not { IsHeaded: false } own || own.Header.Round != _state.History.Round || (_state.Lanes.Any ? _state.Lanes.Header(own.Header) : own.Header) is not { } header)
        {
            return;
        }

        own.Head(header);
        Current.Headers[_state.Self] = header;
        foreach (var peer in _state.Fellows)
        {
            if (peer.Hears)
            {
                _state.Send(peer, header);
            }
        }
    }

    /// <summary>What of the current round the peer may have missed.</summary>
    public void Resend(Peer peer)
    {
        _sender.ResendLate(peer);
        if (Own is { } own)
        {
            _state.Send(peer, own.Header);
        }

        foreach (var fragment in _state.Plan!.Fragments)
        {
            if (Work.LeaderOf(fragment) == _state.Self && Work.Commits[fragment.Index] is { } commit)
            {
                _state.Send(peer, commit);
            }
        }
    }

    /// <summary>A fragment that this island leads is merged.</summary>
    public void Commit(CommitMessage commit)
    {
        Work.Commits[commit.Fragment] = commit;
        foreach (var peer in _state.Fellows)
        {
            if (peer.Hears)
            {
                _state.Send(peer, commit);
            }
        }
    }

    public void Take(Peer peer, ContributeMessage header)
    {
        if (InboxOf(peer, header.Round) is not { } inbox)
        {
            return;
        }

        if (!_state.History.Changes ? header.Mode != _state.Mode : header.Round == _state.History.Round && header.Mode != _state.Mode)
        {
            _state.Fault(peer, $"a contribution to round {header.Round} of mode {header.Mode} where the run merges by {_state.Mode}");
            return;
        }

        if (header.SquaredNorms.Length != FragmentsOf(header))
        {
            _state.Fault(peer, $"a contribution to round {header.Round} with {header.SquaredNorms.Length} fragments where {FragmentsOf(header)} belong");
            return;
        }

        if (header.NormsFollow && (!_state.Direct || _state.Lanes.Any || !RoundDecision.HasNumbers(header, header.Mode)))
        {
            _state.Fault(peer, $"a contribution to round {header.Round} whose norms cannot follow");
            return;
        }

        if (inbox.Headers[peer.Index] is { } known)
        {
            var again = inbox.HeaderConversations[peer.Index] != peer.Conversation;
            inbox.HeaderConversations[peer.Index] = peer.Conversation;
            if (again && known.NormsFollow && !header.NormsFollow && AreOneBefore(known, header))
            {
                inbox.Headers[peer.Index] = header;
            }
            else if (!again || !Same(known, header))
            {
                _state.Fault(peer, $"a second contribution to round {header.Round}");
            }

            return;
        }

        inbox.Headers[peer.Index] = header;
        inbox.HeaderConversations[peer.Index] = peer.Conversation;
        // Who contributes to a round has applied the one before.
        peer.Applied = Math.Max(peer.Applied, header.Round - 1);
    }

    /// <summary>A chunk of a contribution or of a result.</summary>
    /// <returns>Whether anything may follow from it, beyond what it was taken for.</returns>
    public bool Take(Peer peer, ChunkMessage chunk)
    {
        if (!IsOfCurrent(peer, chunk.Round, chunk.Attempt, "a chunk"))
        {
            return true;
        }

        var plan = _state.Plan!;
        var contribution = chunk.Stream == StreamKind.Contribution;
        var format = contribution ? _state.Format : _state.ResultFormat;
        if (chunk.Chunk >= plan.Chunks || chunk.Bytes.Length != format.EncodedBytes(plan.SpanOf(chunk.Chunk).Length))
        {
            _state.Fault(peer, $"a chunk {chunk.Chunk} of {chunk.Bytes.Length} bytes in round {chunk.Round}, which the model does not have");
            return true;
        }

        var leader = Work.LeaderOf(chunk.Chunk);
        if (contribution ? !_state.Direct && leader != _state.Self : _state.Direct || leader != peer.Index)
        {
            _state.Fault(peer, $"a chunk {chunk.Chunk} of round {chunk.Round} that {_state.NameOf(leader)} leads");
        }
        else if (contribution ? Current.Headers[peer.Index] is not { HasChunks: true } || chunk.Chunk >= Work.Granted : !TakesPart)
        {
            _state.Fault(peer, $"a chunk {chunk.Chunk} of round {chunk.Round} that no header announced, or before there was room for it");
        }
        else if (contribution ? !Arrivals.Of(peer.Index).Here.Add(chunk.Chunk) : Work.Merged.Contains(chunk.Chunk))
        {
            _state.Fault(peer, $"chunk {chunk.Chunk} of round {chunk.Round} once more");
        }
        else if (contribution)
        {
            return _chunks.TakeContribution(peer.Index, chunk.Chunk, chunk.Bytes.Span);
        }
        else
        {
            _chunks.TakeResult(chunk.Chunk, chunk.Bytes.Span);
        }

        return true;
    }

    public void Take(Peer peer, CommitMessage commit)
    {
        if (!IsOfCurrent(peer, commit.Round, commit.Attempt, "a commit"))
        {
            return;
        }

        if (commit.Fragment >= _state.Plan!.Fragments.Length || Work.LeaderOf(_state.Plan.Fragments[commit.Fragment]) != peer.Index)
        {
            _state.Fault(peer, $"a commit of fragment {commit.Fragment} that it does not lead");
        }
        else if (Work.Commits[commit.Fragment] is { } known)
        {
            if (Work.CommitConversations[commit.Fragment] == peer.Conversation || known.Hash != commit.Hash || known.Contributors != commit.Contributors)
            {
                _state.Fault(peer, $"a second commit of fragment {commit.Fragment} in round {commit.Round}");
            }

            Work.CommitConversations[commit.Fragment] = peer.Conversation;
        }
        else
        {
            Work.Commits[commit.Fragment] = commit;
            Work.CommitConversations[commit.Fragment] = peer.Conversation;
        }
    }

    /// <summary>A fragment's result came damaged: it is asked for again, a bounded number of times.</summary>
    public void AskAgain(Peer leader, Fragments.Fragment fragment)
    {
        _state.Note($"Fragment {fragment.Index} of round {_state.History.Round} came from {_state.NameOf(leader.Index)} damaged: it is asked for again.");
        Work.Repeats++;
        if (Work.Repeats > MergeLimits.RepeatsMax)
        {
            _state.Fail($"Round {_state.History.Round} could not be received from {_state.NameOf(leader.Index)} whole after {MergeLimits.RepeatsMax} repetitions.", retriable: true);
            return;
        }

        Work.Forget(fragment);
        _state.Send(leader, new RepeatMessage { Round = _state.History.Round, Attempt = Work.Attempt, Fragment = fragment.Index });
    }

    /// <summary>Whether a chunk of an island's contribution is due here: it may be sent, is needed, and has not come.</summary>
    public bool IsAwaited(int island)
    {
        if (!_state.IsPeer(island) || _parts.Length == 0 || Work.Decision is not { } decision || (decision.Contributors >> island & 1) == 0 || !_state.PeerAt(island).Hears)
        {
            return false;
        }

        var here = Arrivals.Of(island).Here;
        for (var chunk = 0; chunk < Work.Granted; chunk++)
        {
            if ((_state.Direct || Work.LeaderOf(chunk) == _state.Self) && !here.Contains(chunk))
            {
                return true;
            }
        }

        return Current.Headers[island] is { NormsFollow: true };
    }

    private void Begin(int attempt, ulong stalled, ulong belied)
    {
        Work.Begin(attempt, stalled, belied);
        _workRound = _state.History.Round;
        Arrivals.Clear();
        _chunks.Restart();
    }

    /// <summary>The inbox of a round; null where the message is late, useless to an island without state, or from a round that cannot be.</summary>
    private RoundInbox? InboxOf(Peer peer, long round)
    {
        if (!_state.Initialised || round < _state.History.Round)
        {
            return null;
        }

        if (round > _state.History.Round + 1)
        {
            _state.Fault(peer, $"round {round} while round {_state.History.Round} is not merged");
            return null;
        }

        return _inboxes[round & 1];
    }

    /// <summary>Whether something belongs to the current attempt; what is left of earlier ones is passed over.</summary>
    private bool IsOfCurrent(Peer peer, long round, int attempt, string what)
    {
        if (!_state.Initialised || round < _state.History.Round || (round == _state.History.Round && attempt < Work.Attempt))
        {
            return false;
        }

        if (round == _state.History.Round && attempt == Work.Attempt)
        {
            return true;
        }

        _state.Fault(peer, $"{what} of attempt {attempt} at round {round} during attempt {Work.Attempt} at round {_state.History.Round}");
        return false;
    }
}
