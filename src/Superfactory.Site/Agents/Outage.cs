namespace Superfactory.Site.Agents;

/// <summary>Says once that the control plane cannot be reached, again from time to time, and when it is back. Not thread-safe.</summary>
internal sealed class Outage
{
    /// <summary>How often an outage that goes on is said again.</summary>
    private static readonly TimeSpan SayAgain = TimeSpan.FromSeconds(60);

    private readonly Uri _control;
    private readonly Action<string> _say;
    private readonly TimeProvider _clock;
    private long? _began;
    private long _said;

    /// <summary>No outage.</summary>
    /// <param name="control">The control plane's address.</param>
    /// <param name="say">Tells people.</param>
    /// <param name="clock">Measures the outage.</param>
    public Outage(Uri control, Action<string> say, TimeProvider clock) => (_control, _say, _clock) = (control, say, clock);

    /// <summary>Notes that a call failed.</summary>
    /// <param name="why">What happened instead, without a full stop.</param>
    public void Failed(string why)
    {
        var now = _clock.GetTimestamp();
        if (_began is null || _clock.GetElapsedTime(_said, now) >= SayAgain)
        {
            _say($"cannot reach the control plane at {_control}: {why}; trying again");
            _said = now;
        }

        _began ??= now;
    }

    /// <summary>Notes that a call succeeded.</summary>
    /// <returns>Whether calls had failed before it.</returns>
    public bool Over()
    {
        if (_began is not { } began)
        {
            return false;
        }

        _say($"reached the control plane at {_control} again after {_clock.GetElapsedTime(began).TotalSeconds:0.0} s");
        _began = null;
        return true;
    }
}
