using Superfactory.Model.Wan;
using Superfactory.Wan.Sessions;

namespace Superfactory.Wan.Routes;

/// <summary>
/// Frames of other sites that go on over a link of this one, by class. Beyond its limit a frame is dropped and counted: its session
/// finds that out and sends it again, slower. Pure; not thread-safe.
/// </summary>
internal sealed class RelayQueue
{
    /// <summary>For each link and class: twice the most that one way may have under way, <see cref="PathWindow.BytesMax"/>.</summary>
    public const long BytesMax = 2 * PathWindow.BytesMax;

    private readonly Queue<OutgoingFrame>[] _queues = [new(), new(), new()];
    private readonly long[] _bytes = new long[3];

    /// <summary>Frames that were dropped.</summary>
    public long Dropped { get; private set; }

    /// <summary>Bytes that went on.</summary>
    public long BytesRelayed { get; private set; }

    /// <summary>Bytes of a class that wait.</summary>
    public long Bytes(TrafficClass trafficClass) => _bytes[(int)trafficClass];

    public bool HasWork(TrafficClass trafficClass) => _queues[(int)trafficClass].Count > 0;

    /// <summary>Takes a frame over with its payload, or drops it.</summary>
    public bool TryAdd(OutgoingFrame frame)
    {
        var index = (int)frame.Header.Class;
        if (_bytes[index] + frame.WireBytes > BytesMax)
        {
            Drop(frame);
            return false;
        }

        _bytes[index] += frame.WireBytes;
        _queues[index].Enqueue(frame);
        return true;
    }

    /// <summary>Counts a frame that cannot go on, and gives its payload back.</summary>
    public void Drop(OutgoingFrame frame)
    {
        frame.Payload.Release();
        Dropped++;
    }

    public bool TryTake(TrafficClass trafficClass, out OutgoingFrame frame)
    {
        if (!_queues[(int)trafficClass].TryDequeue(out frame))
        {
            return false;
        }

        _bytes[(int)trafficClass] -= frame.WireBytes;
        BytesRelayed += frame.WireBytes;
        return true;
    }

    /// <summary>The link is gone: what waits for it is dropped.</summary>
    public void Clear()
    {
        foreach (var queue in _queues)
        {
            while (queue.TryDequeue(out var frame))
            {
                Drop(frame);
            }
        }

        Array.Clear(_bytes);
    }
}
