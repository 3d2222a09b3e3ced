using Superfactory.Model.Wan;
using Superfactory.Wan.Frames;

namespace Superfactory.Wan.Links;

/// <summary>
/// Frames that wait for a link, by class. The gateway's own news goes before all, so that an endpoint is announced before its first
/// message and given up after its last. Then the highest class goes first, except that a class which waits gets one byte for every
/// <see cref="ShareDivisor"/> that higher ones took, so that none starves. Not thread-safe: its session's lock guards it.
/// </summary>
internal sealed class ClassQueues
{
    /// <summary>A waiting class gets at least a 17th of the link.</summary>
    private const int ShareDivisor = 16;

    private const int Classes = (int)TrafficClass.Bulk + 1;

    private readonly Queue<Frame> _news = new();
    private readonly Queue<Waiting>[] _queues = [new(), new(), new()];
    private readonly long[] _bytes = new long[Classes];
    private readonly long[] _passedOver = new long[Classes];

    // Messages of each local registration that wait here, and what is to be said once they are gone.
    private readonly Dictionary<long, int> _waitingOf = [];
    private readonly Dictionary<long, Farewell> _afterLast = [];

    /// <summary>Frames of the gateway's own that wait.</summary>
    public int News => _news.Count;

    public bool IsEmpty => _news.Count == 0 && _queues[0].Count == 0 && _queues[1].Count == 0 && _queues[2].Count == 0;

    public long Bytes(TrafficClass trafficClass) => _bytes[(int)trafficClass];

    /// <summary>Queues a frame of the gateway's own.</summary>
    public void EnqueueNews(Frame frame) => _news.Enqueue(frame);

    /// <summary>Queues a message of a local registration.</summary>
    public void Enqueue(Frame frame, long registration)
    {
        _queues[(int)frame.Class].Enqueue(new Waiting(frame, registration));
        _bytes[(int)frame.Class] += frame.WireBytes;
        _waitingOf[registration] = _waitingOf.GetValueOrDefault(registration) + 1;
    }

    /// <summary>Queues a frame of the gateway's own behind the last message of a registration, whatever its class.</summary>
    public void EnqueueAfter(RegisteredEndpoint endpoint, Frame frame)
    {
        if (_waitingOf.ContainsKey(endpoint.Registration))
        {
            _afterLast[endpoint.Registration] = new Farewell(endpoint.Address.Name, frame);
        }
        else
        {
            _news.Enqueue(frame);
        }
    }

    /// <summary>Drops what a name's registrations that are gone still have here, and says now that they are gone.</summary>
    public void PurgeGone(string name)
    {
        foreach (var (registration, _) in _afterLast.Where(entry => entry.Value.Name == name).ToArray())
        {
            Purge(registration);
        }
    }

    /// <summary>Drops what a registration still has here.</summary>
    public void Purge(long registration)
    {
        _waitingOf.Remove(registration);
        if (_afterLast.Remove(registration, out var last))
        {
            _news.Enqueue(last.Frame);
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
        if (_news.TryDequeue(out frame))
        {
            return true;
        }

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

        while (_news.TryDequeue(out var news))
        {
            news.Payload.Release();
        }

        foreach (var last in _afterLast.Values)
        {
            last.Frame.Payload.Release();
        }

        Array.Clear(_bytes);
        Array.Clear(_passedOver);
        _waitingOf.Clear();
        _afterLast.Clear();
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
        var left = _waitingOf[registration] - 1;
        if (left > 0)
        {
            _waitingOf[registration] = left;
            return;
        }

        _waitingOf.Remove(registration);
        if (_afterLast.Remove(registration, out var last))
        {
            _news.Enqueue(last.Frame);
        }
    }

    private readonly record struct Farewell(string Name, Frame Frame);

    private readonly record struct Waiting(Frame Frame, long Registration);
}
