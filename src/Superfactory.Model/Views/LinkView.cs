using System.Collections.Immutable;
using Superfactory.Model.Agents;

namespace Superfactory.Model.Views;

/// <summary>One direction of a link between two sites as the API shows it: what the sending gateway last reported.</summary>
public sealed record LinkView
{
    /// <summary>The site that sends.</summary>
    public required string From { get; init; }

    /// <summary>The site that receives.</summary>
    public required string To { get; init; }

    /// <summary>Whether a connection is open; false also where the sending site's agent is not heard.</summary>
    public required bool Connected { get; init; }

    /// <summary>When the sending site's agent was last heard, in milliseconds since 1970-01-01 UTC.</summary>
    public required long HeardUnixMilliseconds { get; init; }

    /// <summary>TCP connections that are open.</summary>
    public required int Streams { get; init; }

    /// <summary>How the connections are encrypted: <c>tls1.3</c> or <c>none</c>.</summary>
    public required string Encryption { get; init; }

    /// <summary>The smoothed round-trip time in milliseconds; 0 before it is known.</summary>
    public required double RoundTripMilliseconds { get; init; }

    /// <summary>The share of segments that TCP sent again lately, 0 to 1.</summary>
    public required double Loss { get; init; }

    /// <summary>What the link carries when it is full, in bytes per second, as measured; 0 before it is known.</summary>
    public required long AchievableBytesPerSecond { get; init; }

    /// <summary>Bytes written to the link's sockets since the gateway's start.</summary>
    public required long BytesSent { get; init; }

    /// <summary>Bytes read from the link's sockets since the gateway's start.</summary>
    public required long BytesReceived { get; init; }

    /// <summary>Bytes that TCP or the gateways sent again since the gateway's start.</summary>
    public required long BytesRetransmitted { get; init; }

    /// <summary>How often a connection had to be made again.</summary>
    public required long Reconnects { get; init; }

    /// <summary>Frames refused, each of which closed its connection.</summary>
    public required long FramesRefused { get; init; }

    /// <summary>Frames of other sites that the sending gateway relays over this link and had no room for; their senders send them again.</summary>
    public long FramesDropped { get; init; }

    /// <summary>The traffic from the one site to the other by class, whichever ways it takes.</summary>
    public ImmutableArray<LinkClassReport> Classes { get; init; } = [];

    /// <summary>Makes the view of a report.</summary>
    /// <param name="site">The site that reported.</param>
    /// <param name="isHeard">Whether its agent is heard.</param>
    /// <param name="heardUnixMilliseconds">When it was last heard.</param>
    /// <param name="report">What it reported.</param>
    public static LinkView Of(string site, bool isHeard, long heardUnixMilliseconds, LinkReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return new LinkView
        {
            From = site,
            To = report.Peer,
            Connected = isHeard && report.Connected,
            HeardUnixMilliseconds = heardUnixMilliseconds,
            Streams = report.Streams,
            Encryption = report.Encryption,
            RoundTripMilliseconds = report.RoundTripMilliseconds,
            Loss = report.Loss,
            AchievableBytesPerSecond = report.AchievableBytesPerSecond,
            BytesSent = report.BytesSent,
            BytesReceived = report.BytesReceived,
            BytesRetransmitted = report.BytesRetransmitted,
            Reconnects = report.Reconnects,
            FramesRefused = report.FramesRefused,
            FramesDropped = report.FramesDropped,
            Classes = report.Classes.IsDefault ? [] : report.Classes,
        };
    }
}
