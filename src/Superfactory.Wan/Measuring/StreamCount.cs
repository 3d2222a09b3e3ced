namespace Superfactory.Wan.Measuring;

/// <summary>
/// Finds how many connections fill a link, by trying: while there is always more to send, one more is opened; if that carries
/// clearly more it stays, and the next one is tried, otherwise it is closed again and the question rests. Pure; not thread-safe.
/// </summary>
internal sealed class StreamCount(int streamsMin, int streamsMax)
{
    /// <summary>One for control, one for everything else.</summary>
    public const int AtFirst = 2;

    /// <summary>A further connection must bring this much.</summary>
    private const double Gain = 1.08;

    /// <summary>Two measurements that differ by less agree.</summary>
    private const double Steady = 0.05;

    /// <summary>A connection's first moments, in which it finds its rate, do not count.</summary>
    private static readonly long _settle = TimeSpan.FromSeconds(1).Ticks;

    /// <summary>How long a rate is measured.</summary>
    private static readonly long _measure = TimeSpan.FromSeconds(1).Ticks;

    /// <summary>How long a link is taken to be as it was found: at first, and at most. It doubles with each trial that brings nothing, since a new connection's search for its rate costs the others some.</summary>
    private static readonly long _restMin = TimeSpan.FromMinutes(1).Ticks;
    private static readonly long _restMax = TimeSpan.FromHours(1).Ticks;

    /// <summary>What a link carried before a trial is no measure of it when the trial could not be ended for so long.</summary>
    private static readonly long _trialMax = TimeSpan.FromSeconds(10).Ticks;

    private long _since;
    private long _triedSince;
    private double _bytes;
    private double _rateBefore;
    private double _rateLast;
    private long _restUntil;
    private long _rest = _restMin;

    /// <summary>How many there are to be.</summary>
    public int Wanted { get; private set; } = Math.Clamp(AtFirst, streamsMin, streamsMax);

    /// <summary>Whether one more is on trial.</summary>
    public bool IsTrying => _rateBefore > 0;

    /// <summary>Takes a moment's measurement.</summary>
    /// <param name="bytesPerSecond">What the link carried.</param>
    /// <param name="seconds">How long the moment was.</param>
    /// <param name="isFull">Whether there was more to send all the time.</param>
    /// <param name="now">The time, in ticks.</param>
    public void Add(double bytesPerSecond, double seconds, bool isFull, long now)
    {
        if (!isFull)
        {
            // Half a measurement says nothing. A trial waits for the next time that the link is full, and is given up without a verdict
            // where that does not come soon: a connection that was never judged must not stay.
            (_since, _bytes) = (0, 0);
            if (_rateBefore > 0 && now - _triedSince >= _trialMax)
            {
                (_rateBefore, Wanted) = (0, Wanted - 1);
            }

            return;
        }

        if (_since == 0)
        {
            (_since, _bytes) = (now, 0);
            return;
        }

        if (now - _since <= _settle)
        {
            return;
        }

        _bytes += bytesPerSecond * seconds;
        if (now - _since >= _settle + _measure)
        {
            Decide(_bytes / TimeSpan.FromTicks(now - _since - _settle).TotalSeconds, now);
            (_since, _bytes) = (now, 0);
        }
    }

    private void Decide(double rate, long now)
    {
        if (_rateBefore > 0)
        {
            var isWorthIt = rate >= Gain * _rateBefore;
            Wanted = isWorthIt ? Wanted : Wanted - 1;
            _restUntil = isWorthIt ? _restUntil : now + _rest;
            _rest = isWorthIt ? _restMin : Math.Min(2 * _rest, _restMax);
            _rateBefore = 0;
            if (!isWorthIt)
            {
                return;
            }
        }

        // What a link carried just after it began, or while BBR searched for its round trip, is less than it carries: two measurements
        // that agree are a base to compare with.
        var (before, isSteady) = (Math.Max(rate, _rateLast), Math.Abs(rate - _rateLast) <= Steady * rate);
        _rateLast = rate;
        if (isSteady && Wanted < streamsMax && now >= _restUntil)
        {
            (_rateBefore, _rateLast, _triedSince) = (before, 0, now);
            Wanted++;
        }
    }
}
