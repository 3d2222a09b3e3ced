using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Superfactory.Model.Agents;
using Superfactory.Model.Choosing;
using Superfactory.Model.Views;
using Superfactory.Scheduling.Wan;

namespace Superfactory.Core.Records;

/// <summary>A plan: what was decided, and why. Replay applies it and never decides again. What the decision saw is the fold of the records before it.</summary>
public abstract record PlanRecord : JournalRecord
{
    private protected PlanRecord()
    {
    }

    /// <summary>The job that it is about.</summary>
    public required long Job { get; init; }

    /// <summary>Why, in a sentence.</summary>
    public required string Reason { get; init; }

    /// <summary>The last record that the decision saw; 0 where it was not written down.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long Seen { get; init; }

    /// <summary>The versions of the rules that decided; null where they were not written down.</summary>
    public string? Rules { get; init; }
}

/// <summary>A job was placed: it has an island at each of these sites.</summary>
public sealed record JobStarted : PlanRecord
{
    /// <summary>The sites in the job's order.</summary>
    public required ImmutableArray<string> Sites { get; init; }

    /// <summary>Those of them that have no room yet: they join later.</summary>
    public ImmutableArray<string> Withheld { get; init; } = [];

    /// <summary>Whether it is on its queue's guarantee.</summary>
    public bool Owned { get; init; }

    /// <summary>The kind of hardware; null where the job names a single one.</summary>
    public string? Hardware { get; init; }

    /// <summary>The domains of each island at a site that the fleet places, by site; null where there is none.</summary>
    public ImmutableSortedDictionary<string, ImmutableArray<string>>? Places { get; init; }

    /// <summary>The accelerators of each island that starts, by site, where the job says a range; null for what it says.</summary>
    public ImmutableSortedDictionary<string, int>? Accelerators { get; init; }

    /// <summary>The reserved start of another that it is let run ahead of, in milliseconds since 1970-01-01 UTC; 0 for none.</summary>
    public long EndBy { get; init; }

    /// <summary>The rates that are reserved for it between its islands.</summary>
    public ImmutableArray<WanReservation> Rates { get; init; } = [];

    /// <summary>The placement policy and its version, such as <c>fifo/1</c>.</summary>
    public required string Scheduler { get; init; }
}

/// <summary>An island is started anew, without its memory.</summary>
public sealed record IslandRestarted : PlanRecord
{
    /// <summary>The island.</summary>
    public required string Island { get; init; }

    /// <summary>Its new incarnation.</summary>
    public required int Incarnation { get; init; }

    /// <summary>Whether it is on its queue's guarantee, where it had been left out; null keeps what it was.</summary>
    public bool? Owned { get; init; }

    /// <summary>The domains that it has now at a site that the fleet places; null keeps those that it had.</summary>
    public ImmutableArray<string>? Places { get; init; }

    /// <summary>The accelerators that it has now, where the job says a range and it had been left out; null keeps what it had.</summary>
    public int? Accelerators { get; init; }

    /// <summary>The rates that are reserved between it and the others from now on, where it had been left out.</summary>
    public ImmutableArray<WanReservation> Rates { get; init; } = [];
}

/// <summary>Every island of a run had lost its memory: model and ledger go back together, to a checkpoint or the beginning.</summary>
public sealed record RunRestarted : PlanRecord
{
    /// <summary>The checkpoint that it goes on from; null where it begins again as it first began.</summary>
    public long? Checkpoint { get; init; }
}

/// <summary>The membership of a run changed, or was decided first.</summary>
public sealed record EpochDecided : PlanRecord
{
    /// <summary>The new membership.</summary>
    public required RunEpoch Epoch { get; init; }

    /// <summary>Why the run changes what it merges and when, where it does and chooses that by itself; null otherwise.</summary>
    public PilotChoice? Choice { get; init; }
}

/// <summary>A job ended.</summary>
public sealed record JobEnded : PlanRecord
{
    /// <summary>Completed, failed or cancelled.</summary>
    public required JobState State { get; init; }
}
