namespace Superfactory.Wan.Measuring;

/// <summary>
/// Bounds the rate of a connection that BBR has not seen full for long. BBR searches for a link's rate by sending almost three times as
/// fast as it has seen bytes arrive, and ends the search when a link that always has more to send grows no faster for three rounds;
/// bursts of a few round trips, as merges are, end before that, so that each of them would overrun the link's queue and lose what
/// does not fit. Where a queue shows that the rate has been found, it is gone over by a quarter only, as BBR does once it has ended its search. Pure; not thread-safe.
/// </summary>
internal sealed class PacingCeiling
{
    /// <summary>No ceiling.</summary>
    public const long None = long.MaxValue;

    /// <summary>Pacing gains of the search are 2/ln 2 = 2.89; in all other states they are at most 1.25 (Linux, tcp_bbr.c).</summary>
    private const double SearchGainMin = 2;

    /// <summary>Round trips this much over the smallest are a queue.</summary>
    private const double QueueRatio = 1.25;

    /// <summary>A queue holds more than this, in bytes: the first frames of a connection are answered late for other reasons.</summary>
    private const double QueueBytesMin = 64 * 1024;

    /// <summary>How much faster than was seen a connection may be: what BBR itself probes with, enough to find out that a link has become faster, and too little to overrun a queue within a round trip.</summary>
    private const double Headroom = 1.25;

    /// <summary>How many times the link's rate BBR may see at most where bytes arrive in bunches, as the fibre of the laboratory and interrupts bring them.</summary>
    private const double Bunching = 1.5;

    private bool _found;

    /// <summary>The ceiling that follows from a look at the connection, in bytes a second.</summary>
    /// <param name="bbr">What BBR knows.</param>
    /// <param name="roundTripMicroseconds">The smoothed round trip.</param>
    /// <param name="knownBytesPerSecond">
    /// The connection's share of what the link was measured to carry; 0 where that is not known. To send as fast overruns nothing, and the queue may
    /// be what the connection of the shift before it left: bounded by what it has seen so far alone, a new one would end its search far below the link's
    /// rate. And what BBR sees of bytes that arrive in bunches is not what the link carries, in a search that never ends where there are pauses.
    /// </param>
    public long Look(in BbrInfo bbr, int roundTripMicroseconds, long knownBytesPerSecond)
    {
        if (bbr.PacingGain < SearchGainMin)
        {
            _found = false;
            return None;
        }

        var waited = roundTripMicroseconds - bbr.RoundTripMinMicroseconds;
        _found |= roundTripMicroseconds > QueueRatio * bbr.RoundTripMinMicroseconds && waited * 1e-6 * bbr.BytesPerSecond > QueueBytesMin;
        if (!_found)
        {
            return None;
        }

        // What is known by far less than BBR sees is no more than a lower bound: the link was never full.
        var rate = bbr.BytesPerSecond > Bunching * knownBytesPerSecond ? bbr.BytesPerSecond : Math.Min(bbr.BytesPerSecond, knownBytesPerSecond);
        return Math.Max((long)(rate * Headroom), knownBytesPerSecond);
    }
}
