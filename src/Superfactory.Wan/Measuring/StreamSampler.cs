using System.Net.Sockets;

namespace Superfactory.Wan.Measuring;

/// <summary>What a connection did since it was last looked at.</summary>
/// <param name="BytesAcknowledged">Bytes that arrived.</param>
/// <param name="BytesSentAgain">Bytes that TCP sent again.</param>
/// <param name="SegmentsSent">Segments sent.</param>
/// <param name="SegmentsSentAgain">Segments sent again.</param>
/// <param name="DeliveryRate">The rate that TCP measured while it was not short of bytes, in bytes per second; 0 where it measured none.</param>
internal readonly record struct StreamSample(long BytesAcknowledged, long BytesSentAgain, long SegmentsSent, long SegmentsSentAgain, long DeliveryRate);

/// <summary>Looks at one connection now and then. For one caller at a time.</summary>
internal sealed class StreamSampler(Socket? socket)
{
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
            info.IsLimitedBySender ? 0 : info.DeliveryRate);
        _before = info;
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
}
