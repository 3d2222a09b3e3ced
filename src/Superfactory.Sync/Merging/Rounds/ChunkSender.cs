using Superfactory.Sync.Fragments;

namespace Superfactory.Sync.Merging.Rounds;

/// <summary>
/// Sends chunks while the host has room for them: to each peer its own next ones, so that every link is full at once. Chunks of the
/// contribution go first, in the order of the plan; results go as they become ready.
/// </summary>
internal sealed class ChunkSender(MergeState state, RoundExchange exchange)
{
    private readonly List<int> _late = [];
    private readonly List<CommitMessage> _lateCommits = [];
    private AttemptMessage? _lateDecided;
    private ContributeMessage? _lateHeader;
    private long _lateRound = -1;
    private LedResults? _lateResults;
    private FragmentPlan? _latePlan;
    private int _lateAttempt;
    private int _complete;

    private RoundWork Work => exchange.Work;

    private FragmentPlan Plan => state.Plan!;

    /// <summary>Sends what there is room for.</summary>
    public void Pump()
    {
        if (state.Failed || state is not { Initialised: true, SelfIsMember: true, Sealed: false })
        {
            return;
        }

        Grant();
        foreach (var peer in state.Fellows)
        {
            if (peer is not { Hears: true, Lane: { Open: true } lane })
            {
                continue;
            }

            if (peer.Applied == _lateRound - 1)
            {
                PumpLate(peer, lane);
            }

            // A peer that has not applied the last round has no room for this one, and one that has applied this one needs nothing.
            if (peer.Applied == state.History.Round - 1)
            {
                PumpOwn(peer, lane);
                PumpResults(peer, lane);
            }
        }
    }

    /// <summary>The round is applied here. Results that a peer was not sent yet it will be sent still; their bytes stay until it has contributed to the next.</summary>
    /// <param name="header">What this island contributed to it; null where it did not.</param>
    public void KeepLate(ContributeMessage? header)
    {
        (_lateRound, _lateAttempt, _lateResults, _latePlan) = (state.History.Round - 1, Work.Attempt, exchange.Results, Plan);
        _lateDecided = Work.Attempt > 0 ? new AttemptMessage { Round = _lateRound, Attempt = Work.Attempt, Stalled = Work.Stalled, Belied = Work.Belied } : null;
        _lateHeader = header;
        _late.Clear();
        _late.AddRange(Work.Ready);
        _lateCommits.Clear();
        foreach (var commit in Work.Commits)
        {
            if (commit is not null && Work.LeaderOf(Plan.Fragments[commit.Fragment]) == state.Self)
            {
                _lateCommits.Add(commit);
            }
        }

        foreach (var peer in state.Peers)
        {
            peer.Lane!.KeepLate();
        }
    }

    /// <summary>
    /// In a new conversation: the end of the round before, for a peer that works on it and was greeted before it ended here. It takes this
    /// island to work on it too, and waits for its header and commits rather than to fetch the result.
    /// </summary>
    public void ResendLate(Peer peer)
    {
        if (state.Direct || _lateRound < 0 || peer.Hello?.Round != _lateRound || peer.SaidRound > _lateRound)
        {
            return;
        }

        if (_lateHeader is { } header)
        {
            state.Send(peer, header);
        }

        if (_lateDecided is { } decided)
        {
            state.Send(peer, decided);
        }

        foreach (var commit in _lateCommits)
        {
            state.Send(peer, commit);
        }
    }

    /// <summary>Another round or attempt: nobody has anything of it.</summary>
    /// <param name="withLate">Whether results of the round before are still to be sent; otherwise peers that miss them fetch them.</param>
    public void Restart(bool withLate)
    {
        _complete = 0;
        _lateRound = withLate ? _lateRound : -1;
        Work.Granted = BoundOf(state.Self);
        foreach (var peer in state.Peers)
        {
            peer.Lane!.Restart(BoundOf(peer.Index));
        }
    }

    /// <summary>Says in a new conversation what is here, so that the peer sends the rest.</summary>
    public void SendHave(Peer peer)
    {
        var results = new ChunkSet(state.Direct ? 0 : Plan.Chunks);
        for (var chunk = 0; chunk < Plan.Chunks && !state.Direct && Work.Merged.Count > 0; chunk++)
        {
            if (Work.LeaderOf(chunk) == peer.Index && Work.Merged.Contains(chunk))
            {
                results.Add(chunk);
            }
        }

        state.Send(peer, new HaveMessage
        {
            Round = state.History.Round,
            Attempt = Work.Attempt,
            Hello = peer.Heard,
            Bound = Work.Granted,
            Contribution = exchange.Arrivals.Of(peer.Index).Here.ToBytes(),
            Results = results.ToBytes(),
        });
    }

    public void Take(Peer peer, HaveMessage have)
    {
        if (have.Hello != peer.Said)
        {
            // It has said so before it heard the last hello, and will say it again.
            return;
        }

        var lane = peer.Lane!;
        lane.Restart(BoundOf(peer.Index));
        if (have.Round == state.History.Round && have.Attempt == Work.Attempt)
        {
            lane.Own.Take(have.Contribution.Span, Plan.Chunks);
            lane.Results.Take(have.Results.Span, Plan.Chunks);
            lane.Bound = Math.Min(have.Bound, Plan.Chunks);
        }

        // A peer that missed the end of the last round fetches its result, unless it ended here after the last hello.
        (lane.Open, lane.LateNext) = (true, int.MaxValue);
        if (have.Round == _lateRound && have.Attempt <= _lateAttempt && peer.SaidRound <= _lateRound)
        {
            // Who said so before it heard of the attempt that was applied has nothing of it.
            lane.Late.Take(have.Attempt == _lateAttempt ? have.Results.Span : default, _latePlan!.Chunks);
            lane.LateNext = 0;
        }
    }

    public void Take(Peer peer, GrantMessage grant)
    {
        if (grant.Round == state.History.Round && grant.Attempt == Work.Attempt)
        {
            peer.Lane!.Bound = Math.Max(peer.Lane.Bound, Math.Min(grant.Bound, Plan.Chunks));
        }
    }

    /// <summary>A peer wants a fragment's result once more.</summary>
    public void Take(Peer peer, RepeatMessage repeat)
    {
        if (!(repeat.Round == state.History.Round && repeat.Attempt == Work.Attempt) && !(repeat.Round == _lateRound && repeat.Attempt == _lateAttempt))
        {
            // The attempt that it belongs to is void, or its result is fetched.
            return;
        }

        var late = repeat.Round < state.History.Round;
        var plan = late ? _latePlan! : Plan;
        if (state.Direct || repeat.Fragment >= plan.Fragments.Length || plan.Fragments[repeat.Fragment] is not { } fragment || !peer.Hears)
        {
            state.Fault(peer, $"a repetition of fragment {repeat.Fragment} in round {repeat.Round}");
            return;
        }

        var lane = peer.Lane!;
        for (var chunk = fragment.Index; chunk < plan.Chunks; chunk += fragment.Stride)
        {
            (late ? lane.Late : lane.Results).Remove(chunk);
        }

        (lane.LateNext, lane.ResultNext) = late ? (0, lane.ResultNext) : (lane.LateNext, 0);
    }

    /// <summary>
    /// Whether the host has passed on all that the other of two islands needs of this one's contribution: until then neither is the
    /// round applied nor the trainer's memory given back.
    /// </summary>
    public bool OwnDelivered()
    {
        if (!state.Direct || state.Count == 1 || (Work.Decision!.Contributors >> state.Self & 1) == 0)
        {
            return true;
        }

        var peer = state.Peers[0];
        return peer.Applied >= state.History.Round || Work.IsOut(peer.Index)
            || (peer.Lane is { Open: true } lane && lane.Own.Count == Plan.Chunks && lane.OwnCarried);
    }

    /// <summary>Chunks that each contributor may be ahead of the sum at a leader of three or more islands.</summary>
    public long ChunksAhead
    {
        get
        {
            var led = (Plan.Chunks + state.Count - 1) / state.Count;
            var kept = state.Configuration.StashBytesMax / ((state.Count - 1) * (long)state.Format.EncodedBytes(Plan.ChunkLength));
            return Math.Max(Math.Max(kept, led / (state.Count - 1)), MergeLimits.ChunksAheadMin);
        }
    }

    /// <summary>The first chunk that may not be sent at once to a leader.</summary>
    private int BoundOf(int leader) => state.Direct ? Plan.Chunks : After(0, leader);

    /// <summary>The place after as many of a leader's chunks as each contributor may be ahead, from one of its chunks on.</summary>
    private int After(int first, int leader)
    {
        var ahead = ChunksAhead;
        var bound = first;
        for (; bound < Plan.Chunks && ahead > 0; bound++)
        {
            ahead -= Work.LeaderOf(bound) == leader ? 1 : 0;
        }

        return bound < Plan.Chunks ? bound : Plan.Chunks;
    }

    /// <summary>Gives contributors room as sums are completed, by a quarter of it at a time.</summary>
    private void Grant()
    {
        if (state.Direct || Work.Granted >= Plan.Chunks)
        {
            return;
        }

        for (; _complete < Work.Granted && (Work.LeaderOf(_complete) != state.Self || Work.Merged.Contains(_complete)); _complete++)
        {
        }

        var bound = After(_complete, state.Self);
        if (bound < Plan.Chunks && bound - Work.Granted < (bound - _complete) / 4)
        {
            return;
        }

        Work.Granted = bound;
        foreach (var peer in state.Fellows)
        {
            if (peer.Hears)
            {
                state.Send(peer, new GrantMessage { Round = state.History.Round, Attempt = Work.Attempt, Bound = bound });
            }
        }
    }

    private void PumpOwn(Peer peer, ChunkLane lane)
    {
        if (exchange.Own is not { HasNumbers: true } own || Work.IsOut(state.Self) || Work.IsOut(peer.Index)
            || (Work.Decision is { } decision && (decision.Contributors >> state.Self & 1) == 0))
        {
            return;
        }

        for (; lane.OwnNext < lane.Bound && lane.HasRoom; lane.OwnNext++)
        {
            if ((!state.Direct && Work.LeaderOf(lane.OwnNext) != peer.Index) || lane.Own.Contains(lane.OwnNext))
            {
                continue;
            }

            if (!own.TryRead(lane.OwnNext))
            {
                // Nothing of it will be merged.
                exchange.CompleteOwn();
                return;
            }

            lane.Own.Add(lane.OwnNext);
            Emit(peer, lane, StreamKind.Contribution, lane.OwnNext, own.Chunk(lane.OwnNext));
        }

        if (own.IsAllRead)
        {
            exchange.CompleteOwn();
        }
    }

    private void PumpResults(Peer peer, ChunkLane lane)
    {
        for (; lane.ResultNext < Work.Ready.Count && lane.HasRoom; lane.ResultNext++)
        {
            var chunk = Work.Ready[lane.ResultNext];
            if (lane.Results.Add(chunk))
            {
                Emit(peer, lane, StreamKind.Result, chunk, exchange.Results.Chunk(chunk));
            }
        }
    }

    private void PumpLate(Peer peer, ChunkLane lane)
    {
        for (; lane.LateNext < _late.Count && lane.HasRoom; lane.LateNext++)
        {
            var chunk = _late[lane.LateNext];
            if (lane.Late.Add(chunk))
            {
                var bytes = _lateResults!.Chunk(chunk);
                lane.Emit(own: false, bytes);
                state.Send(peer, new ChunkMessage { Stream = StreamKind.Result, Round = _lateRound, Attempt = _lateAttempt, Chunk = chunk, Bytes = bytes });
            }
        }
    }

    private void Emit(Peer peer, ChunkLane lane, StreamKind stream, int chunk, ReadOnlyMemory<byte> bytes)
    {
        lane.Emit(own: stream == StreamKind.Contribution, bytes);
        state.Send(peer, new ChunkMessage { Stream = stream, Round = state.History.Round, Attempt = Work.Attempt, Chunk = chunk, Bytes = bytes });
    }
}
