using System.Collections.Immutable;
using Superfactory.Model.Copies;
using Superfactory.Model.Jobs;
using Superfactory.Model.Wan;

namespace Superfactory.Model.Agents;

/// <summary>
/// What a site is to run and whom it can reach (<c>GET /v1/agents/{site}/instructions?session=S&amp;after=REVISION&amp;routes=ROUTES_REVISION&amp;wait_ms=N</c>).
/// It is the whole of it, not a change: the agent starts what is missing and stops what is not listed.
/// </summary>
public sealed record AgentInstructions
{
    /// <summary>Rises with every change; the agent asks for what comes after the one it has.</summary>
    public required long Revision { get; init; }

    /// <summary>The gangs that are to run here.</summary>
    public ImmutableArray<GangAssignment> Gangs { get; init; } = [];

    /// <summary>The copies that this site has a part in.</summary>
    public ImmutableArray<CopyAssignment> Copies { get; init; } = [];

    /// <summary>The checkpoints that are to lie at this site, or to be deleted there. One that is not listed stays as it is.</summary>
    public ImmutableArray<CheckpointAssignment> Checkpoints { get; init; } = [];

    /// <summary>The other sites' gateways.</summary>
    public ImmutableArray<PeerGateway> Peers { get; init; } = [];

    /// <summary>Changes with <see cref="Routes"/>, which follow from measurements and come anew about once a second while links are contended.</summary>
    public long RoutesRevision { get; init; }

    /// <summary>What is granted to this site's traffic; what is missing takes the best way there is, without a limit.</summary>
    public ImmutableArray<WanRoute> Routes { get; init; } = [];
}

/// <summary>Another site's gateway.</summary>
/// <param name="Site">The site.</param>
/// <param name="Endpoint">Where it listens, as <c>host:port</c>.</param>
public sealed record PeerGateway(string Site, string Endpoint);

/// <summary>One island of a run, to be run at a site. A gang is named by its job and incarnation: a new incarnation replaces an old one.</summary>
public sealed record GangAssignment
{
    /// <summary>The job, and with it the run.</summary>
    public required long Job { get; init; }

    /// <summary>The island's name: its site.</summary>
    public required string Island { get; init; }

    /// <summary>Rises from 1 each time this island is started anew without its memory.</summary>
    public required int Incarnation { get; init; }

    /// <summary>Who is a member of the run now.</summary>
    public required RunEpoch Epoch { get; init; }

    /// <summary>What it is told of checkpoints; null from a control plane that knows of none.</summary>
    public GangCheckpoints? Checkpoints { get; init; }

    /// <summary>Its place in the array that the job is an element of; null where it is none.</summary>
    public Views.ArrayPlace? Array { get; init; }

    /// <summary>The gang of a role that it is, which has no bridge; null where it is an island.</summary>
    public RolePlace? Role { get; init; }

    /// <summary>The kind of hardware that it got; null where the job names a single one.</summary>
    public string? Hardware { get; init; }

    /// <summary>The accelerators, or slots of processors, that it got; null where the job says one size.</summary>
    public int? Accelerators { get; init; }

    /// <summary>The racks and nodes that it got an equal slice of each of, by their paths in the fleet file, where the fleet places the site; else empty.</summary>
    public ImmutableArray<string> Places { get; init; } = [];

    /// <summary>The job as submitted, with its sites resolved to names.</summary>
    public required JobSpecification Specification { get; init; }
}
