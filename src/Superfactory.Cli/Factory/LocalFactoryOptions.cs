using System.Collections.Immutable;

namespace Superfactory.Cli.Factory;

/// <summary>What a factory on this machine consists of. Immutable.</summary>
internal sealed record LocalFactoryOptions
{
    /// <summary>The names of sites, in the order in which a demo takes them: places where large datacenters stand.</summary>
    public static ImmutableArray<string> SiteNames { get; } =
        ["wisconsin", "atlanta", "iowa", "texas", "ohio", "virginia", "oregon", "arizona"];

    /// <summary>Where the control plane listens; port 0 takes a free one.</summary>
    public required string Listen { get; init; }

    /// <summary>The state directory of the control plane and of all sites.</summary>
    public required string StateDirectory { get; init; }

    /// <summary>The directory of corpora that all sites share.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>The sites' names.</summary>
    public required ImmutableArray<string> Sites { get; init; }

    /// <summary>The emulated link between sites as <c>--wan</c> takes it.</summary>
    public required string Wan { get; init; }

    /// <summary>Whether the links between the sites go without encryption; otherwise they get certificates of an authority that is thrown away at once.</summary>
    public bool InsecureWan { get; init; }

    /// <summary>Gangs that each site runs at the same time.</summary>
    public int Slots { get; init; } = 1;

    /// <summary>Cores that each site's gangs share: this machine's, divided among the sites, at least one.</summary>
    public int CoresPerSite => Math.Max(1, Environment.ProcessorCount / Sites.Length);
}
