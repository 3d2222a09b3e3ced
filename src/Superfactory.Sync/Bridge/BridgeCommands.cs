using System.Text.Json.Serialization;
using Superfactory.Model;
using Superfactory.Model.Agents;
using Superfactory.Sync.Merging.Lanes;

namespace Superfactory.Sync.Bridge;

/// <summary>
/// What a bridge is told by whoever started it: one JSON object per line on standard input, written with
/// <see cref="FactoryJson.Options"/> and told apart by <c>type</c>. The end of the input means <see cref="Stop"/>. Immutable.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(EpochDecided), "epoch")]
[JsonDerivedType(typeof(TrainerLost), "trainer-lost")]
[JsonDerivedType(typeof(LaneSaid), "lane")]
[JsonDerivedType(typeof(LaneCutSaid), "lane-cut")]
[JsonDerivedType(typeof(WriteCheckpoints), "write-checkpoints")]
[JsonDerivedType(typeof(Hold), "hold")]
[JsonDerivedType(typeof(GoOn), "go-on")]
[JsonDerivedType(typeof(Stop), "stop")]
public abstract record BridgeCommand
{
    private BridgeCommand()
    {
    }

    /// <summary>The control plane decided a new epoch.</summary>
    /// <param name="Epoch">The epoch; one that is not newer than the bridge's own changes nothing.</param>
    public sealed record EpochDecided(RunEpoch Epoch) : BridgeCommand;

    /// <summary>A trainer process of the island died; all of them are started again, and rank 0 connects anew.</summary>
    public sealed record TrainerLost : BridgeCommand;

    /// <summary>The bridge of another lane of the island said how far it is.</summary>
    /// <param name="Status">How far.</param>
    public sealed record LaneSaid(LaneStatus Status) : BridgeCommand;

    /// <summary>The bridge of another lane of the island said something of a checkpoint that they cut together.</summary>
    /// <param name="Cut">What.</param>
    public sealed record LaneCutSaid(LaneCut Cut) : BridgeCommand;

    /// <summary>This island is, or is no longer, the one that writes the run's checkpoints.</summary>
    /// <param name="Writes">Whether it is.</param>
    public sealed record WriteCheckpoints(bool Writes) : BridgeCommand;

    /// <summary>The job is to save and stop: the island contributes nothing more, and writes a checkpoint with its trainer's own state.</summary>
    public sealed record Hold : BridgeCommand;

    /// <summary>The job goes on after all: takes <see cref="Hold"/> back.</summary>
    public sealed record GoOn : BridgeCommand;

    /// <summary>The bridge ends, whatever it is doing, and leaves nothing behind.</summary>
    public sealed record Stop : BridgeCommand;
}
