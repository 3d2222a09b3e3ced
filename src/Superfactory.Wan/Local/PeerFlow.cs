using Superfactory.Model.Wan;
using Superfactory.Wan.Frames;

namespace Superfactory.Wan.Local;

/// <summary>What a client may still send to one registration of another endpoint, by class, what it took from it, and how their messages are in order. Thread-safe where nothing else is said.</summary>
internal sealed class PeerFlow
{
    private readonly Lock _gate = new();
    private readonly long[] _available;
    private readonly long[] _taken;
    private readonly TaskCompletionSource?[] _waiting;
    private readonly SemaphoreSlim[] _turns;
    private readonly FlowNumbering[] _numberings = [new(), new(), new()];
    private readonly FlowOrder<GatewayEvent.Delivered>[] _orders;
    private bool _down;

    /// <summary>Begins with full windows and nothing sent.</summary>
    /// <param name="endpoint">The other endpoint.</param>
    /// <param name="meeting">The number of its coming up, as the gateway counts.</param>
    /// <param name="deliver">Takes its messages, in order.</param>
    public PeerFlow(RegisteredEndpoint endpoint, long meeting, Action<GatewayEvent.Delivered, PeerFlow> deliver)
    {
        _orders = [.. _numberings.Select(_ => new FlowOrder<GatewayEvent.Delivered>(delivered => deliver(delivered, this)))];
        (Endpoint, Meeting) = (endpoint, meeting);
        var classes = Enum.GetValues<TrafficClass>();
        _available = [.. classes.Select(FlowWindow.Bytes)];
        _taken = new long[classes.Length];
        _waiting = new TaskCompletionSource?[classes.Length];
        _turns = [.. classes.Select(_ => new SemaphoreSlim(1, 1))];
    }

    public RegisteredEndpoint Endpoint { get; }

    /// <summary>What messages and credit to it carry, so that they count only while it stays up.</summary>
    public long Meeting { get; }

    /// <summary>Who sends in a class at the moment; others wait in order, so that messages keep it.</summary>
    public SemaphoreSlim Turn(TrafficClass trafficClass) => _turns[(int)trafficClass];

    /// <summary>Gives the messages of a class their places. For whoever has the class's turn.</summary>
    public FlowNumbering Numbering(TrafficClass trafficClass) => _numberings[(int)trafficClass];

    /// <summary>Puts the messages of a class in order. For whoever reads from the gateway.</summary>
    public FlowOrder<GatewayEvent.Delivered> Order(TrafficClass trafficClass) => _orders[(int)trafficClass];

    /// <summary>The endpoint is gone, and with it what was missing: messages that had to wait for that are dropped. For whoever reads from the gateway.</summary>
    public void DropHeld() => Array.ForEach(_orders, order => order.Drop(delivered => delivered.Release()));

    /// <summary>Waits until <paramref name="bytes"/> may be sent, and takes them. For one waiter of a class.</summary>
    /// <returns>False where the endpoint is down.</returns>
    public async ValueTask<bool> TakeAsync(TrafficClass trafficClass, long bytes, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task wait;
            lock (_gate)
            {
                if (_down)
                {
                    return false;
                }

                if (_available[(int)trafficClass] >= bytes)
                {
                    _available[(int)trafficClass] -= bytes;
                    return true;
                }

                var waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                _waiting[(int)trafficClass] = waiter;
                wait = waiter.Task;
            }

            await wait.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Gives credit back: the endpoint took messages, or one was not sent after all.</summary>
    public void Return(TrafficClass trafficClass, long bytes)
    {
        TaskCompletionSource? waiter;
        lock (_gate)
        {
            _available[(int)trafficClass] += bytes;
            waiter = Interlocked.Exchange(ref _waiting[(int)trafficClass], null);
        }

        waiter?.TrySetResult();
    }

    /// <summary>Takes note that messages from it were taken.</summary>
    /// <returns>What to give back to it now; 0 while that is not worth a frame.</returns>
    public long Taken(TrafficClass trafficClass, long bytes)
    {
        lock (_gate)
        {
            var taken = _taken[(int)trafficClass] + bytes;
            var due = taken >= FlowWindow.ReturnAt(trafficClass);
            _taken[(int)trafficClass] = due ? 0 : taken;
            return due ? taken : 0;
        }
    }

    /// <summary>The endpoint is gone: nobody waits for it any more.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _down = true;
            foreach (var waiter in _waiting)
            {
                waiter?.TrySetResult();
            }
        }
    }
}
