using System.Net.Sockets;
using Superfactory.Wan.Measuring;

namespace Superfactory.Wan.Transport;

/// <summary>
/// Lets a reader sleep until much of a long frame is here, where bytes come fast: a link brings a few packets at a time, thousands of
/// times a second, and to wake, decrypt and look for each costs more than all that is done with them. What a frame still lacks is on its
/// way for certain, so nothing is waited for that may not come, and the frame's end is always read at once. One thread expects, another looks.
/// </summary>
/// <param name="socket">The connection; null where there is none, and then it does nothing.</param>
internal sealed class ReadPatience(Socket? socket)
{
    /// <summary>The most that is waited for: three TLS records, 4 ms at 100 Mbit/s.</summary>
    public const int BytesMax = 48 * 1024;

    /// <summary>The least that is worth it: a TLS record, which cannot be read before it is whole anyway.</summary>
    public const int BytesMin = 16 * 1024;

    /// <summary>
    /// What may have been taken from the socket already of what a frame still lacks: TLS reads into a buffer of 32 KiB, two records (.NET,
    /// <c>SslStream</c>), and a quarter as much for certainty.
    /// </summary>
    public const int ReadAheadMax = 40 * 1024;

    /// <summary>How long it takes at the link's rate for as much to come as is waited for: 4 ms, so that a link that falls silent is noticed as before.</summary>
    public const double SecondsMax = 0.004;

    private readonly Lock _guard = new();
    private int _missing;
    private double _bytesPerSecond;
    private int _set = 1;
    private long _bytes;
    private long _lookedAt;

    /// <summary>How many bytes the socket is to hold before a reader is woken.</summary>
    /// <param name="missing">What the frame that is being read still lacks.</param>
    /// <param name="bytesPerSecond">How fast bytes come.</param>
    /// <returns>1, or more where so many will certainly come to the socket, and soon.</returns>
    public static int Threshold(int missing, double bytesPerSecond)
    {
        var bytes = (int)Math.Min(Math.Min(BytesMax, missing - ReadAheadMax), bytesPerSecond * SecondsMax);
        return bytes >= BytesMin ? bytes : 1;
    }

    /// <summary>The reader is about to wait for the rest of a frame.</summary>
    /// <param name="missing">What it lacks; 0 where no frame has begun.</param>
    public void Expect(int missing)
    {
        if (socket is null)
        {
            return;
        }

        lock (_guard)
        {
            _missing = missing;
            Set();
        }
    }

    /// <summary>A few times a second: finds how fast bytes come. A link that has become slow is waited for no longer.</summary>
    /// <param name="bytesRead">Bytes read so far.</param>
    /// <param name="now">The time, in ticks.</param>
    public void Look(long bytesRead, long now)
    {
        if (socket is null || now <= _lookedAt)
        {
            return;
        }

        lock (_guard)
        {
            _bytesPerSecond = _lookedAt == 0 ? 0 : (bytesRead - _bytes) / TimeSpan.FromTicks(now - _lookedAt).TotalSeconds;
            (_bytes, _lookedAt) = (bytesRead, now);
            Set();
        }
    }

    private void Set()
    {
        var wanted = Threshold(_missing, _bytesPerSecond);
        if (wanted != _set)
        {
            _set = wanted;
            TcpTuning.WakeAt(socket, wanted);
        }
    }
}
