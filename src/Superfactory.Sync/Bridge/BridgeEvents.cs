using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Superfactory.Model;
using Superfactory.Model.Agents;
using Superfactory.Sync.Merging.Lanes;

namespace Superfactory.Sync.Bridge;

/// <summary>
/// What a bridge, or the gang that it belongs to, tells whoever started it: one JSON object per line on standard output,
/// written with <see cref="FactoryJson.Options"/> and told apart by <c>type</c>. Immutable.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(Ready), "ready")]
[JsonDerivedType(typeof(Running), "running")]
[JsonDerivedType(typeof(Log), "log")]
[JsonDerivedType(typeof(Progress), "progress")]
[JsonDerivedType(typeof(Measurement), "measurement")]
[JsonDerivedType(typeof(Note), "note")]
[JsonDerivedType(typeof(Checkpointed), "checkpoint")]
[JsonDerivedType(typeof(CheckpointFailed), "checkpoint-failed")]
[JsonDerivedType(typeof(Sealed), "sealed")]
[JsonDerivedType(typeof(Level), "level")]
[JsonDerivedType(typeof(Lane), "lane")]
[JsonDerivedType(typeof(CutLanes), "lane-cut")]
[JsonDerivedType(typeof(Missing), "missing")]
[JsonDerivedType(typeof(Rejecting), "rejecting")]
[JsonDerivedType(typeof(Saving), "saving")]
[JsonDerivedType(typeof(Finished), "finished")]
[JsonDerivedType(typeof(Failed), "failed")]
public abstract record BridgeEvent
{
    private BridgeEvent()
    {
    }

    /// <summary>The trainer's socket is there: trainers may be started.</summary>
    public sealed record Ready : BridgeEvent;

    /// <summary>The trainer has begun to train, for the first time or after a restart.</summary>
    public sealed record Running : BridgeEvent;

    /// <summary>A line that a process of the gang wrote. A bridge sends none; the gang's supervisor does.</summary>
    /// <param name="Source">Who wrote it: <c>trainer</c>, <c>bridge</c> or <c>gang</c>.</param>
    /// <param name="Rank">The trainer's rank; 0 for others.</param>
    /// <param name="Text">The line without its end.</param>
    public sealed record Log(string Source, int Rank, string Text) : BridgeEvent;

    /// <summary>How far the run is: at the end of every round, and otherwise at most four times a second.</summary>
    /// <param name="Value">How far, under the name <c>progress</c>.</param>
    public sealed record Progress([property: JsonPropertyName("progress")] RunProgress Value) : BridgeEvent;

    /// <summary>What was measured at a step.</summary>
    /// <param name="Step">The island's step.</param>
    /// <param name="Values">Values by name; those that are not finite are written as the text <c>NaN</c> or <c>Infinity</c>.</param>
    public sealed record Measurement(long Step, ImmutableSortedDictionary<string, double> Values) : BridgeEvent;

    /// <summary>Something that people should know of.</summary>
    /// <param name="Text">A sentence.</param>
    public sealed record Note(string Text) : BridgeEvent;

    /// <summary>A checkpoint of a final state is on this site's disk.</summary>
    /// <param name="Checkpoint">What it is.</param>
    public sealed record Checkpointed(CheckpointReport Checkpoint) : BridgeEvent;

    /// <summary>A checkpoint could not be written; nothing of it is left, and training goes on.</summary>
    /// <param name="Reason">Why, in a sentence.</param>
    public sealed record CheckpointFailed(string Reason) : BridgeEvent;

    /// <summary>The bridge promised, on disk, to accept nothing more of an epoch.</summary>
    /// <param name="Epoch">The epoch's number.</param>
    /// <param name="Round">The round that it works on; -1 where it holds no state.</param>
    public sealed record Sealed(int Epoch, long Round) : BridgeEvent;

    /// <summary>As a learner, the bridge has what it needs to become a member.</summary>
    /// <param name="Epoch">The epoch in which it learned.</param>
    public sealed record Level(int Epoch) : BridgeEvent;

    /// <summary>How far the bridge's lane is: for the bridges of the island's other lanes, all of which need each of these, in order.</summary>
    /// <param name="Status">How far.</param>
    public sealed record Lane(LaneStatus Status) : BridgeEvent;

    /// <summary>What the bridge's lane says of a checkpoint that the island's lanes cut together: for the bridges of its other lanes, in order among <see cref="Lane"/>.</summary>
    /// <param name="Cut">What.</param>
    public sealed record CutLanes(LaneCut Cut) : BridgeEvent;

    /// <summary>The bridge waits for other members than before that it does not hear.</summary>
    /// <param name="Islands">All of them, by name; empty for none.</param>
    public sealed record Missing(ImmutableArray<string> Islands) : BridgeEvent;

    /// <summary>The bridge does not accept other members than before any more.</summary>
    /// <param name="Islands">All of them, and why; empty for none.</param>
    public sealed record Rejecting(ImmutableArray<IslandRejection> Islands) : BridgeEvent;

    /// <summary>The run is over at every island, and the bridge still writes its last checkpoint: as long as that takes.</summary>
    public sealed record Saving : BridgeEvent;

    /// <summary>The run is over at every island; the bridge's last event.</summary>
    /// <param name="Result">What came of this island.</param>
    public sealed record Finished(IslandResult Result) : BridgeEvent;

    /// <summary>The island cannot go on; the bridge's last event.</summary>
    /// <param name="Reason">A sentence that names the island and, where known, the step or tensor.</param>
    /// <param name="Retriable">Whether starting the island again could help: true for what the surroundings did, false for a fault of the job itself.</param>
    /// <param name="Outrun">Whether the run went on, or began, without the island, and nothing else is wrong with it.</param>
    public sealed record Failed(string Reason, bool Retriable, bool Outrun = false) : BridgeEvent;
}
