namespace Superfactory.Wan.Measuring;

/// <summary>
/// Empties the queue that a connection full of bulk keeps in a link. BBR keeps as much under way as its least round trip asks for, and does not see
/// that a queue is in that: a connection that began while others filled the link, in either direction, takes their queue for the link's length and
/// keeps it there. Sending a tenth more slowly for a moment empties it, while the link stays full as long as there is one; BBR then sees the round
/// trip without it and keeps to that by itself. Pure; not thread-safe.
/// </summary>
internal sealed class QueueDrain
{
    /// <summary>No bound.</summary>
    public const long None = PacingCeiling.None;

    /// <summary>Round trips that are longer by this many microseconds and by a fifth show a queue; BBR's own search for more adds less on average.</summary>
    private const int QueueMicrosecondsMin = 4000;

    private const int QueueShare = 5;

    /// <summary>What share of its rate a connection sends at meanwhile: in the 200 ms from one look to the next a queue of 20 ms empties.</summary>
    private const double Share = 0.9;

    /// <summary>Looks, five a second, after which what is left is not this connection's to empty: the way became longer, or others fill it.</summary>
    private const int LooksMax = 5;

    /// <summary>Looks until it is tried again: 10 s, so that trying in vain costs no more than a hundredth of the link.</summary>
    private const int RestLooks = 50;

    private long _rate;
    private int _looks;
    private int _rest;

    /// <summary>The bound that follows from a look at the connection, in bytes a second.</summary>
    /// <param name="bytesPerSecond">The rate at which it sends, as BBR estimates it.</param>
    /// <param name="roundTripMicroseconds">Its smoothed round trip.</param>
    /// <param name="leastMicroseconds">The least round trip of the link's connections that is known.</param>
    /// <param name="isBulkAlone">Whether it is full of bulk and no merge is under way, which this could delay.</param>
    public long Look(long bytesPerSecond, int roundTripMicroseconds, int leastMicroseconds, bool isBulkAlone)
    {
        var waited = roundTripMicroseconds - leastMicroseconds;
        if (_rest > 0)
        {
            _rest--;
            return None;
        }

        if (!isBulkAlone || waited < Math.Max(QueueMicrosecondsMin, leastMicroseconds / QueueShare))
        {
            (_rate, _looks) = (0, 0);
            return None;
        }

        if (++_looks > LooksMax)
        {
            (_rate, _looks, _rest) = (0, 0, RestLooks);
            return None;
        }

        // BBR's estimate falls with what is sent meanwhile.
        _rate = Math.Max(_rate, bytesPerSecond);
        return (long)(_rate * Share);
    }
}
