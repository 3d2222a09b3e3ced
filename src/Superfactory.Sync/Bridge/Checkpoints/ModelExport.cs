using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text;
using Superfactory.Model;
using Superfactory.Sync.Checkpoints;
using Superfactory.Sync.Merging;

namespace Superfactory.Sync.Bridge.Checkpoints;

/// <summary>Makes a model's own files of a checkpoint: every tensor under its name, in its own type.</summary>
public static class ModelExport
{
    /// <summary>The file of the tensors.</summary>
    public const string ModelFile = "model.safetensors";

    /// <summary>The file that says what the model is.</summary>
    public const string ConfigFile = "config.json";

    /// <summary>Writes both files; each appears under its name once it is whole.</summary>
    /// <param name="checkpoint">The checkpoint's own directory.</param>
    /// <param name="seal">The SHA-256 that its manifest must have.</param>
    /// <param name="config">What <c>config.json</c> is to hold.</param>
    /// <param name="to">The directory, made where it is missing.</param>
    /// <returns>How many tensors and bytes there are; or what is wrong with the checkpoint, or with the directory.</returns>
    public static Outcome<ExportedModel> Write(string checkpoint, string seal, string config, string to)
    {
        var tensors = Load(checkpoint, seal);
        if (!tensors.Succeeded)
        {
            return new(tensors.Problems);
        }

        try
        {
            Directory.CreateDirectory(to);
            var entries = SafetensorsHeader.Lay(tensors.Value.Select(tensor => (tensor.Entry.Name, SafetensorsTypes.OfPyTorch(tensor.Entry.DataType)!, tensor.Entry.Shape)));
            var pieces = tensors.Value.Select(tensor => tensor.Bytes).Prepend(SafetensorsHeader.Write(entries)).ToArray();
            Place(Path.Combine(to, ModelFile), pieces);
            Place(Path.Combine(to, ConfigFile), Encoding.UTF8.GetBytes(config));
            return new(new ExportedModel(tensors.Value.Count, tensors.Value.Sum(tensor => (long)tensor.Bytes.Length)));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return new([new Problem($"The model cannot be written: {error.Message}", to)]);
        }
    }

    /// <summary>The tensors of every lane: readers of the format expect no other order than that of their names, and two exports of one model are the same bytes.</summary>
    private static Outcome<List<ModelTensor>> Load(string checkpoint, string seal)
    {
        var opened = CheckpointFolder.Open(checkpoint, seal);
        if (!opened.Succeeded)
        {
            return new(opened.Problems);
        }

        var lanes = opened.Value.Lanes?.Length ?? 1;
        var all = new List<ModelTensor>();
        for (var lane = 0; lane < lanes; lane++)
        {
            var loaded = CheckpointLoader.Load(checkpoint, seal, lanes > 1 ? lane : null, lanes);
            var tensors = loaded.Succeeded ? Tensors(loaded.Value) : new(loaded.Problems);
            if (!tensors.Succeeded)
            {
                return tensors;
            }

            all.AddRange(tensors.Value);
        }

        all.Sort((one, another) => string.CompareOrdinal(one.Entry.Name, another.Entry.Name));
        return new(all);
    }

    private static void Place(string path, params ReadOnlySpan<ReadOnlyMemory<byte>> pieces)
    {
        var partial = path + ".partial";
        File.Delete(partial);
        DurableFiles.Write(partial, pieces);
        File.Move(partial, path, overwrite: true);
    }

    private static Outcome<List<ModelTensor>> Tensors(CheckpointState state)
    {
        TrainerStateFile? trainer = null;
        if (state.Parameters.IsEmpty)
        {
            var read = TrainerStateFile.Read(state.Trainer);
            if (!read.Succeeded)
            {
                return new(read.Problems);
            }

            trainer = read.Value;
        }

        var tensors = new List<ModelTensor>();
        var (parameter, other) = (0, 0);
        foreach (var tensor in state.Tensors)
        {
            var elements = (int)tensor.Shape.Aggregate(1L, (product, size) => product * size);
            if (SafetensorsTypes.OfPyTorch(tensor.DataType) is not { } type)
            {
                return new([new Problem($"Tensor '{tensor.Name}' has the type {tensor.DataType}, which safetensors does not know.")]);
            }

            if (tensor.Role != TensorRole.Parameter)
            {
                tensors.Add(new ModelTensor(tensor, state.Statics.Slice(other, (int)tensor.Bytes)));
                other += (int)tensor.Bytes;
            }
            else if (tensor.Name != CheckpointTensors.Presence)
            {
                var bytes = trainer is null ? Narrow(state.Parameters.Slice(parameter, elements), type) : trainer.Find("parameters", tensor, SafetensorsTypes.Bytes(type));
                if (bytes is not { } found)
                {
                    return new([new Problem($"The checkpoint's part {CheckpointManifest.TrainerFile} lacks the parameter '{tensor.Name}'.")]);
                }

                tensors.Add(new ModelTensor(tensor, found));
                parameter += elements;
            }
        }

        return new(tensors);
    }

    /// <summary>Numbers in the parameter's own type, rounded to nearest, ties to even, as PyTorch does.</summary>
    private static ReadOnlyMemory<byte>? Narrow(Memory<float> numbers, string type)
    {
        var source = numbers.Span;
        switch (type)
        {
            case "F32":
                return new FloatBytes(numbers).Memory;
            case "F64":
                var wide = new byte[source.Length * sizeof(double)];
                for (var index = 0; index < source.Length; index++)
                {
                    BinaryPrimitives.WriteDoubleLittleEndian(wide.AsSpan(index * sizeof(double)), source[index]);
                }

                return wide;
            case "F16" or "BF16":
                var narrow = new byte[source.Length * sizeof(ushort)];
                var target = MemoryMarshal.Cast<byte, ushort>(narrow.AsSpan());
                for (var index = 0; index < source.Length; index++)
                {
                    target[index] = type == "F16" ? BitConverter.HalfToUInt16Bits((Half)source[index]) : Bfloat16(source[index]);
                }

                return narrow;
            default:
                return null;
        }
    }

    private static ushort Bfloat16(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value) ? (ushort)((bits >> 16) | 0x40) : (ushort)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
    }

    private sealed record ModelTensor(TensorEntry Entry, ReadOnlyMemory<byte> Bytes);
}

/// <summary>What was exported.</summary>
/// <param name="Tensors">How many tensors.</param>
/// <param name="Bytes">Their bytes.</param>
public sealed record ExportedModel(int Tensors, long Bytes);
