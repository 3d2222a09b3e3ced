using Superfactory.Wan.Frames;

namespace Superfactory.Wan.Links;

/// <summary>
/// Frames that wait for a link, by class. The highest class goes first, except that a class which waits gets one byte for every
/// <see cref="ShareDivisor"/> that higher ones took, so that none starves. Not thread-safe: its session's lock guards it.
/// </summary>
internal sealed class ClassQueues
{
    /// <summary>A waiting class gets at least a 17th of the link.</summary>
    private const int ShareDivisor = 16;

    private const int Classes = (int)TrafficClass.Bulk + 1;

    private readonly Queue<Waiting>[] _queues = [new(), new(), new()];
    private readonly long[] _bytes = new long[Classes];
    private readonly long[] _passedOver = new long[Classes];

    // Messages of each local registration that wait here, and what is to be said once they are gone.
    private readonly Dictionary<long, int> _waitingOf = [];
    private readonly Dictionary<long, Frame> _afterLast = [];

    /// <summary>Frames of the gateway's own that wait.</summary>
    public int News { get; private set; }

    public bool IsEmpty => _queues[0].Count == 0 && _queues[1].Count == 0 && _queues[2].Count == 0;

    public long Bytes(TrafficClass trafficClass) => _bytes[(int)trafficClass];

    public void Enqueue(Frame frame, long registration)
    {
        _queues[(int)frame.Class].Enqueue(new Waiting(frame, registration));
        _bytes[(int)frame.Class] += frame.WireBytes;
        if (registration == 0)
        {
            News++;
        }
        else
        {
            _waitingOf[registration] = _waitingOf.GetValueOrDefault(registration) + 1;
        }
    }

    /// <summary>Queues a frame of the gateway's own behind the last message of a registration, whatever its class.</summary>
    public void EnqueueAfter(long registration, Frame frame)
    {
        if (_waitingOf.ContainsKey(registration))
        {
            _afterLast[registration] = frame;
        }
        else
        {
            Enqueue(frame, 0);
        }
    }

    /// <summary>Drops what a registration still has here.</summary>
    public void Purge(long registration)
    {
        _waitingOf.Remove(registration);
        if (_afterLast.Remove(registration, out var last))
        {
            Enqueue(last, 0);
        }

        foreach (var queue in _queues)
        {
            for (var left = queue.Count; left > 0; left--)
            {
                var waiting = queue.Dequeue();
                if (waiting.Registration == registration)
                {
                    _bytes[(int)waiting.Frame.Class] -= waiting.Frame.WireBytes;
                    waiting.Frame.Payload.Release();
                }
                else
                {
                    queue.Enqueue(waiting);
                }
            }
        }
    }

    public bool TryDequeue(out Frame frame)
    {
        var next = Next();
        if (next < 0)
        {
            frame = default;
            return false;
        }

        var waiting = _queues[next].Dequeue();
        frame = waiting.Frame;
        _bytes[next] -= frame.WireBytes;
        _passedOver[next] = 0;
        for (var lower = next + 1; lower < Classes; lower++)
        {
            _passedOver[lower] = _queues[lower].Count == 0 ? 0 : _passedOver[lower] + frame.WireBytes;
        }

        CountOff(waiting.Registration);
        return true;
    }

    public void Clear()
    {
        foreach (var queue in _queues)
        {
            while (queue.TryDequeue(out var waiting))
            {
                waiting.Frame.Payload.Release();
            }
        }

        foreach (var last in _afterLast.Values)
        {
            last.Payload.Release();
        }

        Array.Clear(_bytes);
        Array.Clear(_passedOver);
        _waitingOf.Clear();
        _afterLast.Clear();
        News = 0;
    }

    /// <summary>The class whose turn it is; -1 where nothing waits.</summary>
    private int Next()
    {
        var next = -1;
        for (var candidate = Classes - 1; candidate >= 0; candidate--)
        {
            if (!_queues[candidate].TryPeek(out var waiting))
            {
                continue;
            }

            if (_passedOver[candidate] >= (long)ShareDivisor * waiting.Frame.WireBytes)
            {
                return candidate;
            }

            next = candidate;
        }

        return next;
    }

    private void CountOff(long registration)
    {
        if (registration == 0)
        {
            News--;
            return;
        }

        var left = _waitingOf[registration] - 1;
        if (left > 0)
        {
            _waitingOf[registration] = left;
            return;
        }

        _waitingOf.Remove(registration);
        if (_afterLast.Remove(registration, out var last))
        {
            Enqueue(last, 0);
        }
    }

    private readonly record struct Waiting(Frame Frame, long Registration);
}
