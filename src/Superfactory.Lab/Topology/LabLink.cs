using Superfactory.Model.Units;

namespace Superfactory.Lab.Topology;

/// <summary>A link between two sites: two directions that know nothing of each other. Immutable.</summary>
public sealed record LabLink
{
    /// <summary>The site that the link is named after first.</summary>
    public required string A { get; init; }

    /// <summary>The other site.</summary>
    public required string B { get; init; }

    /// <summary>How long light is under way there and back; each direction takes half of it. 0 to <see cref="WanProfile.MaxRoundTrip"/>.</summary>
    public required TimeSpan RoundTrip { get; init; }

    /// <summary>The largest IP packet in bytes, headers included. 576 to 65,535, default 1,500.</summary>
    public int Mtu { get; init; } = 1500;

    /// <summary>From <see cref="A"/> to <see cref="B"/>.</summary>
    public required LabDirection There { get; init; }

    /// <summary>From <see cref="B"/> to <see cref="A"/>.</summary>
    public required LabDirection Back { get; init; }

    /// <summary>The direction that begins at <paramref name="site"/>, one of the link's two.</summary>
    public LabDirection From(string site) => site == A ? There : Back;

    /// <summary>
    /// The longest queue of a direction in bytes: what it says, else one bandwidth-delay product (bandwidth × round trip), the buffer with
    /// which a single flow that halves its window at a loss keeps the link busy (Villamizar and Song, 1994), and at least
    /// <see cref="LabDirection.QueuePacketsMin"/> packets of the MTU.
    /// </summary>
    public long QueueBytesOf(LabDirection direction)
    {
        ArgumentNullException.ThrowIfNull(direction);
        var product = (long)(direction.Bandwidth.BytesPerSecond * RoundTrip.TotalSeconds);
        return direction.QueueBytes ?? Math.Max(product, (long)LabDirection.QueuePacketsMin * Mtu);
    }
}

/// <summary>One direction of a link. Immutable.</summary>
public sealed record LabDirection
{
    /// <summary>Packets of the MTU that the default queue holds at least: the burst that one connection sends in its first rounds fits.</summary>
    public const int QueuePacketsMin = 64;

    /// <summary>Bits of IP packets, headers included, in a second. Over 0.</summary>
    public required Bandwidth Bandwidth { get; init; }

    /// <summary>
    /// How much a packet's delay differs from half the round trip, at most and either way, evenly distributed. 0 to half the round trip,
    /// default 0. Packets stay in order, so that under traffic closer together than this the mean delay rises towards the upper end.
    /// </summary>
    public TimeSpan Jitter { get; init; }

    /// <summary>The share of packets that are lost, each on its own. 0 to 1, default 0.</summary>
    public double Loss { get; init; }

    /// <summary>The longest queue in bytes of IP packets; a packet that does not fit is dropped. Null for the default, see <see cref="LabLink.QueueBytesOf"/>.</summary>
    public long? QueueBytes { get; init; }
}
