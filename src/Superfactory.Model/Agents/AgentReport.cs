using System.Collections.Immutable;
using Superfactory.Model.Copies;

namespace Superfactory.Model.Agents;

/// <summary>What a site agent tells at least once a second (<c>POST /v1/agents/{site}/report</c>).</summary>
public sealed record AgentReport
{
    /// <summary>The agent's session.</summary>
    public required string Session { get; init; }

    /// <summary>Rises from 1 with each report of the session: one that comes behind a newer one says nothing. 0 from an agent that does not count.</summary>
    public long Number { get; init; }

    /// <summary>Every gang that the agent knows of, also those that ended, until they leave its instructions.</summary>
    public ImmutableArray<GangReport> Gangs { get; init; } = [];

    /// <summary>Every copy that the agent has a part in, also those that ended, until they leave its instructions.</summary>
    public ImmutableArray<CopyReport> Copies { get; init; } = [];

    /// <summary>Every checkpoint that lies at the site; null where nothing changed since the last report that was taken.</summary>
    public ImmutableArray<CheckpointReport>? Checkpoints { get; init; }

    /// <summary>The corpora that lie at the site; null where nothing changed since the last report that was taken.</summary>
    public ImmutableArray<CorpusReport>? Corpora { get; init; }

    /// <summary>Log lines since the last report that was taken.</summary>
    public ImmutableArray<LogLine> Logs { get; init; } = [];

    /// <summary>Measurements since the last report that was taken.</summary>
    public ImmutableArray<Measurement> Measurements { get; init; } = [];

    /// <summary>The gateway's links, as counted at its sockets.</summary>
    public ImmutableArray<LinkReport> Links { get; init; } = [];

    /// <summary>Connections that the gateway closed before they were any link's, since its start: corrupt, silent or from nobody it knows.</summary>
    public long CallersRefused { get; init; }
}

/// <summary>How one gang is.</summary>
public sealed record GangReport
{
    /// <summary>The job.</summary>
    public required long Job { get; init; }

    /// <summary>The gang's incarnation.</summary>
    public required int Incarnation { get; init; }

    /// <summary>How it is.</summary>
    public required GangState State { get; init; }

    /// <summary>Why it failed or stopped, in a sentence that names the island and where known the step.</summary>
    public string? Reason { get; init; }

    /// <summary>Whether starting it again could help: true for a crash or a lost bridge, false for a fault of the job itself.</summary>
    public bool Retriable { get; init; }

    /// <summary>Whether it ended because the run went on, or began, without it, and for nothing else: no failure is counted.</summary>
    public bool Outrun { get; init; }

    /// <summary>Whether it stopped because the control plane had not been heard for the lease of its gang: no failure is counted.</summary>
    public bool LeaseEnded { get; init; }

    /// <summary>How often its trainers were started again.</summary>
    public int TrainerRestarts { get; init; }

    /// <summary>How often it could not write a checkpoint.</summary>
    public int CheckpointFailures { get; init; }

    /// <summary>Why it could not write the last one of those; null where there is none.</summary>
    public string? CheckpointFailure { get; init; }

    /// <summary>How far it is; null before its bridge has said so.</summary>
    public RunProgress? Progress { get; init; }

    /// <summary>What came of it, once it finished.</summary>
    public IslandResult? Result { get; init; }

    /// <summary>The newest epoch in which it promised to accept nothing more, and what it held then; null before any.</summary>
    public SealPromise? Promise { get; init; }

    /// <summary>The newest epoch in which it, as a learner, had what it needs to become a member; 0 before any.</summary>
    public int LevelIn { get; init; }

    /// <summary>Members that its bridge has not heard for too long while it waits for them, by name.</summary>
    public ImmutableArray<string> Missing { get; init; } = [];

    /// <summary>Members that its bridge does not accept any more, and why.</summary>
    public ImmutableArray<IslandRejection> Rejected { get; init; } = [];
}

/// <summary>An island promised, on disk, to accept nothing more of an epoch.</summary>
/// <param name="Epoch">The epoch's number.</param>
/// <param name="Round">The round that it works on: it holds the result of every earlier one. -1 where it holds no state.</param>
public sealed record SealPromise(int Epoch, long Round);

/// <summary>The states of a gang at its site.</summary>
public enum GangState
{
    /// <summary>Its processes are being started.</summary>
    Starting,

    /// <summary>Its trainers have joined the run.</summary>
    Running,

    /// <summary>The run is over and its result is known.</summary>
    Finished,

    /// <summary>It ended before the run was over.</summary>
    Failed,

    /// <summary>It was stopped because the control plane no longer wants it.</summary>
    Stopped,
}

/// <summary>A line that a process of a gang wrote.</summary>
public sealed record LogLine
{
    /// <summary>The job.</summary>
    public required long Job { get; init; }

    /// <summary>The island.</summary>
    public required string Island { get; init; }

    /// <summary>Who wrote it: <c>trainer</c>, <c>bridge</c>, <c>gang</c> or <c>agent</c>.</summary>
    public required string Source { get; init; }

    /// <summary>The trainer's rank; 0 for others.</summary>
    public int Rank { get; init; }

    /// <summary>When, in milliseconds since 1970-01-01 UTC, by the site's clock.</summary>
    public required long UnixMilliseconds { get; init; }

    /// <summary>The line without its end, at most 4,096 characters.</summary>
    public required string Text { get; init; }
}
