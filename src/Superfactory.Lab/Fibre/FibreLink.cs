using Superfactory.Lab.Running;
using Superfactory.Lab.Topology;

namespace Superfactory.Lab.Fibre;

/// <summary>A link at work: both directions and what they were last asked to be. Used on the loop's thread only once the loop runs.</summary>
internal sealed class FibreLink : IDisposable
{
    private const long NanosecondsPerTick = 100;

    private readonly TunDevice _a;
    private readonly TunDevice _b;
    private LabLink _link;

    /// <summary>Joins two devices.</summary>
    /// <param name="link">What the link is to be.</param>
    /// <param name="a">The device in the first site.</param>
    /// <param name="b">The device in the other one.</param>
    /// <param name="seed">What loss and jitter are drawn from.</param>
    public FibreLink(LabLink link, TunDevice a, TunDevice b, ulong seed)
    {
        (_link, _a, _b) = (link, a, b);
        There = new Lane(new LaneModel(LaneSettings.Of(link, link.There), seed), a, b);
        Back = new Lane(new LaneModel(LaneSettings.Of(link, link.Back), ~seed), b, a);
    }

    /// <summary>From the first site to the other one.</summary>
    public Lane There { get; }

    /// <summary>From the other site to the first one.</summary>
    public Lane Back { get; }

    /// <summary>What the link was last asked to be.</summary>
    public LabLink Link => _link;

    /// <summary>Cuts or restores both directions.</summary>
    public void Cut(bool isCut)
    {
        There.Cut(isCut);
        Back.Cut(isCut);
    }

    /// <summary>Makes the link another one, while packets are under way.</summary>
    public void Become(long now, LabLink link)
    {
        _link = link;
        There.Change(now, LaneSettings.Of(link, link.There));
        Back.Change(now, LaneSettings.Of(link, link.Back));
    }

    /// <summary>How it is.</summary>
    public LinkStatus Status(long now) => new()
    {
        A = _link.A, B = _link.B, IsCut = There.Model.IsCut, RoundTrip = _link.RoundTrip, Mtu = _link.Mtu,
        There = Status(now, There, _link.There), Back = Status(now, Back, _link.Back),
    };

    /// <inheritdoc/>
    public void Dispose()
    {
        There.Dispose();
        Back.Dispose();
        _a.Dispose();
        _b.Dispose();
    }

    private static DirectionStatus Status(long now, Lane lane, LabDirection direction) => new()
    {
        Bandwidth = direction.Bandwidth, Jitter = direction.Jitter, Loss = direction.Loss,
        QueueBytesMax = lane.Model.Settings.QueueBytes, QueueBytes = lane.Model.QueuedBytes(now),
        Packets = lane.Model.Counters.DeliveredPackets, Bytes = lane.Model.Counters.DeliveredBytes,
        BytesPerSecond = lane.Meter.BytesPerSecond(now),
        QueueDrops = lane.Model.Counters.QueueDrops, Losses = lane.Model.Counters.Losses, CutDrops = lane.Model.Counters.CutDrops,
        Refused = lane.Refused, LatePackets = lane.Late.Packets, LateWorst = TimeSpan.FromTicks(lane.Late.Worst / NanosecondsPerTick),
    };
}
