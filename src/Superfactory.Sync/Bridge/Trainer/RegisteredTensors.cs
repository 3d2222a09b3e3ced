using System.Collections.Immutable;
using Superfactory.Sync.Merging;

namespace Superfactory.Sync.Bridge.Trainer;

/// <summary>The tensors that a trainer registered. Immutable.</summary>
/// <param name="Tensors">All of them, in its order.</param>
internal sealed record RegisteredTensors(ImmutableArray<TensorEntry> Tensors)
{
    /// <summary>The first place where another table differs, for people; null where it does not.</summary>
    public string? FirstDifference(RegisteredTensors other)
    {
        var shared = Math.Min(Tensors.Length, other.Tensors.Length);
        for (var index = 0; index < shared; index++)
        {
            if (!Same(Tensors[index], other.Tensors[index]))
            {
                return $"{Describe(other.Tensors[index])} where it registered {Describe(Tensors[index])}";
            }
        }

        return Tensors.Length == other.Tensors.Length ? null
            : Tensors.Length > shared ? $"nothing where it registered {Describe(Tensors[shared])}"
            : $"{Describe(other.Tensors[shared])} where it registered nothing";
    }

    private static bool Same(TensorEntry one, TensorEntry other) =>
        one.Name == other.Name && one.DataType == other.DataType && one.Role == other.Role && one.Bytes == other.Bytes && one.Fragment == other.Fragment
        && one.Shape.AsSpan().SequenceEqual(other.Shape.AsSpan());

    private static string Describe(TensorEntry tensor) =>
        $"'{tensor.Name}' [{string.Join(", ", tensor.Shape)}] {tensor.DataType} ({tensor.Role.ToString().ToLowerInvariant()})";
}
