namespace Superfactory.Wan.Measuring;

/// <summary>
/// Bounds the rate of a connection that is full of bulk to what the link carries, so that no queue stands in the link which control and merges would
/// wait behind. BBR takes bytes that arrive in bunches for a faster link, by some percent, and sends as much faster, until twice what fits on the way
/// is in it (Linux, <c>tcp_bbr.c</c>, <c>cwnd_gain</c>): a queue as long as the link. What arrived over 0.4 s is a better measure. That holds in BBR's
/// search too, which never ends where bulk has pauses: as long as it finds more, the link is seen to carry more and more. Pure; not thread-safe.
/// </summary>
internal sealed class BulkCeiling
{
    /// <summary>No bound.</summary>
    public const long None = PacingCeiling.None;

    /// <summary>Of what the link carries: so little less that a queue shrinks.</summary>
    private const double Steady = 0.99;

    /// <summary>The same while there is a queue: in the 200 ms from one look to the next one of 10 ms empties, and the link stays full as long as there is one.</summary>
    private const double Draining = 0.95;

    /// <summary>Round trips that are longer than the least by this many microseconds and by a fifth show a queue.</summary>
    private const int QueueMicrosecondsMin = 3000;

    private const int QueueShare = 5;

    /// <summary>Looks, five a second, after which a queue is not this connection's to empty: the way became longer, or others fill it.</summary>
    private const int DrainLooksMax = 10;

    /// <summary>Looks until it is tried again: 20 s, so that trying in vain costs half a hundredth of the link.</summary>
    private const int RestLooks = 100;

    /// <summary>Of so many looks one lets more leave than the link was found to carry, to find out whether it carries more: less than the two seconds for which a rate is remembered.</summary>
    private const int SearchEvery = 8;

    /// <summary>
    /// How much more: a look of 200 ms leaves a queue of 12 ms where the link does not carry it, which the next ones empty. BBR, left free, would fill
    /// a queue as long as the link.
    /// </summary>
    private const double Search = 1.06;

    /// <summary>A link that carries so much more than at the last look is growing, and BBR is left free to follow: what is known is a mean of two looks, of which a search is one.</summary>
    private const double Growth = 1.02;

    private double _known;
    private int _looks;
    private int _drained;
    private int _rest;

    /// <summary>The bound that follows from a look at the connection, in bytes a second.</summary>
    /// <param name="bytesPerSecond">The connection's share of what the link carries when it is full; 0 where that is not known.</param>
    /// <param name="roundTripMicroseconds">Its smoothed round trip.</param>
    /// <param name="leastMicroseconds">The least round trip of the link's connections that is known.</param>
    /// <param name="isBulkAlone">Whether it has bulk and no merge is under way, which this could delay. It need not be full: what sends in bursts leaves a queue too.</param>
    public long Look(long bytesPerSecond, int roundTripMicroseconds, int leastMicroseconds, bool isBulkAlone)
    {
        var isGrowing = bytesPerSecond > Growth * _known;
        _known = bytesPerSecond;
        _rest = Math.Max(0, _rest - 1);
        if (!isBulkAlone || bytesPerSecond == 0)
        {
            (_looks, _drained) = (0, 0);
            return None;
        }

        if (isGrowing)
        {
            return None;
        }

        if (++_looks % SearchEvery == 0)
        {
            return (long)(bytesPerSecond * Search);
        }

        var waited = roundTripMicroseconds - leastMicroseconds;
        if (_rest > 0 || waited < Math.Max(QueueMicrosecondsMin, leastMicroseconds / QueueShare))
        {
            _drained = 0;
            return (long)(bytesPerSecond * Steady);
        }

        (_drained, _rest) = _drained + 1 < DrainLooksMax ? (_drained + 1, 0) : (0, RestLooks);
        return (long)(bytesPerSecond * Draining);
    }
}
