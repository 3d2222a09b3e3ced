using System.Collections.Immutable;
using Superfactory.Model.Agents;
using Superfactory.Model.Wan;

namespace Superfactory.Site.Gateways;

/// <summary>What an agent tells its gateway: one JSON object on a line; what is null stays as it is. Immutable.</summary>
internal sealed record GatewayOrder
{
    /// <summary>The other sites, all of them.</summary>
    public ImmutableArray<PeerGateway>? Peers { get; init; }

    /// <summary>What is granted to this site's traffic, all of it.</summary>
    public ImmutableArray<WanRoute>? Routes { get; init; }

    /// <summary>Whether it is to end.</summary>
    public bool Stop { get; init; }
}

/// <summary>What a gateway tells its agent, four times a second and first when the agent connects: one JSON object on a line. Immutable.</summary>
internal sealed record GatewayState
{
    /// <summary>Where it listens for other sites.</summary>
    public required string Endpoint { get; init; }

    /// <summary>How each link is.</summary>
    public required ImmutableArray<LinkReport> Links { get; init; }

    /// <summary>Connections that were closed before they were any link's.</summary>
    public long CallersRefused { get; init; }

    /// <summary>What people should know of and were not told yet.</summary>
    public ImmutableArray<string> Notices { get; init; } = [];
}
