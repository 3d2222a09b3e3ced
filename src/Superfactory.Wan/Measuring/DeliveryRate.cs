namespace Superfactory.Wan.Measuring;

/// <summary>
/// What a link delivers when it is full: the largest rate among the last moments in which it was, as in BBR (Cardwell and others,
/// "BBR: Congestion-Based Congestion Control", ACM Queue 14, 2016). A moment in which there was no more to send counts only where it
/// carried more than is known, since it shows no more than a lower bound, and the estimate ages with moments in which the link was
/// full: an idle link keeps what was found, and a chance peak is forgotten. Pure; not thread-safe.
/// </summary>
internal sealed class DeliveryRate
{
    /// <summary>Full moments that a rate counts for: two seconds.</summary>
    public const int MomentsKept = 10;

    /// <summary>Bytes that arrived in less time are taken to have taken this long: it is of the order of a round trip, in which bytes are under way and none arrive.</summary>
    private const double BusySecondsMin = 0.1;

    private readonly double[] _rates = new double[MomentsKept];
    private int _next;
    private (double Bytes, double Busy, double Seconds) _before;

    /// <summary>Takes a moment.</summary>
    /// <param name="bytes">Bytes that arrived.</param>
    /// <param name="busySeconds">How long bytes were under way, summed over the connections: they may have been busy one after the other.</param>
    /// <param name="seconds">How long the moment was.</param>
    /// <param name="isFull">Whether there was more to send all the time.</param>
    /// <returns>What the link carries, in bytes per second; 0 before it is known.</returns>
    public double Add(double bytes, double busySeconds, double seconds, bool isFull)
    {
        if (seconds <= 0)
        {
            return _rates.Max();
        }

        // Over two moments: bytes that were counted late in one are missing in the other.
        var moment = (Bytes: bytes, Busy: Math.Min(busySeconds, seconds), Seconds: seconds);
        var both = (Bytes: moment.Bytes + _before.Bytes, Busy: moment.Busy + _before.Busy, Seconds: seconds + _before.Seconds);
        _before = moment;
        if (isFull)
        {
            _rates[_next] = both.Bytes / both.Seconds;
            _next = (_next + 1) % MomentsKept;
            return _rates.Max();
        }

        var known = _rates.Max();
        var atLeast = both.Bytes / Math.Max(both.Busy, BusySecondsMin);
        if (atLeast <= known)
        {
            return known;
        }

        // In the place of the youngest, so that it ages with the moments that follow.
        _rates[(_next + MomentsKept - 1) % MomentsKept] = atLeast;
        return atLeast;
    }
}
