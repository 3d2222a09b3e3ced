namespace Superfactory.Wan.Measuring;

/// <summary>What a link carries, by what its connections did in the last moments. Pure; for one writer, read from any thread.</summary>
internal sealed class LinkMeter
{
    /// <summary>What came before counts half after 22 moments, some five seconds.</summary>
    private const double Memory = 0.97;

    private readonly DeliveryRate _delivery = new();
    private double _segmentsSent;
    private double _segmentsSentAgain;
    private long _achievable;
    private double _loss;
    private long _bytesSentAgain;
    private double _fullSeconds;

    /// <summary>What the link carries when it is full, in bytes per second; 0 before it is known.</summary>
    public long AchievableBytesPerSecond => Interlocked.Read(ref _achievable);

    /// <summary>How long there was more to send than it carried, from the start, in milliseconds.</summary>
    public long FullMilliseconds => (long)(Volatile.Read(ref _fullSeconds) * 1000);

    /// <summary>The share of segments that were sent again lately.</summary>
    public double Loss => Volatile.Read(ref _loss);

    /// <summary>Bytes that TCP sent again, from the start.</summary>
    public long BytesSentAgain => Interlocked.Read(ref _bytesSentAgain);

    /// <summary>Takes what all connections of the link did in a moment.</summary>
    /// <param name="moment">The sum over the connections.</param>
    /// <param name="seconds">How long the moment was.</param>
    /// <param name="isFull">Whether there was more to send all the time.</param>
    /// <returns>The rate of the moment, in bytes per second.</returns>
    public double Add(in StreamSample moment, double seconds, bool isFull)
    {
        _segmentsSent = (_segmentsSent * Memory) + moment.SegmentsSent;
        _segmentsSentAgain = (_segmentsSentAgain * Memory) + moment.SegmentsSentAgain;
        Volatile.Write(ref _loss, _segmentsSent > 0 ? Math.Min(1, _segmentsSentAgain / _segmentsSent) : 0);
        Volatile.Write(ref _fullSeconds, _fullSeconds + (isFull ? Math.Max(0, seconds) : 0));
        Interlocked.Add(ref _bytesSentAgain, Math.Max(0, moment.BytesSentAgain));
        Interlocked.Exchange(ref _achievable, (long)_delivery.Add(moment.BytesAcknowledged, moment.BusyMicroseconds / 1e6, seconds, isFull));
        return seconds > 0 ? moment.BytesAcknowledged / seconds : 0;
    }
}
