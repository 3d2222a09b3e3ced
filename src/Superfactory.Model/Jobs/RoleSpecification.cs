using System.Collections.Immutable;

namespace Superfactory.Model.Jobs;

/// <summary>Gangs of one shape that start with a job's islands or not at all. Each is a program of the user's own at one site, and merges nothing. Immutable.</summary>
public sealed record RoleSpecification
{
    /// <summary>The role of a job's own islands, as their processes are told.</summary>
    public const string Islands = "islands";

    /// <summary>The most roles of a job.</summary>
    public const int RolesMax = 16;

    /// <summary>The most gangs of all roles of a job: each is a job of its own to the sites.</summary>
    public const int GangsMax = 1_000;

    /// <summary>Gangs, 1 to <see cref="GangsMax"/> over all roles; default 1.</summary>
    public int Count { get; init; } = 1;

    /// <summary>Accelerators, or slots of processors, of each gang. At least 1, default 1.</summary>
    public int Accelerators { get; init; } = 1;

    /// <summary>The kind of hardware, a name of the catalogue; default <c>cpu</c>.</summary>
    public string Hardware { get; init; } = Fleet.HardwareCatalogue.Cpu;

    /// <summary>What all accelerators of a gang must share; default the site.</summary>
    public Fleet.Within Within { get; init; }

    /// <summary>Which of the racks and nodes with room its gangs get; default <see cref="JobPlacement.Pack"/>.</summary>
    public JobPlacement Placement { get; init; }

    /// <summary>The sites that its gangs take first, the best first; empty for none.</summary>
    public ImmutableArray<string> PreferredSites { get; init; } = [];

    /// <summary>The share of its accelerators' peak power that a gang may draw, over 0, up to 1; default 1.</summary>
    public double Peak { get; init; } = 1;

    /// <summary>The program and its arguments.</summary>
    public required ImmutableArray<string> Command { get; init; }

    /// <summary>Environment variables that every process gets in addition.</summary>
    public ImmutableSortedDictionary<string, string> Environment { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>Processes of each gang, started with the environment that torchrun gives. 1 to 64, default 1.</summary>
    public int Processes { get; init; } = 1;

    /// <summary>A gang of a role as a job of its own: one island at any site, which merges with nobody and saves nothing.</summary>
    /// <param name="job">The job.</param>
    /// <param name="name">The role's name.</param>
    public static JobSpecification Gang(JobSpecification job, string name)
    {
        ArgumentNullException.ThrowIfNull(job);
        ArgumentNullException.ThrowIfNull(name);
        var role = job.Roles[name];
        return job with
        {
            Sites = [], SiteCount = 1, IslandsMin = 0, Roles = job.Roles.Clear(), Accelerators = role.Accelerators, AcceleratorsMin = 0, Hardware = [role.Hardware], Memory = 0, Within = role.Within, Placement = role.Placement, PreferredSites = role.PreferredSites, Peak = role.Peak, Trainer = null, Command = role.Command,
            Data = null, Sync = new SyncSpecification(), Checkpoint = job.Checkpoint with { Every = 0 }, Island = new IslandSpecification { Processes = role.Processes }, Lanes = null, Wan = null,
            Environment = role.Environment, StartAfter = 0, Deadline = 0,
        };
    }
}

/// <summary>Which gang of which role of which job something is. Immutable.</summary>
/// <param name="Job">The job.</param>
/// <param name="Role">The role's name.</param>
/// <param name="Gang">Which gang of the role, from 0.</param>
/// <param name="Count">How many gangs the role has.</param>
public sealed record RolePlace(long Job, string Role, int Gang, int Count);
