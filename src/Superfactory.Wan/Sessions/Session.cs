using Superfactory.Model.Wan;
using Superfactory.Wan.Frames;
using Superfactory.Wan.Links;
using Superfactory.Wan.Routes;

namespace Superfactory.Wan.Sessions;

/// <summary>A frame on its way out. Whoever takes it writes it and releases its payload.</summary>
/// <param name="Header">Its header.</param>
/// <param name="Route">The route behind the header; empty where it needs none.</param>
/// <param name="Payload">The payload.</param>
internal readonly record struct OutgoingFrame(FrameHeader Header, byte[] Route, PooledBuffer Payload)
{
    /// <summary>Bytes on the wire.</summary>
    public int WireBytes => FrameHeader.Bytes + Route.Length + Payload.Length;
}

/// <summary>
/// What two gateways share end to end: which frames each has sent and received, and who is up on this side. It numbers frames,
/// keeps what is not acknowledged, sends again what was lost, and takes each once; streams, links and ways come and go under it.
/// Order within a flow is its receiver's affair. Pure; not thread-safe: the gateway's lock guards it.
/// </summary>
internal sealed partial class Session(string peer, long start, LinkLimits limits, Func<long> draw)
{
    private readonly ClassQueues _queues = new();
    private readonly SendLedger _sent = new();
    private readonly ReceiveLedger _received = new();
    private readonly PresenceLedger _presence = new();
    private readonly Queue<Frame> _news = new();
    private readonly Dictionary<long, int> _outstanding = [];
    private readonly HashSet<SenderTally> _waitingForSpace = [];
    private TaskCompletionSource? _waitingForEmpty;

    /// <summary>The other site.</summary>
    public string Peer { get; } = peer;

    /// <summary>Told when a class may have something to send that had nothing.</summary>
    public Action<Session, TrafficClass>? Wake { get; set; }

    /// <summary>Counts what is sent, by class.</summary>
    public long[] BytesSent { get; } = new long[3];

    /// <summary>Bytes that were sent again, from the start.</summary>
    public long BytesSentAgain { get; private set; }

    /// <summary>How much of a class may be sent and not acknowledged.</summary>
    public long WindowBytes { get; set; } = limits.UnacknowledgedBytesMin;

    /// <summary>Bytes of a class that were sent and are not acknowledged.</summary>
    public long UnderWayBytes(TrafficClass trafficClass) => _sent.Bytes(trafficClass);

    /// <summary>Bytes of a class that wait.</summary>
    public long WaitingBytes(TrafficClass trafficClass) => _queues.Bytes(trafficClass);

    /// <summary>Bytes held here: waiting, and sent but not acknowledged.</summary>
    public long HeldBytes => HeldOf(TrafficClass.Control) + HeldOf(TrafficClass.Merge) + HeldOf(TrafficClass.Bulk);

    /// <summary>An endpoint of this site is up; one of the same name that was is gone, with what it still had to send.</summary>
    public void Arrive(RegisteredEndpoint endpoint)
    {
        _presence.Arrive(endpoint);
        Tell(endpoint.Address.Name);
    }

    /// <summary>An endpoint of this site is gone.</summary>
    /// <param name="endpoint">Which one.</param>
    /// <param name="dropMessages">Whether what it still had to send is dropped; otherwise that goes first.</param>
    public void Leave(RegisteredEndpoint endpoint, bool dropMessages)
    {
        _presence.Leave(endpoint);
        if (dropMessages)
        {
            CountOff(endpoint.Registration, _queues.Purge(endpoint.Registration));
            ReleaseWaiters();
        }

        Tell(endpoint.Address.Name);
        CompleteIfEmpty();
    }

    /// <summary>Queues credit for the other side.</summary>
    /// <returns>False where too much waits: the session has to begin anew.</returns>
    public bool TryEnqueueCredit(Frame frame)
    {
        if (!IsAgreed)
        {
            frame.Payload.Release();
            return true;
        }

        if (_news.Count >= limits.QueuedNewsMax)
        {
            frame.Payload.Release();
            return false;
        }

        EnqueueNews(frame);
        return true;
    }

    /// <summary>Queues a message of a local registration. Below one limit whoever sends it may, and beyond it who has little waiting at all sites together.</summary>
    /// <returns>Null where it was taken; otherwise ends when it may be tried again.</returns>
    public Task? TryEnqueueMessage(Frame frame, SenderTally sender)
    {
        if (!IsAgreed)
        {
            frame.Payload.Release();
            return null;
        }

        if (_queues.Bytes(frame.Class) + frame.WireBytes > limits.QueuedBytesMax && sender.BytesWaiting + frame.WireBytes > limits.SenderQueuedBytesMax)
        {
            _waitingForSpace.Add(sender);
            return sender.WaitAsync();
        }

        var hold = !_presence.IsTold(sender.Registration);
        _queues.Enqueue(frame, sender, hold);
        _outstanding[sender.Registration] = _outstanding.GetValueOrDefault(sender.Registration) + 1;
        if (!hold)
        {
            Wake?.Invoke(this, frame.Class);
        }

        return null;
    }

    /// <summary>Whether an agreement or an acknowledgement is due, which no rate and no window holds back.</summary>
    public bool HasUnnumbered => _openDue || (IsAgreed && _ackDue);

    /// <summary>Whether a class has something that may be sent.</summary>
    public bool HasWork(TrafficClass trafficClass) => IsAgreed
        && (_sent.HasAgain(trafficClass)
            || (MayNumber(trafficClass) && (_queues.HasReady(trafficClass) || (trafficClass == TrafficClass.Control && _news.Count > 0))));

    /// <summary>Takes the next frame of a class: what the other side has to know first, what has to be sent again, then what waits.</summary>
    /// <param name="trafficClass">The class.</param>
    /// <param name="way">The way it goes.</param>
    /// <param name="stream">The connection it leaves over.</param>
    /// <param name="now">The time, in ticks.</param>
    /// <param name="outgoing">The frame.</param>
    public bool TryTake(TrafficClass trafficClass, Way way, long stream, long now, out OutgoingFrame outgoing)
    {
        if (trafficClass == TrafficClass.Control && TryTakeUnnumbered(way, out outgoing))
        {
            return true;
        }

        outgoing = default;
        if (!IsAgreed)
        {
            return false;
        }

        if (_sent.TryTakeAgain(trafficClass, way, stream, now, out var sequence, out var frame))
        {
            BytesSentAgain += frame.WireBytes;
        }
        else if (!MayNumber(trafficClass) || !TryTakeNew(trafficClass, out frame, out var registration))
        {
            return false;
        }
        else
        {
            sequence = _sent.Add(frame, registration, way, stream, now);
        }

        // One holder for sending again, one for whoever writes it now: an acknowledgement may come while it is written.
        frame.Payload.Retain();
        outgoing = new OutgoingFrame(frame.Header with { Sequence = sequence, Session = _tag, RouteBytes = way.Route.Length }, way.Route, frame.Payload);
        BytesSent[(int)trafficClass] += outgoing.WireBytes;
        return true;
    }

    /// <summary>What left over a connection that is gone has to be sent again, unless it was acknowledged.</summary>
    public void LoseStream(long stream) => Lose(sent => sent.Stream == stream);

    /// <summary>What is on a way that is no more has to be sent again, unless it was acknowledged.</summary>
    public void LoseWay(Way way) => Lose(sent => sent.Way == way);

    /// <summary>Finds what is lost on ways over other sites, which may drop frames: what others overtook by far, and everything on a way where nothing arrives any more.</summary>
    public void FindLost(long now, long overtaken, long silent)
    {
        if (!_sent.IsEmpty)
        {
            Lose(sent => !sent.Way.IsDirect && IsLost(sent, now, Math.Max(overtaken, sent.Way.Window.RoundTrip), Math.Max(silent, 4 * sent.Way.Window.RoundTrip)), now);
        }
    }

    /// <summary>Ends when nothing waits and nothing is unacknowledged.</summary>
    public Task WhenEmptyAsync()
    {
        _waitingForEmpty ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var task = _waitingForEmpty.Task;
        CompleteIfEmpty();
        return task;
    }

    private static bool IsLost(in SentFrame sent, long now, long overtaken, long silent)
        => (sent.Way.LatestArrivalSentAt != long.MinValue && sent.SentAt < sent.Way.LatestArrivalSentAt - overtaken)
        || (now - sent.SentAt > silent && (sent.Way.LatestArrivalAt == long.MinValue || now - sent.Way.LatestArrivalAt > silent));

    private long HeldOf(TrafficClass trafficClass) => _sent.Bytes(trafficClass) + _queues.Bytes(trafficClass);

    private bool MayNumber(TrafficClass trafficClass) => _sent.HasRoom(trafficClass) && _sent.Bytes(trafficClass) < WindowBytes;

    private bool TryTakeNew(TrafficClass trafficClass, out Frame frame, out long registration)
    {
        registration = 0;
        if (trafficClass == TrafficClass.Control && _news.TryDequeue(out frame))
        {
            return true;
        }

        var taken = _queues.TryDequeue(trafficClass, out var waiting);
        (frame, registration) = (waiting.Frame, taken ? waiting.Sender.Registration : 0);
        if (taken)
        {
            ReleaseWaiters();
        }

        return taken;
    }

    private void Lose(Func<SentFrame, bool> lost, long? congestedAt = null)
    {
        var any = false;
        _sent.Lose(sent =>
        {
            var isLost = lost(sent);
            any |= isLost;
            if (isLost && congestedAt is { } now)
            {
                sent.Way.Window.Lost(now);
            }

            return isLost;
        });
        if (any)
        {
            WakeAll();
        }
    }

    private void Forget(SentFrame sent)
    {
        var frame = sent.Frame;
        if (frame.Type is FrameType.EndpointUp or FrameType.EndpointDown)
        {
            RegisteredEndpoint.TryDecode(frame.Payload.Span, out var endpoint);
            _presence.Acknowledge(frame.Type, endpoint);
            if (frame.Type == FrameType.EndpointUp)
            {
                _queues.Release(endpoint.Registration);
                WakeAll();
            }

            Tell(endpoint.Address.Name);
        }
        else if (frame.Type == FrameType.Message)
        {
            CountOff(sent.Registration, 1);
        }

        if (sent.UnderWay && !sent.Resent)
        {
            sent.Way.Arrived(frame.WireBytes, sent.SentAt, _now);
        }

        frame.Payload.Release();
    }

    private void CountOff(long registration, int messages)
    {
        if (messages == 0)
        {
            return;
        }

        var left = _outstanding[registration] - messages;
        if (left > 0)
        {
            _outstanding[registration] = left;
            return;
        }

        _outstanding.Remove(registration);
        _drained = true;
    }

    private void EnqueueNews(Frame frame)
    {
        _news.Enqueue(frame);
        Wake?.Invoke(this, TrafficClass.Control);
    }

    private void WakeAll()
    {
        Wake?.Invoke(this, TrafficClass.Control);
        Wake?.Invoke(this, TrafficClass.Merge);
        Wake?.Invoke(this, TrafficClass.Bulk);
    }

    /// <summary>Tells the other side the next thing about an endpoint's name, where there is something.</summary>
    private void Tell(string name)
    {
        if (IsAgreed && _presence.Next(name, registration => _outstanding.GetValueOrDefault(registration)) is { } frame)
        {
            EnqueueNews(frame);
        }
    }

    private void TellAll()
    {
        foreach (var name in _presence.Names.ToArray())
        {
            Tell(name);
        }
    }

    private void CompleteIfEmpty()
    {
        if (_waitingForEmpty is not null && _sent.IsEmpty && _news.Count == 0 && _queues.IsEmpty && _presence.IsSettled)
        {
            _waitingForEmpty.TrySetResult();
            _waitingForEmpty = null;
        }
    }

    private void ReleaseWaiters()
    {
        foreach (var sender in _waitingForSpace)
        {
            sender.MayTryAgain();
        }

        _waitingForSpace.Clear();
    }
}
