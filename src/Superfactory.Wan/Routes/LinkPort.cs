using Superfactory.Model.Wan;
using Superfactory.Wan.Frames;
using Superfactory.Wan.Sessions;
using Superfactory.Wan.Sharing;
using Superfactory.Wan.Transport;

namespace Superfactory.Wan.Routes;

/// <summary>What one session sends of one class over a link: the way, and the rate it is held to.</summary>
internal sealed record Feed(Session Session, Way Way, Pacer Pacer);

/// <summary>
/// A link as the network sees it: its connections, and what may leave over them. A connection takes the next frame when it has room,
/// so that nothing is bound to a connection before it leaves. Pure; not thread-safe: the gateway's lock guards it.
/// </summary>
internal sealed class LinkPort(string peer, ClassFloors floors, StreamShifts shifts)
{
    private const int Classes = (int)TrafficClass.Bulk + 1;
    private const long Unpaced = long.MaxValue;

    /// <summary>What another bridge takes to answer the last of a merge's chunks, beyond the round trip: it reads them, and checks their hash; on a busy machine that took 9 to 38 ms.</summary>
    private static readonly long _answerTicks = TimeSpan.FromMilliseconds(30).Ticks;

    /// <summary>Bytes of class merge in a fifth of a second that are a merge: less is what bridges say to each other between two.</summary>
    private const int MergeBytesMin = 64 * 1024;

    private readonly List<StreamPort> _streams = [];
    private readonly List<Feed>[] _feeds = [[], [], []];
    private readonly int[] _turns = new int[Classes];

    /// <summary>The same by class, as the last connection that carries the class found it.</summary>
    private readonly long[] _pacedUntil = [Unpaced, Unpaced, Unpaced];
    private readonly ClassScheduler _scheduler = new(floors);
    private readonly MergeHold _hold = new();
    private long _mergeBytes;
    private bool _sentBulk;
    private readonly SortedDictionary<string, Frame> _states = new(StringComparer.Ordinal);

    public string Peer { get; } = peer;

    /// <summary>Frames of other sites that go on over this link.</summary>
    public RelayQueue Relay { get; } = new();

    /// <summary>Whether a connection is open.</summary>
    public bool IsOpen => _streams.Count > 0;

    /// <summary>Whether nothing came over it for so long that it is not to be relied on.</summary>
    public bool IsSuspect { get; set; }

    /// <summary>Whether frames are to go over it.</summary>
    public bool IsUp => IsOpen && !IsSuspect;

    /// <summary>Its connections.</summary>
    public IReadOnlyList<StreamPort> Streams => _streams;

    /// <summary>The round trip in microseconds.</summary>
    public int RoundTripMicroseconds
    {
        get;
        set
        {
            field = value;
            _hold.LengthMax = (value * TimeSpan.TicksPerMicrosecond) + _answerTicks;
        }
    }

    /// <summary>When the earliest frame may leave that only waits for its rate, in ticks; null where none does.</summary>
    public long? PacedUntil => _pacedUntil.Min() is var until and < Unpaced ? until : null;

    /// <summary>Whether something waited the last time that a connection for data looked; what fills a link, and what does not.</summary>
    public bool IsBacklogged => _streams.Count > 0 && !_streams.Exists(stream => stream.IsIdle && Carries(stream, TrafficClass.Merge));

    /// <summary>Says how many connections are to send at a time: those above take nothing more.</summary>
    public void Retire(int agreed)
    {
        foreach (var stream in _streams)
        {
            stream.IsRetired = stream.Number >= StreamShifts.Connections(agreed, shifts.Count);
        }
    }

    public void Open(StreamPort stream) => _streams.Add(stream);

    public void Close(StreamPort stream)
    {
        _streams.Remove(stream);
        if (!IsOpen)
        {
            Relay.Clear();
            ClearStates();
        }

        WakeAll();
    }

    /// <summary>Judges its connections by their signs of life.</summary>
    /// <returns>Those that have fallen silent.</returns>
    public List<StreamPort> Judge(IReadOnlyList<StreamSign> signs, long suspectAfter)
    {
        List<StreamPort> fallen = [];
        var changed = false;
        foreach (var sign in signs)
        {
            var stream = sign.Port;
            var isSilent = _streams.Contains(stream) && sign.IsSilent(signs, IsFirst(stream, includeSuspects: true), suspectAfter);
            changed |= isSilent != stream.IsSuspect;
            if (isSilent && !stream.IsSuspect)
            {
                fallen.Add(stream);
            }

            stream.IsSuspect = isSilent;
        }

        if (changed)
        {
            WakeAll();
        }

        return fallen;
    }

    /// <summary>Forgets what may leave over it; <see cref="Add"/> says it anew.</summary>
    public void ClearFeeds() => Array.ForEach(_feeds, feeds => feeds.Clear());

    public void Add(TrafficClass trafficClass, Feed feed) => _feeds[(int)trafficClass].Add(feed);

    /// <summary>Sends what a gateway says of its links; what the same one said before and still waits is replaced.</summary>
    public void Flood(string site, Frame state)
    {
        if (!IsOpen)
        {
            state.Payload.Release();
            return;
        }

        if (_states.Remove(site, out var before))
        {
            before.Payload.Release();
        }

        _states[site] = state;
        Wake(TrafficClass.Control);
    }

    /// <summary>A class may have something to send: a connection that waits looks.</summary>
    public void Wake(TrafficClass trafficClass)
    {
        foreach (var stream in _streams)
        {
            if (stream.IsIdle && Carries(stream, trafficClass))
            {
                stream.IsIdle = false;
                stream.Work.Set();
                return;
            }
        }
    }

    public void WakeAll()
    {
        foreach (var stream in _streams)
        {
            stream.IsIdle = false;
            stream.Work.Set();
        }
    }

    /// <summary>Wakes everything where a rate lets something leave again.</summary>
    public void WakePaced(long now)
    {
        if (!(PacedUntil <= now))
        {
            return;
        }

        // Whoever carries the class looks, and says it anew.
        foreach (ref var until in _pacedUntil.AsSpan())
        {
            until = until <= now ? Unpaced : until;
        }

        WakeAll();
    }

    /// <summary>Whether bulk left and no merge did since this was last asked; what bridges say to each other without merging is none.</summary>
    public bool TakeBulkAlone()
    {
        var isAlone = _sentBulk && _mergeBytes < MergeBytesMin;
        (_sentBulk, _mergeBytes) = (false, 0);
        return isAlone;
    }

    /// <summary>Takes the next frame for a connection. Where there is none, the connection counts as waiting.</summary>
    public bool TryTake(StreamPort stream, long now, out OutgoingFrame outgoing)
    {
        if (_states.Count > 0 && Carries(stream, TrafficClass.Control) && TryTakeState(out outgoing))
        {
            return true;
        }

        Span<bool> has = stackalloc bool[Classes];
        Look(stream, now, has);
        if (stream.Number > 0 && (has[(int)TrafficClass.Merge] || has[(int)TrafficClass.Bulk]) && shifts.Begins(now))
        {
            WakeAll();
            Look(stream, now, has);
        }

        Span<TrafficClass> order = stackalloc TrafficClass[Classes];
        var count = _scheduler.Order(has, order);
        for (var index = 0; index < count; index++)
        {
            if (TryTake(order[index], stream, now, out outgoing))
            {
                _scheduler.Sent(order[index], outgoing.WireBytes, has);
                _mergeBytes += order[index] == TrafficClass.Merge ? outgoing.WireBytes : 0;
                _sentBulk |= order[index] == TrafficClass.Bulk;
                return true;
            }
        }

        stream.IsIdle = true;
        outgoing = default;
        return false;
    }

    /// <summary>Which classes a connection could take a frame of.</summary>
    private void Look(StreamPort stream, long now, Span<bool> has)
    {
        var isForData = false;
        for (var index = 0; index < Classes; index++)
        {
            has[index] = Carries(stream, (TrafficClass)index);
            if (has[index])
            {
                isForData = index > (int)TrafficClass.Control;
                _pacedUntil[index] = Unpaced;
                has[index] = HasWork((TrafficClass)index, now);
            }
        }

        if (isForData)
        {
            Hold(now, has);
        }
    }

    /// <summary>Holds bulk back while merges are likely to go on at once. Merges that only wait for their rate leave it what that does not take.</summary>
    private void Hold(long now, Span<bool> has)
    {
        var isHeld = _hold.Look(has[(int)TrafficClass.Merge], now) && _pacedUntil[(int)TrafficClass.Merge] == Unpaced;
        if (isHeld && has[(int)TrafficClass.Bulk])
        {
            has[(int)TrafficClass.Bulk] = false;
            _pacedUntil[(int)TrafficClass.Bulk] = Math.Min(_pacedUntil[(int)TrafficClass.Bulk], _hold.Until);
        }
    }

    private bool TryTakeState(out OutgoingFrame outgoing)
    {
        foreach (var (site, state) in _states)
        {
            _states.Remove(site);
            outgoing = new OutgoingFrame(state.Header, [], state.Payload);
            return true;
        }

        outgoing = default;
        return false;
    }

    /// <summary>Whether a class leaves over a connection: control over the first, the others over the rest, everything over one that is alone.</summary>
    private bool Carries(StreamPort stream, TrafficClass trafficClass)
    {
        if (!stream.Takes)
        {
            return false;
        }

        var isFirst = IsFirst(stream, includeSuspects: false);
        return trafficClass == TrafficClass.Control || isFirst
            ? isFirst && (trafficClass == TrafficClass.Control || !_streams.Exists(other => other != stream && other.Takes))
            : shifts.Of(stream.Number) == ShiftOfData();
    }

    /// <summary>The shift that data leaves over: the current one, or the next of which a connection takes it.</summary>
    private int ShiftOfData()
    {
        var steps = shifts.Count;
        foreach (var stream in _streams)
        {
            if (stream.Takes && !IsFirst(stream, includeSuspects: false))
            {
                steps = Math.Min(steps, (shifts.Of(stream.Number) - shifts.Current + shifts.Count) % shifts.Count);
            }
        }

        return (shifts.Current + steps) % shifts.Count;
    }

    /// <summary>Whether it is the one that carries control, among those that take anything, or would if they were heard.</summary>
    private bool IsFirst(StreamPort stream, bool includeSuspects)
    {
        foreach (var other in _streams)
        {
            // One that took another's place carries what that one did, also while the other lingers.
            if (other != stream
                && !other.IsRetired
                && (includeSuspects || !other.IsSuspect)
                && (other.Number < stream.Number || (other.Number == stream.Number && other.Id > stream.Id)))
            {
                return false;
            }
        }

        return true;
    }

    private bool HasWork(TrafficClass trafficClass, long now)
    {
        if (Relay.HasWork(trafficClass))
        {
            return true;
        }

        foreach (var feed in _feeds[(int)trafficClass])
        {
            if (MaySend(feed, trafficClass, now))
            {
                return true;
            }
        }

        return false;
    }

    private bool MaySend(Feed feed, TrafficClass trafficClass, long now)
    {
        if (trafficClass == TrafficClass.Control && feed.Session.HasUnnumbered)
        {
            return true;
        }

        if (!feed.Session.HasWork(trafficClass) || !feed.Way.HasRoom)
        {
            return false;
        }

        if (feed.Pacer.MaySend(now))
        {
            return true;
        }

        ref var until = ref _pacedUntil[(int)trafficClass];
        until = Math.Min(until, feed.Pacer.NextAt(now));
        return false;
    }

    /// <summary>Takes a frame of a class; whoever has one takes turns.</summary>
    private bool TryTake(TrafficClass trafficClass, StreamPort stream, long now, out OutgoingFrame outgoing)
    {
        var feeds = _feeds[(int)trafficClass];
        for (var tried = 0; tried <= feeds.Count; tried++)
        {
            var turn = _turns[(int)trafficClass] % (feeds.Count + 1);
            _turns[(int)trafficClass] = turn + 1;
            if (turn == feeds.Count)
            {
                if (Relay.TryTake(trafficClass, out outgoing))
                {
                    return true;
                }

                continue;
            }

            var feed = feeds[turn];
            if (MaySend(feed, trafficClass, now) && feed.Session.TryTake(trafficClass, feed.Way, stream.Id, now, out outgoing))
            {
                feed.Pacer.Sent(outgoing.WireBytes);
                return true;
            }
        }

        outgoing = default;
        return false;
    }

    private void ClearStates()
    {
        foreach (var state in _states.Values)
        {
            state.Payload.Release();
        }

        _states.Clear();
    }
}
