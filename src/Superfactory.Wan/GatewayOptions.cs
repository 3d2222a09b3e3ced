using Superfactory.Model.Units;
using Superfactory.Wan.Security;

namespace Superfactory.Wan;

/// <summary>How a <see cref="Gateway"/> is set up. Immutable.</summary>
public sealed record GatewayOptions
{
    /// <summary>The name of this gateway's site; 1 to 64 bytes of UTF-8.</summary>
    public required string Site { get; init; }

    /// <summary>Where other sites' gateways reach it, as <c>host:port</c>; port 0 takes a free one.</summary>
    public string Listen { get; init; } = "127.0.0.1:0";

    /// <summary>The path of the Unix socket at which this site's bridges reach it; a stale socket file there is replaced.</summary>
    public required string SocketPath { get; init; }

    /// <summary>The link to emulate between this gateway and every other; null where links are real. The other gateway emulates its own direction.</summary>
    public WanProfile? Wan { get; init; }

    /// <summary>How connections to other gateways are secured; by default not at all.</summary>
    public ILinkSecurity Security { get; init; } = NoSecurity.Instance;

    /// <summary>The fewest TCP connections of a link, 1 to <see cref="StreamsMax"/>; default 1. Where there are two or more, one of them carries control alone.</summary>
    public int StreamsMin { get; init; } = 1;

    /// <summary>The most TCP connections of a link, to 64; default 8. Between the two bounds the gateway measures how many fill the link.</summary>
    public int StreamsMax { get; init; } = 8;

    /// <summary>What each class gets of a full link.</summary>
    public ClassFloors Floors { get; init; } = new();

    /// <summary>Told what people should know of, from any thread; must return soon and not throw.</summary>
    public Action<GatewayNotice>? Notice { get; init; }

    /// <summary>Where time comes from.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
