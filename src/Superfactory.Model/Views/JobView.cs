using System.Collections.Immutable;
using Superfactory.Model.Agents;
using Superfactory.Model.Jobs;

namespace Superfactory.Model.Views;

/// <summary>A job as the API shows it.</summary>
public sealed record JobView
{
    /// <summary>The job's number, from 1.</summary>
    public required long Id { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Its state.</summary>
    public required JobState State { get; init; }

    /// <summary>Why it is in that state, in a sentence.</summary>
    public required string Reason { get; init; }

    /// <summary>When it was submitted, in milliseconds since 1970-01-01 UTC.</summary>
    public required long SubmittedUnixMilliseconds { get; init; }

    /// <summary>When its first gang started; null before.</summary>
    public long? StartedUnixMilliseconds { get; init; }

    /// <summary>When it ended; null before.</summary>
    public long? EndedUnixMilliseconds { get; init; }

    /// <summary>The run's epoch; null before it has one.</summary>
    public RunEpoch? Epoch { get; init; }

    /// <summary>Merged ÷ planned, 0 to 1.</summary>
    public double Progress { get; init; }

    /// <summary>What it merges and when, where it chooses that by itself; null in other jobs and before it has begun.</summary>
    public ModeView? Merging { get; init; }

    /// <summary>Its place in the array that it is an element of; null where it is none.</summary>
    public ArrayPlace? Array { get; init; }

    /// <summary>The gang of a role of another job that it is; null where it is none.</summary>
    public RolePlace? Role { get; init; }

    /// <summary>Its islands in the job's order.</summary>
    public ImmutableArray<IslandView> Islands { get; init; } = [];

    /// <summary>The job as submitted.</summary>
    public required JobSpecification Specification { get; init; }
}

/// <summary>The place of a job in an array. Immutable.</summary>
/// <param name="First">The number of the array's first job; the others follow it.</param>
/// <param name="Element">Which element it is, from 0.</param>
/// <param name="Count">How many elements there are.</param>
public sealed record ArrayPlace(long First, int Element, int Count);

/// <summary>What a run that chooses by itself merges, and why.</summary>
public sealed record ModeView
{
    /// <summary>What is merged, and when.</summary>
    public required RunSchedule Schedule { get; init; }

    /// <summary>Why, in a sentence.</summary>
    public required string Reason { get; init; }

    /// <summary>The share of the compute-only rate that it aims at, 0 to 1.</summary>
    public required double Target { get; init; }

    /// <summary>The share that was predicted when it was chosen; null while it has what it began with.</summary>
    public double? Predicted { get; init; }

    /// <summary>The share that is measured, of the island where it is least; null before enough rounds are.</summary>
    public double? Measured { get; init; }
}

/// <summary>An island of a job as the API shows it.</summary>
public sealed record IslandView
{
    /// <summary>Its site.</summary>
    public required string Site { get; init; }

    /// <summary>The kind of hardware that it got; null where the job names a single one.</summary>
    public string? Hardware { get; init; }

    /// <summary>The accelerators, or slots of processors, that it got; null where the job says one size.</summary>
    public int? Accelerators { get; init; }

    /// <summary>The racks and nodes that it got an equal slice of each of, by their paths, where the fleet places its site; else empty.</summary>
    public ImmutableArray<string> Places { get; init; } = [];

    /// <summary>Which start of it.</summary>
    public required int Incarnation { get; init; }

    /// <summary>How its gang is; null before the site has said so.</summary>
    public GangState? State { get; init; }

    /// <summary>Why, where there is a reason.</summary>
    public string? Reason { get; init; }

    /// <summary>How often its trainers were started again.</summary>
    public int TrainerRestarts { get; init; }

    /// <summary>How far it is.</summary>
    public RunProgress? Progress { get; init; }

    /// <summary>The newest values that its trainers measured.</summary>
    public Measurement? Measurement { get; init; }

    /// <summary>What came of it, once finished.</summary>
    public IslandResult? Result { get; init; }

    /// <summary>Bytes that its gateway sent to other sites since the job began.</summary>
    public long WanBytesSent { get; init; }

    /// <summary>Bytes that its gateway received from other sites since the job began.</summary>
    public long WanBytesReceived { get; init; }
}

/// <summary>The states of a job.</summary>
public enum JobState
{
    /// <summary>Waits for sites.</summary>
    Queued,

    /// <summary>Its gangs are being started.</summary>
    Starting,

    /// <summary>It trains.</summary>
    Running,

    /// <summary>An island is lost; the run waits for it or works it out without losing what is merged.</summary>
    Waiting,

    /// <summary>It was told to save and stop, and has; it goes on when it is released.</summary>
    Held,

    /// <summary>It ended with everything planned merged.</summary>
    Completed,

    /// <summary>It ended with a fault.</summary>
    Failed,

    /// <summary>It was cancelled.</summary>
    Cancelled,
}

/// <summary>A site as the API shows it.</summary>
public sealed record SiteView
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Whether its agent is heard.</summary>
    public required bool Connected { get; init; }

    /// <summary>The agent's machine.</summary>
    public required string Host { get; init; }

    /// <summary>The agent's process id.</summary>
    public required int ProcessId { get; init; }

    /// <summary>Where its gateway listens.</summary>
    public required string Gateway { get; init; }

    /// <summary>Slots that it offers; a gang takes as many as its job's accelerators.</summary>
    public required int Slots { get; init; }

    /// <summary>Those of them that gangs hold.</summary>
    public long SlotsHeld { get; init; }

    /// <summary>The jobs that it runs a gang of.</summary>
    public ImmutableArray<long> Jobs { get; init; } = [];

    /// <summary>The gateway's links.</summary>
    public ImmutableArray<LinkReport> Links { get; init; } = [];

    /// <summary>Connections that its gateway closed before they were any link's: corrupt, silent or from nobody it knows.</summary>
    public long CallersRefused { get; init; }

    /// <summary>The gateway's emulated link, as the user wrote it; null where links are real.</summary>
    public string? EmulatedWan { get; init; }

    /// <summary>The program's version there.</summary>
    public required string Version { get; init; }

    /// <summary>When it was last heard, in milliseconds since 1970-01-01 UTC.</summary>
    public required long HeardUnixMilliseconds { get; init; }
}
