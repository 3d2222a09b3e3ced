using System.Net.Sockets;

namespace Superfactory.Wan.Measuring;

/// <summary>What a connection did since it was last looked at.</summary>
/// <param name="BytesAcknowledged">Bytes that arrived.</param>
/// <param name="BytesSentAgain">Bytes that TCP sent again.</param>
/// <param name="SegmentsSent">Segments sent.</param>
/// <param name="SegmentsSentAgain">Segments sent again.</param>
/// <param name="BusyMicroseconds">How long bytes were under way or waiting.</param>
internal readonly record struct StreamSample(long BytesAcknowledged, long BytesSentAgain, long SegmentsSent, long SegmentsSentAgain, long BusyMicroseconds)
{
    /// <summary>What two connections of a link did together. They may have been busy one after the other: their times add up.</summary>
    public StreamSample Beside(in StreamSample other) => new(
        BytesAcknowledged + other.BytesAcknowledged,
        BytesSentAgain + other.BytesSentAgain,
        SegmentsSent + other.SegmentsSent,
        SegmentsSentAgain + other.SegmentsSentAgain,
        BusyMicroseconds + other.BusyMicroseconds);
}

/// <summary>Looks at one connection now and then. For one caller at a time, and beside it whoever sends merges.</summary>
internal sealed class StreamSampler(Socket? socket)
{
    private readonly PacingCeiling _ceiling = new();
    private readonly BulkCeiling _bulk = new();

    // What is known of the bound and what the kernel was told change together: two threads that told it in another order than they noted it would leave a bound for good.
    private readonly Lock _pacing = new();
    private long _searchBound = PacingCeiling.None;
    private long _paced = PacingCeiling.None;
    private volatile bool _isBulkBound;
    private TcpInfo _before;
    private long _carried;
    private int _notSentMax = TcpTuning.NotSentBytesMin;

    /// <summary>The smallest round trip that the kernel knows of, in microseconds; 2^31 − 1 where it knows none.</summary>
    public int RoundTripLeastMicroseconds => _before.RoundTripLeastMicroseconds > 0 ? _before.RoundTripLeastMicroseconds : int.MaxValue;

    /// <summary>What happened since the last time; nothing where the kernel does not say.</summary>
    public StreamSample Take()
    {
        if (socket is null || TcpInfo.Read(socket) is not { } info)
        {
            return default;
        }

        var sample = new StreamSample(
            info.BytesAcknowledged - _before.BytesAcknowledged,
            info.BytesSentAgain - _before.BytesSentAgain,
            info.SegmentsSent - _before.SegmentsSent,
            info.SegmentsSentAgain - _before.SegmentsSentAgain,
            info.BusyMicroseconds - _before.BusyMicroseconds);
        (_before, _carried) = (info, sample.BytesAcknowledged);
        return sample;
    }

    /// <summary>Bounds what waits in the kernel; small changes are not worth a call.</summary>
    public void LimitNotSent(int bytes)
    {
        if (Math.Abs(bytes - _notSentMax) > _notSentMax / 4)
        {
            _notSentMax = bytes;
            TcpTuning.LimitNotSent(socket, bytes);
        }
    }

    /// <summary>Bounds the rate at which the kernel sends, by what was seen the last time; most of the time there is no bound.</summary>
    /// <param name="bytesPerSecond">The connection's share of what the link carries when it is full.</param>
    /// <param name="leastMicroseconds">The least round trip of the link's connections.</param>
    /// <param name="isBulkAlone">Whether the link has bulk and no merge is under way.</param>
    public void Pace(long bytesPerSecond, int leastMicroseconds, bool isBulkAlone)
    {
        if (socket is null || BbrInfo.Read(socket) is not { } bbr)
        {
            return;
        }

        var roundTrip = _before.RoundTripMicroseconds;
        var isUsed = isBulkAlone && _carried >= TcpTuning.NotSentBytesMin;
        var search = _ceiling.Look(bbr, roundTrip, bytesPerSecond);
        var bulk = _bulk.Look(bytesPerSecond, roundTrip, leastMicroseconds, isUsed);
        lock (_pacing)
        {
            (_searchBound, _isBulkBound) = (search, bulk < search);
            Limit(Math.Min(search, bulk));
        }
    }

    /// <summary>A merge begins to leave: what bounds bulk does not wait for the next look to let it go. From any thread.</summary>
    public void FreeMerge()
    {
        // Looked at without the lock first: most frames find no bound.
        if (!_isBulkBound)
        {
            return;
        }

        lock (_pacing)
        {
            _isBulkBound = false;
            Limit(_searchBound);
        }
    }

    private void Limit(long bytesPerSecond)
    {
        if (_paced != bytesPerSecond)
        {
            _paced = bytesPerSecond;
            TcpTuning.LimitRate(socket, bytesPerSecond);
        }
    }
}
