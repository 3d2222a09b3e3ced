namespace Superfactory.Wan.Local;

/// <summary>
/// Tells whether a bridge still runs. Its client says so four times a second, from a thread of its own that no merge holds up; where
/// nothing has come for two seconds, it is paused. Only time in which this gateway waited for it counts. Not thread-safe.
/// </summary>
internal sealed class LocalPulse(TimeProvider time)
{
    /// <summary>How often a client says that it runs, and a gateway looks: 250 ms, so that others know within 3 seconds.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    /// <summary>How long it may say nothing: 2 seconds, eight of its intervals.</summary>
    public static readonly TimeSpan SilenceMax = TimeSpan.FromSeconds(2);

    /// <summary>The longest time between two looks in which a client is believed to have been silent: 1 second. Whoever looks after longer was paused or busy itself.</summary>
    public static readonly TimeSpan GapMax = TimeSpan.FromSeconds(1);

    private bool _beats;
    private bool _waiting;
    private long _since;
    private long _looked;

    /// <summary>This side waits for what comes next.</summary>
    public void Wait() => (_waiting, _since) = (true, time.GetTimestamp());

    /// <summary>Something came, and is taken before the next <see cref="Wait"/>.</summary>
    public void Hear() => _waiting = false;

    /// <summary>It said that it runs: from now on it is expected to.</summary>
    public void Beat()
    {
        _looked = _beats ? _looked : time.GetTimestamp();
        _beats = true;
    }

    /// <summary>Whether it has said nothing for too long; to be asked every <see cref="Interval"/>.</summary>
    public bool IsSilent()
    {
        if (!_beats)
        {
            return false;
        }

        if (time.GetElapsedTime(_looked) > GapMax)
        {
            _since = time.GetTimestamp();
        }

        _looked = time.GetTimestamp();
        return _waiting && time.GetElapsedTime(_since) >= SilenceMax;
    }
}
