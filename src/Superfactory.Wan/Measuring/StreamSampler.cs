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

/// <summary>Looks at one connection now and then. For one caller at a time.</summary>
internal sealed class StreamSampler(Socket? socket)
{
    private readonly PacingCeiling _ceiling = new();
    private long _paced = PacingCeiling.None;
    private TcpInfo _before;
    private int _notSentMax = TcpTuning.NotSentBytesMin;

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
        _before = info;
        Pace(info);
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

    private void Pace(in TcpInfo info)
    {
        if (BbrInfo.Read(socket!) is { } bbr && _ceiling.Look(bbr, info.RoundTripMicroseconds) is var ceiling && ceiling != _paced)
        {
            _paced = ceiling;
            TcpTuning.LimitRate(socket, ceiling);
        }
    }
}
