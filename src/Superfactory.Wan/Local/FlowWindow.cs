using Superfactory.Model.Wan;
using Superfactory.Wan.Frames;

namespace Superfactory.Wan.Local;

/// <summary>How much of each class may be on its way from one endpoint to another and not yet taken by it. This bounds the memory of both gateways and of the receiver.</summary>
internal static class FlowWindow
{
    /// <summary>What a message counts beside its payload: the bookkeeping of three processes, so that many small ones count too.</summary>
    public const int MessageOverheadBytes = 256;

    /// <summary>Two of the longest messages.</summary>
    private const long ControlBytes = 2L << 20;

    /// <summary>10 Gbit/s over 13 ms.</summary>
    private const long MergeBytes = 16L << 20;

    /// <summary>Half of what merges get.</summary>
    private const long BulkBytes = 8L << 20;

    /// <summary>The receiver gives a window back in parts of a quarter: the longest message still fits into the other three, 1.5 MiB and more.</summary>
    private const int ReturnedParts = 4;

    public static long Bytes(TrafficClass trafficClass) => trafficClass switch
    {
        TrafficClass.Control => ControlBytes,
        TrafficClass.Merge => MergeBytes,
        TrafficClass.Bulk => BulkBytes,
        _ => throw new ArgumentOutOfRangeException(nameof(trafficClass), trafficClass, null),
    };

    public static long ReturnAt(TrafficClass trafficClass) => Bytes(trafficClass) / ReturnedParts;

    /// <summary>What a frame counts.</summary>
    public static long Charge(int payloadBytes) => payloadBytes + MessageOverheadBytes;
}

/// <summary>What is on its way between one endpoint and each of the others, by registration and class. Not thread-safe.</summary>
internal sealed class FlowLedger
{
    private readonly Dictionary<(long Registration, TrafficClass Class), long> _underWay = [];

    /// <summary>Takes note of a message; false where it exceeds the window.</summary>
    public bool TryCharge(long registration, Frame frame)
    {
        var underWay = _underWay.GetValueOrDefault((registration, frame.Class)) + FlowWindow.Charge(frame.Payload.Length);
        if (underWay > FlowWindow.Bytes(frame.Class))
        {
            return false;
        }

        _underWay[(registration, frame.Class)] = underWay;
        return true;
    }

    /// <summary>Takes note that some was taken; false where that much was not under way.</summary>
    public bool TryReturn(long registration, TrafficClass trafficClass, long bytes)
    {
        var left = _underWay.GetValueOrDefault((registration, trafficClass)) - bytes;
        if (left < 0)
        {
            return false;
        }

        _underWay[(registration, trafficClass)] = left;
        return true;
    }

    /// <summary>Forgets a registration that is gone.</summary>
    public void Forget(long registration)
    {
        foreach (var trafficClass in Enum.GetValues<TrafficClass>())
        {
            _underWay.Remove((registration, trafficClass));
        }
    }
}
