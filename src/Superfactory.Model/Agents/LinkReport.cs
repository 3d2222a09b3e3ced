using System.Collections.Immutable;
using Superfactory.Model.Wan;

namespace Superfactory.Model.Agents;

/// <summary>How one link of a gateway is, from its start.</summary>
public sealed record LinkReport
{
    /// <summary>The site at the other end.</summary>
    public required string Peer { get; init; }

    /// <summary>Whether a connection is open.</summary>
    public required bool Connected { get; init; }

    /// <summary>Bytes written to the link's sockets.</summary>
    public required long BytesSent { get; init; }

    /// <summary>Bytes read from the link's sockets.</summary>
    public required long BytesReceived { get; init; }

    /// <summary>How often a connection had to be made again.</summary>
    public long Reconnects { get; init; }

    /// <summary>Frames refused as oversized, corrupt or of another protocol, each of which closed its connection.</summary>
    public long FramesRefused { get; init; }

    /// <summary>Frames of other sites that were to go on over this link and were dropped, because it was down or more waited than may; their senders send them again.</summary>
    public long FramesDropped { get; init; }

    /// <summary>The smoothed round-trip time in milliseconds; 0 before it is known.</summary>
    public double RoundTripMilliseconds { get; init; }

    /// <summary>TCP connections that are open.</summary>
    public int Streams { get; init; }

    /// <summary>How the connections are encrypted: <c>tls1.3</c> or <c>none</c>.</summary>
    public string Encryption { get; init; } = "none";

    /// <summary>The share of segments that TCP sent again lately, 0 to 1.</summary>
    public double Loss { get; init; }

    /// <summary>Bytes that TCP or the gateways sent again, from the start.</summary>
    public long BytesRetransmitted { get; init; }

    /// <summary>What the link carries when it is full, in bytes per second, as measured; 0 before it is known.</summary>
    public long AchievableBytesPerSecond { get; init; }

    /// <summary>How long there was more to send than it carried, in milliseconds, from the start.</summary>
    public long FullMilliseconds { get; init; }

    /// <summary>The link's traffic by class, in the order of <see cref="TrafficClass"/>.</summary>
    public ImmutableArray<LinkClassReport> Classes { get; init; } = [];
}

/// <summary>One class of a gateway's traffic to one site.</summary>
public sealed record LinkClassReport
{
    /// <summary>The class.</summary>
    public required TrafficClass Class { get; init; }

    /// <summary>Payload and framing sent in the last second.</summary>
    public long BytesPerSecond { get; init; }

    /// <summary>Sent and not acknowledged.</summary>
    public long InFlightBytes { get; init; }

    /// <summary>Waiting to be sent.</summary>
    public long WaitingBytes { get; init; }

    /// <summary>What the control plane grants, in bytes per second; null where it sets no limit.</summary>
    public long? GrantedBytesPerSecond { get; init; }

    /// <summary>The ways that its traffic takes, each a list of sites from this one to the peer, the most used first.</summary>
    public ImmutableArray<ImmutableArray<string>> Routes { get; init; } = [];
}
