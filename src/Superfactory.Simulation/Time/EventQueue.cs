namespace Superfactory.Simulation.Time;

/// <summary>
/// Virtual time: what is to happen, by the microsecond at which it does, and at the same microsecond in the order in which it was said.
/// Time passes by running the next event alone.
/// </summary>
internal sealed class EventQueue
{
    private readonly PriorityQueue<Action, (long At, long Order)> _events = new();
    private long _order;

    /// <summary>Microseconds since the beginning.</summary>
    public long Now { get; private set; }

    /// <summary>Events that have run.</summary>
    public long Ran { get; private set; }

    /// <summary>Has something happen at a time; now, where that is over.</summary>
    public void At(long time, Action action) => _events.Enqueue(action, (Math.Max(time, Now), _order++));

    /// <summary>Has something happen after so many microseconds.</summary>
    public void After(long delay, Action action) => At(Now + delay, action);

    /// <summary>Runs the next event.</summary>
    /// <returns>False where there is none.</returns>
    public bool RunNext()
    {
        if (!_events.TryDequeue(out var action, out var when))
        {
            return false;
        }

        Now = when.At;
        Ran++;
        action();
        return true;
    }
}
