namespace Superfactory.Sync.Bridge.Peers.Direct;

/// <summary>
/// Keeps the connections of a transport alive: four times a second each says that its bridge runs, whatever that is doing, and one over
/// which nothing has come for two seconds is ended, for its peer is paused. Thread-safe.
/// </summary>
internal sealed class DirectPulse : IDisposable
{
    /// <summary>How often a bridge says that it runs, and looks: 250 ms, as between a bridge and its gateway.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    /// <summary>How long a peer may say nothing: 2 seconds, eight of its intervals, so that it is known within 3.</summary>
    public static readonly TimeSpan SilenceMax = TimeSpan.FromSeconds(2);

    /// <summary>The longest time between two looks in which a peer is believed to have been silent: 1 second. Whoever looks after longer was paused himself.</summary>
    public static readonly TimeSpan GapMax = TimeSpan.FromSeconds(1);

    private readonly Lock _guard = new();
    private readonly TimeProvider _time;
    private readonly Dictionary<DirectConnection, long> _heard = [];
    private readonly ITimer _timer;
    private long _looked;

    /// <summary>Begins, with no connection.</summary>
    public DirectPulse(TimeProvider time)
    {
        (_time, _looked) = (time, time.GetTimestamp());
        _timer = time.CreateTimer(static pulse => ((DirectPulse)pulse!).Beat(), this, Interval, Interval);
    }

    /// <summary>Watches a connection, also while its peer has not said who it is.</summary>
    public void Add(DirectConnection connection)
    {
        lock (_guard)
        {
            _heard.Add(connection, _time.GetTimestamp());
        }
    }

    /// <summary>Watches a connection no more. When this returns it is not used from here.</summary>
    public void Remove(DirectConnection connection)
    {
        lock (_guard)
        {
            _heard.Remove(connection);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    private void Beat()
    {
        lock (_guard)
        {
            var now = _time.GetTimestamp();
            var paused = _time.GetElapsedTime(_looked, now) > GapMax;
            _looked = now;
            foreach (var (connection, since) in _heard)
            {
                connection.Beat();
                if (connection.TakeHeard() || paused)
                {
                    _heard[connection] = now;
                }
                else if (_time.GetElapsedTime(since, now) >= SilenceMax)
                {
                    connection.Abandon();
                }
            }
        }
    }
}
