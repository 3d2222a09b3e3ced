using System.Collections.Immutable;

namespace Superfactory.Lab.Topology;

/// <summary>What a laboratory is to be: sites and the links between them. <see cref="LabTopologyFile"/> reads one from YAML and checks it. Immutable.</summary>
public sealed record LabTopology
{
    /// <summary>The most sites: as many as a job has islands.</summary>
    public const int SitesMax = 64;

    /// <summary>The laboratory's name, see <see cref="Superfactory.Model.FactoryName"/>; two of one name cannot be up at the same time on a machine.</summary>
    public required string Name { get; init; }

    /// <summary>The sites by name, each once, 1 to <see cref="SitesMax"/>.</summary>
    public required ImmutableArray<string> Sites { get; init; }

    /// <summary>The links, at most one between two sites. Together they join all sites.</summary>
    public required ImmutableArray<LabLink> Links { get; init; }

    /// <summary>The TCP congestion control inside the sites, such as <c>bbr</c>; null for the machine's own default, which is the default.</summary>
    public string? CongestionControl { get; init; }

    /// <summary>What loss and jitter are drawn from: the same seed loses the same packets of the same traffic. Default 1.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>The link between two sites, in either order; null where there is none.</summary>
    public LabLink? Find(string first, string second)
    {
        foreach (var link in Links)
        {
            if ((link.A == first && link.B == second) || (link.A == second && link.B == first))
            {
                return link;
            }
        }

        return null;
    }
}
