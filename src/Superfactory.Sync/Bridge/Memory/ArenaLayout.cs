using System.Collections.Immutable;
using Superfactory.Model;
using Superfactory.Sync.Merging;

namespace Superfactory.Sync.Bridge.Memory;

/// <summary>
/// Where things lie in an arena: the trainer's own numbers, the merged ones, and the statics, each packed in registered order
/// and each beginning at a multiple of <see cref="Alignment"/> bytes. Immutable.
/// </summary>
/// <param name="Parameters">Numbers in each of the two regions of fp32.</param>
/// <param name="StaticsBytes">Bytes of frozen tensors and buffers together.</param>
internal sealed record ArenaLayout(int Parameters, int StaticsBytes)
{
    /// <summary>What regions are aligned to, in bytes: a cache line, and the widest vector.</summary>
    public const int Alignment = 64;

    /// <summary>Where the trainer's own numbers begin, in bytes.</summary>
    public static long Local => 0;

    /// <summary>Where the merged numbers begin, in bytes.</summary>
    public long Merged => Aligned(sizeof(float) * (long)Parameters);

    /// <summary>Where the statics begin, in bytes.</summary>
    public long Statics => 2 * Merged;

    /// <summary>The arena's size.</summary>
    public long Bytes => Statics + Aligned(StaticsBytes);

    /// <summary>The layout of what a trainer registered, or what is wrong with it.</summary>
    public static Outcome<ArenaLayout> For(ImmutableArray<TensorEntry> tensors)
    {
        long parameters = 0, statics = 0;
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var tensor in tensors)
        {
            if (!names.Add(tensor.Name))
            {
                return Wrong($"The trainer registers two tensors named '{tensor.Name}'; tied tensors are registered once.");
            }

            if (Elements(tensor) is not { } elements)
            {
                return Wrong($"The trainer registers '{tensor.Name}' with the shape {Shape(tensor)}, which no tensor has.");
            }

            var expected = sizeof(float) * elements;
            if (tensor.Bytes < 0 || (tensor.Role == TensorRole.Parameter && tensor.Bytes != expected))
            {
                return Wrong($"The trainer registers '{tensor.Name}' {Shape(tensor)} as {tensor.Bytes} bytes; expected {expected}.");
            }

            parameters += tensor.Role == TensorRole.Parameter ? elements : 0;
            statics += tensor.Role == TensorRole.Parameter ? 0 : Math.Min(tensor.Bytes, int.MaxValue);
            if (parameters > int.MaxValue || statics > int.MaxValue)
            {
                return Wrong($"The trainer registers more than one lane holds, at '{tensor.Name}': at most {int.MaxValue} numbers in parameters and {int.MaxValue} bytes in other tensors.");
            }
        }

        return parameters == 0
            ? Wrong("The trainer registers no parameters: pass run.synchronize a model with parameters that require gradients.")
            : new(new ArenaLayout((int)parameters, (int)statics));
    }

    private static long Aligned(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;

    private static string Shape(TensorEntry tensor) => $"[{string.Join(", ", tensor.Shape)}]";

    private static Outcome<ArenaLayout> Wrong(string message) => new([new Problem(message)]);

    private static long? Elements(TensorEntry tensor)
    {
        long elements = 1;
        foreach (var dimension in tensor.Shape)
        {
            if (dimension < 0 || (dimension > 0 && elements > long.MaxValue / sizeof(float) / dimension))
            {
                return null;
            }

            elements *= dimension;
        }

        return elements;
    }
}
