using Superfactory.Model.Wan;
using Superfactory.Wan.Frames;

namespace Superfactory.Wan.Sessions;

/// <summary>A message that waits, and who sent it.</summary>
internal readonly record struct WaitingMessage(Frame Frame, SenderTally Sender);

/// <summary>
/// Messages that wait for a session, by class, first come first served; those of a registration that the other side has not heard
/// of yet are held until it has. Pure; not thread-safe.
/// </summary>
internal sealed class ClassQueues
{
    private readonly Queue<WaitingMessage>[] _queues = [new(), new(), new()];
    private readonly long[] _bytes = new long[3];
    private readonly Dictionary<long, Queue<WaitingMessage>> _held = [];

    /// <summary>Bytes of a class that wait, held ones included.</summary>
    public long Bytes(TrafficClass trafficClass) => _bytes[(int)trafficClass];

    /// <summary>Whether something of a class can be sent.</summary>
    public bool HasReady(TrafficClass trafficClass) => _queues[(int)trafficClass].Count > 0;

    public bool IsEmpty => _held.Count == 0 && !HasReady(TrafficClass.Control) && !HasReady(TrafficClass.Merge) && !HasReady(TrafficClass.Bulk);

    /// <summary>Queues a message.</summary>
    /// <param name="frame">The message.</param>
    /// <param name="sender">Who sent it.</param>
    /// <param name="hold">Whether it must wait for <see cref="Release"/>.</param>
    public void Enqueue(Frame frame, SenderTally sender, bool hold)
    {
        var queue = _queues[(int)frame.Class];
        if (hold && !_held.TryGetValue(sender.Registration, out queue!))
        {
            _held[sender.Registration] = queue = new();
        }

        queue.Enqueue(new WaitingMessage(frame, sender));
        _bytes[(int)frame.Class] += frame.WireBytes;
        sender.Add(frame.WireBytes);
    }

    /// <summary>What a registration has here may be sent.</summary>
    public void Release(long registration)
    {
        if (_held.Remove(registration, out var held))
        {
            foreach (var waiting in held)
            {
                _queues[(int)waiting.Frame.Class].Enqueue(waiting);
            }
        }
    }

    public bool TryDequeue(TrafficClass trafficClass, out WaitingMessage waiting)
    {
        if (!_queues[(int)trafficClass].TryDequeue(out waiting))
        {
            return false;
        }

        _bytes[(int)trafficClass] -= waiting.Frame.WireBytes;
        waiting.Sender.Remove(waiting.Frame.WireBytes);
        return true;
    }

    /// <summary>Drops what a registration has here.</summary>
    /// <returns>How many messages.</returns>
    public int Purge(long registration)
    {
        Release(registration);
        var dropped = 0;
        foreach (var queue in _queues)
        {
            for (var left = queue.Count; left > 0; left--)
            {
                var waiting = queue.Dequeue();
                if (waiting.Sender.Registration != registration)
                {
                    queue.Enqueue(waiting);
                    continue;
                }

                _bytes[(int)waiting.Frame.Class] -= waiting.Frame.WireBytes;
                waiting.Sender.Remove(waiting.Frame.WireBytes);
                waiting.Frame.Payload.Release();
                dropped++;
            }
        }

        return dropped;
    }

    /// <summary>Drops everything.</summary>
    public void Clear()
    {
        foreach (var queue in _queues.Concat(_held.Values))
        {
            foreach (var waiting in queue)
            {
                waiting.Sender.Remove(waiting.Frame.WireBytes);
                waiting.Frame.Payload.Release();
            }

            queue.Clear();
        }

        _held.Clear();
        Array.Clear(_bytes);
    }
}
