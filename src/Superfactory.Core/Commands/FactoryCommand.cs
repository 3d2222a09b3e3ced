using System.Collections.Immutable;
using Superfactory.Model.Agents;
using Superfactory.Model.Copies;
using Superfactory.Model.Jobs;

namespace Superfactory.Core.Commands;

/// <summary>What enters the factory from outside. The hierarchy is closed. A command is decided by <see cref="Factory.Accept"/>.</summary>
public abstract record FactoryCommand
{
    private protected FactoryCommand()
    {
    }
}

/// <summary>A site's agent says hello.</summary>
/// <param name="Site">The site's name.</param>
/// <param name="Hello">What it says of itself.</param>
public sealed record JoinSite(string Site, AgentHello Hello) : FactoryCommand;

/// <summary>A site's agent leaves in good order.</summary>
/// <param name="Site">The site's name.</param>
/// <param name="Session">The agent's session.</param>
public sealed record LeaveSite(string Site, string Session) : FactoryCommand;

/// <summary>A site's agent is heard and tells how its gangs are.</summary>
/// <param name="Site">The site's name.</param>
/// <param name="Session">The agent's session.</param>
/// <param name="Gangs">Every gang that the agent knows of.</param>
public sealed record ReportGangs(string Site, string Session, ImmutableArray<GangReport> Gangs) : FactoryCommand
{
    /// <summary>Every copy that the agent has a part in.</summary>
    public ImmutableArray<CopyReport> Copies { get; init; } = [];

    /// <summary>Every checkpoint that lies at the site; null where nothing has changed.</summary>
    public ImmutableArray<CheckpointReport>? Checkpoints { get; init; }

    /// <summary>The corpora that lie at the site; null where nothing has changed.</summary>
    public ImmutableArray<CorpusReport>? Corpora { get; init; }
}

/// <summary>A job is submitted.</summary>
/// <param name="Specification">The job, validated by itself; whether its sites exist is checked here.</param>
/// <param name="File">The file that it came from, for messages; null where it has none.</param>
public sealed record SubmitJob(JobSpecification Specification, string? File = null) : FactoryCommand;

/// <summary>The end of a job is asked for.</summary>
/// <param name="Job">The job's number.</param>
/// <param name="WholeArray">Whether all elements of its array are meant.</param>
public sealed record CancelJob(long Job, bool WholeArray = false) : FactoryCommand;

/// <summary>A copy between sites is asked for. One that is the same as another which has not ended is that one.</summary>
/// <param name="Source">What is copied.</param>
/// <param name="Destination">Where to.</param>
public sealed record RequestCopy(CopyPlace Source, CopyPlace Destination) : FactoryCommand;

/// <summary>The end of a copy is asked for.</summary>
/// <param name="Copy">The copy's number.</param>
public sealed record CancelCopy(long Copy) : FactoryCommand;

/// <summary>Time passed.</summary>
/// <param name="Heard">
/// When the agents were last heard, in milliseconds since 1970-01-01 UTC. A site that is not named was heard now: so the host gives every
/// site a full lease after its own restart, and none is lost to a clock that was set.
/// </param>
public sealed record Tick(ImmutableSortedDictionary<string, long> Heard) : FactoryCommand
{
    /// <summary>The sites that have been away for longer than the lease of their gangs and the margin, by a clock that nobody sets.</summary>
    public ImmutableSortedSet<string> LeasesOver { get; init; } = [];
}
