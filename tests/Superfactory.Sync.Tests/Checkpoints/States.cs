using System.Collections.Immutable;
using Superfactory.Model.Agents;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Checkpoints;
using Superfactory.Sync.Merging;

namespace Superfactory.Sync.Tests.Checkpoints;

/// <summary>States to write.</summary>
internal static class States
{
    public static ImmutableArray<TensorEntry> Tensors { get; } =
    [
        new("embedding.weight", [3, 2], "float32", TensorRole.Parameter, 24),
        new("scale", [], "bfloat16", TensorRole.Parameter, 4),
        new("norm.mean", [2], "float64", TensorRole.Buffer, 16),
        new("phase", [1], "complex64", TensorRole.Frozen, 8),
    ];

    public static CheckpointState Some(params float[] parameters) => new()
    {
        Round = 12,
        Epoch = 3,
        Islands = ["wisconsin", "atlanta"],
        Mode = SyncMode.Diloco,
        StateHash = 0x0123456789abcdef,
        Ledger = new LedgerTotals(100, 60, 0, 40),
        Steps = 24,
        Tokens = 2400,
        Tensors = Tensors,
        History = new byte[] { 1, 2, 3 },
        Parameters = parameters.Length > 0 ? parameters : new float[] { 1, 2, 3, 4, 5, 6, 0.5f },
        Momentum = new float[] { -1, -2, -3, -4, -5, -6, float.Epsilon },
        Statics = Enumerable.Range(0, 24).Select(value => (byte)value).ToArray(),
        Trainer = "SFSTATE1 and more"u8.ToArray(),
    };
}
