using Superfactory.Model.Wan;
using Superfactory.Wan.Frames;
using Superfactory.Wan.Transport;

namespace Superfactory.Wan.Links;

/// <summary>A frame with its place in the link's sequence. Whoever takes it from the session releases its payload.</summary>
internal readonly record struct SequencedFrame(Frame Frame, long Sequence)
{
    public FrameHeader Header(long acknowledged) => Frame.Header with { Sequence = Sequence, Acknowledged = acknowledged };
}

/// <summary>What a received sequence number says.</summary>
internal enum Arrival
{
    /// <summary>The next one.</summary>
    InOrder,

    /// <summary>One that came before, over an earlier connection.</summary>
    Again,

    /// <summary>One or more before it are missing.</summary>
    Gap,
}

/// <summary>
/// What two gateways share across connections: which frames each has sent and received. It gives sequences, keeps what is not
/// acknowledged, and finds where to go on when a connection is made again. Knows no stream and no clock. Thread-safe.
/// </summary>
internal sealed class LinkSession(LinkLimits limits)
{
    private readonly Lock _gate = new();
    private readonly ClassQueues _queues = new();
    private readonly Queue<SequencedFrame> _unacknowledged = new();
    private readonly List<TaskCompletionSource> _waitingForSpace = [];
    private TaskCompletionSource? _waitingForEmpty;
    private Queue<SequencedFrame> _again = new();
    private long _unacknowledgedBytes;
    private long _sent;
    private long _acknowledged;
    private long _received;
    private long _id;

    /// <summary>Set when there may be something to send.</summary>
    public AsyncSignal Work { get; } = new();

    /// <summary>Names the session on both sides; 0 where there is none.</summary>
    public long Id
    {
        get { lock (_gate) { return _id; } }
    }

    /// <summary>The highest sequence received in order.</summary>
    public long Received
    {
        get { lock (_gate) { return _received; } }
    }

    /// <summary>Bytes held here: waiting, and sent but not acknowledged.</summary>
    public long HeldBytes
    {
        get
        {
            lock (_gate)
            {
                return _unacknowledgedBytes + _queues.Bytes(TrafficClass.Control) + _queues.Bytes(TrafficClass.Merge) + _queues.Bytes(TrafficClass.Bulk);
            }
        }
    }

    /// <summary>Begins a new session: everything that waits or may be lost belongs to the old one and is dropped.</summary>
    public void Restart(long id)
    {
        lock (_gate)
        {
            Drop();
            _id = id;
            _sent = 0;
            _acknowledged = 0;
            _received = 0;
            ReleaseWaiters();
        }
    }

    /// <summary>Ends the session: the next handshake begins a new one, and until then everything is dropped.</summary>
    public void End() => Restart(0);

    /// <summary>Goes on over a new connection behind what the other side has received.</summary>
    /// <returns>False where that cannot be: what was never sent, or less than it acknowledged before.</returns>
    public bool Resume(long peerReceived)
    {
        lock (_gate)
        {
            if (peerReceived > _sent || peerReceived < _acknowledged)
            {
                return false;
            }

            // What was sent over the last connection comes before what it did not get to send again.
            _again = new Queue<SequencedFrame>(_unacknowledged.Concat(_again));
            _unacknowledged.Clear();
        }

        return Acknowledge(peerReceived);
    }

    /// <summary>Queues a frame of the gateway's own: presence or credit.</summary>
    /// <returns>False where too many wait: the session is over.</returns>
    public bool TryEnqueueNews(Frame frame)
    {
        lock (_gate)
        {
            if (_id == 0)
            {
                frame.Payload.Release();
                return true;
            }

            _queues.EnqueueNews(frame);
            if (_queues.News > limits.QueuedNewsMax)
            {
                return false;
            }
        }

        Work.Set();
        return true;
    }

    /// <summary>Queues the news that a registration is gone: behind its last message, or, where what it still has here is dropped, now.</summary>
    public void EnqueueFarewell(RegisteredEndpoint endpoint, Frame frame, bool dropMessages)
    {
        lock (_gate)
        {
            if (dropMessages)
            {
                _queues.Purge(endpoint.Registration);
                ReleaseWaiters();
            }

            if (_id == 0)
            {
                frame.Payload.Release();
                return;
            }

            _queues.EnqueueAfter(endpoint, frame);
        }

        Work.Set();
    }

    /// <summary>Queues the news of a registration, whose predecessors of the same name are gone for good.</summary>
    /// <returns>False where too many wait: the session is over.</returns>
    public bool TryEnqueueArrival(RegisteredEndpoint endpoint, Frame frame)
    {
        lock (_gate)
        {
            _queues.PurgeGone(endpoint.Address.Name);
            ReleaseWaiters();
        }

        return TryEnqueueNews(frame);
    }

    /// <summary>Queues a message of a local registration.</summary>
    /// <returns>Null where it was taken; otherwise ends when it may be tried again.</returns>
    public Task? TryEnqueueMessage(Frame frame, long registration)
    {
        lock (_gate)
        {
            if (_id == 0)
            {
                frame.Payload.Release();
                return null;
            }

            if (_queues.Bytes(frame.Class) + frame.WireBytes > limits.QueuedBytesMax)
            {
                var waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                _waitingForSpace.Add(waiter);
                return waiter.Task;
            }

            _queues.Enqueue(frame, registration);
        }

        Work.Set();
        return null;
    }

    /// <summary>Takes the next frame to send: again what the last connection may have lost, then what waits, as far as it may be kept.</summary>
    public bool TryTake(out SequencedFrame next)
    {
        lock (_gate)
        {
            if (!_again.TryDequeue(out next))
            {
                if (_unacknowledgedBytes >= limits.UnacknowledgedBytesMax
                    || _unacknowledged.Count >= limits.UnacknowledgedFramesMax
                    || !_queues.TryDequeue(out var frame))
                {
                    return false;
                }

                next = new SequencedFrame(frame, ++_sent);
                _unacknowledgedBytes += frame.WireBytes;
                ReleaseWaiters();
            }

            // One holder for sending again, one for whoever writes it now: an acknowledgement may come while it is written.
            next.Frame.Payload.Retain();
            _unacknowledged.Enqueue(next);
            return true;
        }
    }

    /// <summary>Forgets what the other side has received.</summary>
    /// <returns>False where that was never sent.</returns>
    public bool Acknowledge(long received)
    {
        lock (_gate)
        {
            if (received > _sent)
            {
                return false;
            }

            _acknowledged = Math.Max(_acknowledged, received);
            var any = Forget(_unacknowledged, received);
            if (_unacknowledged.Count == 0)
            {
                any |= Forget(_again, received);
            }

            if (!any)
            {
                return true;
            }

            CompleteIfEmpty();
        }

        Work.Set();
        return true;
    }

    /// <summary>Takes note of a received sequence.</summary>
    public Arrival Accept(long sequence)
    {
        lock (_gate)
        {
            if (sequence > _received + 1)
            {
                return Arrival.Gap;
            }

            if (sequence <= _received)
            {
                return Arrival.Again;
            }

            _received = sequence;
            return Arrival.InOrder;
        }
    }

    /// <summary>Ends when nothing waits and nothing is unacknowledged.</summary>
    public Task WhenEmptyAsync()
    {
        lock (_gate)
        {
            _waitingForEmpty ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var task = _waitingForEmpty.Task;
            CompleteIfEmpty();
            return task;
        }
    }

    private bool Forget(Queue<SequencedFrame> frames, long received)
    {
        var any = false;
        while (frames.TryPeek(out var first) && first.Sequence <= received)
        {
            frames.Dequeue();
            _unacknowledgedBytes -= first.Frame.WireBytes;
            first.Frame.Payload.Release();
            any = true;
        }

        return any;
    }

    private void Drop()
    {
        Forget(_unacknowledged, long.MaxValue);
        Forget(_again, long.MaxValue);
        _queues.Clear();
        CompleteIfEmpty();
    }

    private void CompleteIfEmpty()
    {
        if (_waitingForEmpty is not null && _unacknowledged.Count == 0 && _again.Count == 0 && _queues.IsEmpty)
        {
            _waitingForEmpty.TrySetResult();
            _waitingForEmpty = null;
        }
    }

    private void ReleaseWaiters()
    {
        foreach (var waiter in _waitingForSpace)
        {
            waiter.TrySetResult();
        }

        _waitingForSpace.Clear();
    }
}
