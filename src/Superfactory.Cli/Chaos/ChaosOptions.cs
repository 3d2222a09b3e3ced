using System.Collections.Immutable;
using Superfactory.Model.Jobs;

namespace Superfactory.Cli.Chaos;

/// <summary>What <c>superfactory chaos</c> was asked for. Immutable.</summary>
internal sealed record ChaosOptions
{
    /// <summary>The fewest sites: with one lost the others still merge.</summary>
    public const int SitesMin = 3;

    /// <summary>The most sites that have a name.</summary>
    public const int SitesMax = 8;

    /// <summary>The shortest time of faults, in minutes: one fault.</summary>
    public const double MinutesMin = 0.2;

    /// <summary>The longest time of faults, in minutes: a day.</summary>
    public const int MinutesMax = 1440;

    /// <summary>Sites, <see cref="SitesMin"/> to <see cref="SitesMax"/>.</summary>
    public required int Sites { get; init; }

    /// <summary>How long faults happen.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>What faults, their targets and their times are drawn from.</summary>
    public required long Seed { get; init; }

    /// <summary>What the job merges, and when.</summary>
    public SyncMode Mode { get; init; } = SyncMode.Diloco;

    /// <summary>The kinds of faults; empty for all that can happen where it runs, but for those of whole islands.</summary>
    public ImmutableArray<ChaosKind> Kinds { get; init; } = [];

    /// <summary>Whether to stay on loopback even where a laboratory could be set up.</summary>
    public bool Loopback { get; init; }

    /// <summary>Where the report goes as JSON; null nowhere.</summary>
    public string? JsonFile { get; init; }

    /// <summary>Whether the directory with state and logs is left.</summary>
    public bool Keep { get; init; }
}
