using Superfactory.Model.Agents;
using Superfactory.Model.Jobs;

namespace Superfactory.Core.Records;

/// <summary>A job was accepted into the queue.</summary>
public sealed record JobSubmitted : JournalRecord
{
    /// <summary>The number that it got.</summary>
    public required long Job { get; init; }

    /// <summary>The job as submitted.</summary>
    public required JobSpecification Specification { get; init; }

    /// <summary>The checkpoint that it goes on from; null where it begins.</summary>
    public ResumePoint? From { get; init; }
}

/// <summary>Somebody asked for the end of a job.</summary>
public sealed record JobCancelled : JournalRecord
{
    /// <summary>The job.</summary>
    public required long Job { get; init; }
}

/// <summary>A site said that a gang changed its state, or what came of it. Progress is no record.</summary>
public sealed record GangChanged : JournalRecord
{
    /// <summary>The job.</summary>
    public required long Job { get; init; }

    /// <summary>The island.</summary>
    public required string Island { get; init; }

    /// <summary>The gang's incarnation.</summary>
    public required int Incarnation { get; init; }

    /// <summary>How it is now.</summary>
    public required GangState State { get; init; }

    /// <summary>Why; null where there is no reason.</summary>
    public string? Reason { get; init; }

    /// <summary>Whether starting it again could help, where it failed.</summary>
    public bool Retriable { get; init; }

    /// <summary>Whether it ended because the run went on, or began, without it, and for nothing else.</summary>
    public bool Outrun { get; init; }

    /// <summary>Whether it stopped because the control plane had not been heard for the gang's lease.</summary>
    public bool LeaseEnded { get; init; }

    /// <summary>How often its trainers were started again.</summary>
    public int TrainerRestarts { get; init; }

    /// <summary>What came of it, where it finished.</summary>
    public IslandResult? Result { get; init; }
}

/// <summary>A site confirmed that a gang of an ended job runs no more: its slot is free.</summary>
public sealed record GangReleased : JournalRecord
{
    /// <summary>The job.</summary>
    public required long Job { get; init; }

    /// <summary>The island.</summary>
    public required string Island { get; init; }

    /// <summary>The gang's incarnation.</summary>
    public required int Incarnation { get; init; }
}
