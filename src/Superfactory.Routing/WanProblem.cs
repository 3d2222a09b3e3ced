using System.Collections.Immutable;

namespace Superfactory.Routing;

/// <summary>What is to be routed over what. Immutable; the order of sites, links and demands has no meaning.</summary>
public sealed record WanProblem
{
    /// <summary>The most sites of a problem. The work grows with sites × links, the memory with links².</summary>
    public const int MaxSites = 256;

    /// <summary>The most directed links: every pair of 24 sites, or 256 sites of four neighbours. 1,024² numbers take 8 MiB.</summary>
    public const int MaxLinks = 1024;

    /// <summary>The most demands: three classes between all pairs of 36 sites.</summary>
    public const int MaxDemands = 4096;

    /// <summary>All sites by name, each once.</summary>
    public required ImmutableArray<string> Sites { get; init; }

    /// <summary>The directed links, at most one from a site to another.</summary>
    public required ImmutableArray<WanLink> Links { get; init; }

    /// <summary>The demands, at most one from a site to another in a class.</summary>
    public required ImmutableArray<WanDemand> Demands { get; init; }

    /// <summary>What each class keeps of every link; nothing unless it is set.</summary>
    public ClassFloors Floors { get; init; } = ClassFloors.None;
}
