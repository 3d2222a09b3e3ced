using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Superfactory.Model;
using Superfactory.Model.Agents;

namespace Superfactory.Site.Gangs;

/// <summary>
/// What an agent tells a gang's supervisor: one JSON object per line on its standard input, written with
/// <see cref="FactoryJson.Options"/> and told apart by <c>type</c>. The end of the input means that the agent is gone. Immutable.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(EpochDecided), "epoch")]
[JsonDerivedType(typeof(CheckpointsWanted), "checkpoints")]
[JsonDerivedType(typeof(Extend), "extend")]
[JsonDerivedType(typeof(Stop), "stop")]
public abstract record GangCommand
{
    private GangCommand()
    {
    }

    /// <summary>The control plane decided a new epoch of the run.</summary>
    /// <param name="Epoch">The epoch.</param>
    public sealed record EpochDecided(RunEpoch Epoch) : GangCommand;

    /// <summary>Whether this island writes checkpoints, and whether the job is to save and stop.</summary>
    /// <param name="Wanted">What is wanted; where the run goes on from is told at the gang's start alone.</param>
    public sealed record CheckpointsWanted(GangCheckpoints Wanted) : GangCommand;

    /// <summary>The control plane was heard: the gang may go on for longer.</summary>
    /// <param name="Until">When it ends itself, as a time stamp of this machine's monotonic clock; null for never.</param>
    public sealed record Extend(long? Until) : GangCommand;

    /// <summary>The gang is to end: first asked, then made to.</summary>
    public sealed record Stop : GangCommand;
}

/// <summary>
/// What a gang's supervisor tells its agent: one JSON object per line on its standard output, written with
/// <see cref="FactoryJson.Options"/> and told apart by <c>type</c>. Exactly one of <see cref="Finished"/>, <see cref="Failed"/>
/// and <see cref="Stopped"/> is its last. Immutable.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(Log), "log")]
[JsonDerivedType(typeof(Measured), "measurement")]
[JsonDerivedType(typeof(Progress), "progress")]
[JsonDerivedType(typeof(Running), "running")]
[JsonDerivedType(typeof(Restarted), "restarted")]
[JsonDerivedType(typeof(Checkpointed), "checkpoint")]
[JsonDerivedType(typeof(CheckpointFailed), "checkpoint-failed")]
[JsonDerivedType(typeof(Sealed), "sealed")]
[JsonDerivedType(typeof(Level), "level")]
[JsonDerivedType(typeof(Missing), "missing")]
[JsonDerivedType(typeof(Rejecting), "rejecting")]
[JsonDerivedType(typeof(Adopted), "adopted")]
[JsonDerivedType(typeof(Finished), "finished")]
[JsonDerivedType(typeof(Failed), "failed")]
[JsonDerivedType(typeof(Stopped), "stopped")]
public abstract record GangEvent
{
    private GangEvent()
    {
    }

    /// <summary>Whether nothing comes after it.</summary>
    [JsonIgnore]
    public bool IsLast => this is Finished or Failed or Stopped;

    /// <summary>A process of the gang wrote a line.</summary>
    /// <param name="Line">The line.</param>
    public sealed record Log(LogLine Line) : GangEvent;

    /// <summary>Its trainers measured something.</summary>
    /// <param name="Measurement">What they measured.</param>
    public sealed record Measured(Measurement Measurement) : GangEvent;

    /// <summary>How far the run is.</summary>
    /// <param name="Value">How far, under the name <c>progress</c>.</param>
    public sealed record Progress([property: JsonPropertyName("progress")] RunProgress Value) : GangEvent;

    /// <summary>Its trainers train: for the first time, or again.</summary>
    public sealed record Running : GangEvent;

    /// <summary>A trainer was lost and all of them are started again.</summary>
    /// <param name="Restarts">How often that has happened in this gang, from 1.</param>
    public sealed record Restarted(int Restarts) : GangEvent;

    /// <summary>A checkpoint of a final state is on the site's disk.</summary>
    /// <param name="Checkpoint">What it is.</param>
    public sealed record Checkpointed(CheckpointReport Checkpoint) : GangEvent;

    /// <summary>A checkpoint could not be written.</summary>
    /// <param name="Reason">Why, in a sentence.</param>
    public sealed record CheckpointFailed(string Reason) : GangEvent;

    /// <summary>Its bridge promised to accept nothing more of an epoch.</summary>
    /// <param name="Promise">The promise.</param>
    public sealed record Sealed(SealPromise Promise) : GangEvent;

    /// <summary>Its bridge, as a learner, has what it needs to become a member.</summary>
    /// <param name="Epoch">The epoch in which it learned.</param>
    public sealed record Level(int Epoch) : GangEvent;

    /// <summary>Its bridge waits for other members than before that it does not hear.</summary>
    /// <param name="Islands">All of them, by name.</param>
    public sealed record Missing(ImmutableArray<string> Islands) : GangEvent;

    /// <summary>Its bridge does not accept other members than before any more.</summary>
    /// <param name="Islands">All of them, and why.</param>
    public sealed record Rejecting(ImmutableArray<IslandRejection> Islands) : GangEvent;

    /// <summary>A new agent has been told all that it has to know of a gang that it took over.</summary>
    public sealed record Adopted : GangEvent;

    /// <summary>The run is over; or the processes of a role's gang have done their part.</summary>
    /// <param name="Result">What came of this island; null for a gang of a role.</param>
    public sealed record Finished(IslandResult? Result) : GangEvent;

    /// <summary>The gang ended before the run was over.</summary>
    /// <param name="Reason">A sentence that names the island and, where known, the step.</param>
    /// <param name="Retriable">Whether starting the gang again could help.</param>
    /// <param name="Outrun">Whether the run went on, or began, without the island, and nothing else is wrong with it.</param>
    public sealed record Failed(string Reason, bool Retriable, bool Outrun = false) : GangEvent;

    /// <summary>The gang ended because it was told to, or its lease was over.</summary>
    /// <param name="Reason">Why, in a sentence; null where it was told to.</param>
    /// <param name="LeaseEnded">Whether its lease was over.</param>
    public sealed record Stopped(string? Reason = null, bool LeaseEnded = false) : GangEvent;
}
