using System.Text.Json.Serialization;
using Superfactory.Model;
using Superfactory.Model.Agents;

namespace Superfactory.Sync.Bridge;

/// <summary>
/// What a bridge is told by whoever started it: one JSON object per line on standard input, written with
/// <see cref="FactoryJson.Options"/> and told apart by <c>type</c>. The end of the input means <see cref="Stop"/>. Immutable.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(EpochDecided), "epoch")]
[JsonDerivedType(typeof(TrainerLost), "trainer-lost")]
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

    /// <summary>The bridge ends, whatever it is doing, and leaves nothing behind.</summary>
    public sealed record Stop : BridgeCommand;
}
