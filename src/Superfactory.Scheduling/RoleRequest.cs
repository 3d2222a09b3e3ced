using System.Collections.Immutable;
using Superfactory.Model.Fleet;

namespace Superfactory.Scheduling;

/// <summary>
/// Gangs of one shape that start with a job's islands or not at all, such as those that generate what a learner trains on: each whole at one site, several at the same
/// site where it has room. Immutable.
/// </summary>
public sealed record RoleRequest
{
    /// <summary>The most gangs of all roles of a job: each is placed by itself, in some microseconds.</summary>
    public const int GangsMax = 1024;

    /// <summary>Its name, once in the job.</summary>
    public required string Name { get; init; }

    /// <summary>Gangs of it, 1 or more; default 1.</summary>
    public int Count { get; init; } = 1;

    /// <summary>Accelerators of each gang, 1 or more.</summary>
    public required int Accelerators { get; init; }

    /// <summary>Kinds of hardware in order of preference; empty takes any but processors. Each gang gets one kind, and two gangs may get different ones.</summary>
    public ImmutableArray<string> Hardware { get; init; } = [];

    /// <summary>Memory that an accelerator must have, in GB; default 0.</summary>
    public int MemoryGigabytes { get; init; }

    /// <summary>What the slices of a gang must share; default the site.</summary>
    public Within Within { get; init; }

    /// <summary>Whether each gang takes the emptiest of the domains that have room, in place of the fullest; default false.</summary>
    public bool Spread { get; init; }

    /// <summary>Sites that it may use and no others; empty for all.</summary>
    public ImmutableArray<string> Sites { get; init; } = [];

    /// <summary>Sites that it would rather have, the best first.</summary>
    public ImmutableArray<string> PreferredSites { get; init; } = [];

    /// <summary>The share of its accelerators' peak power that it may draw, in thousandths, 1 to 1,000; default 1,000.</summary>
    public int PeakThousandths { get; init; } = 1000;
}
