using System.Collections.Immutable;
using Superfactory.Sync.Merging;

namespace Superfactory.Sync.Checkpoints;

/// <summary>How registered tensors lie in a checkpoint's safetensors files: packed in registered order, as in memory. Pure.</summary>
public static class CheckpointTensors
{
    /// <summary>The entry that the client adds to the parameters in every-step; no tensor of the model.</summary>
    public const string Presence = "superfactory.has_gradient";

    /// <summary>The parameters' places: fp32 whatever their type.</summary>
    public static ImmutableArray<SafetensorsEntry> Parameters(ImmutableArray<TensorEntry> tensors) =>
        SafetensorsHeader.Lay(tensors.Where(tensor => tensor.Role == TensorRole.Parameter).Select(tensor => (tensor.Name, "F32", tensor.Shape)));

    /// <summary>The places of frozen tensors and buffers: in their own type; one that the format has no name for lies as bytes.</summary>
    public static ImmutableArray<SafetensorsEntry> Statics(ImmutableArray<TensorEntry> tensors) =>
        SafetensorsHeader.Lay(tensors.Where(tensor => tensor.Role != TensorRole.Parameter).Select(tensor =>
            SafetensorsTypes.OfPyTorch(tensor.DataType) is { } type ? (tensor.Name, type, tensor.Shape) : (tensor.Name, "U8", [tensor.Bytes])));

    /// <summary>What a file of the parameters begins with.</summary>
    public static byte[] HeaderOfParameters(ImmutableArray<TensorEntry> tensors) => SafetensorsHeader.Write(Parameters(tensors));

    /// <summary>What a file of frozen tensors and buffers begins with.</summary>
    public static byte[] HeaderOfStatics(ImmutableArray<TensorEntry> tensors) => SafetensorsHeader.Write(Statics(tensors));
}
