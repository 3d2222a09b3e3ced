using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text.Json;
using Superfactory.Model;
using Superfactory.Sync.Merging;

namespace Superfactory.Sync.Checkpoints;

/// <summary>
/// Finds tensors in a trainer's own state, which is opaque but for its layout (docs/trainer-protocol.md, "State files"): frozen tensors and
/// buffers, and in every-step the parameters. Immutable.
/// </summary>
internal sealed class TrainerStateFile
{
    private const int PrefixBytes = 16;

    private readonly Dictionary<(string Group, string Name), Place> _places;
    private readonly ReadOnlyMemory<byte> _data;

    private TrainerStateFile(Dictionary<(string, string), Place> places, ReadOnlyMemory<byte> data) => (_places, _data) = (places, data);

    private static ReadOnlySpan<byte> Magic => "SFSTATE1"u8;

    /// <summary>Reads the header of a state.</summary>
    /// <param name="content">All of the file; what is found points into it.</param>
    public static Outcome<TrainerStateFile> Read(ReadOnlyMemory<byte> content)
    {
        var span = content.Span;
        if (span.Length < PrefixBytes || !span[..Magic.Length].SequenceEqual(Magic))
        {
            return Wrong("does not begin as a trainer's state does");
        }

        var length = BinaryPrimitives.ReadUInt64LittleEndian(span[Magic.Length..]);
        if (length > (ulong)(span.Length - PrefixBytes))
        {
            return Wrong("is cut short: its header does not fit");
        }

        try
        {
            using var header = JsonDocument.Parse(content.Slice(PrefixBytes, (int)length));
            var data = content[(PrefixBytes + (int)length)..];
            if (header.RootElement.GetProperty("bytes").GetInt64() != data.Length)
            {
                return Wrong("is cut short, or longer than its header says");
            }

            var places = new Dictionary<(string, string), Place>();
            foreach (var group in Pairs(header.RootElement.GetProperty("tree")))
            {
                if (group.Name is "statics" or "parameters")
                {
                    foreach (var (name, node) in Pairs(group.Node))
                    {
                        places[(group.Name, name)] = Locate(node.GetProperty("tensor"));
                    }
                }
            }

            return new(new TrainerStateFile(places, data));
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            return Wrong($"has a header that is none: {error.Message}");
        }
    }

    /// <summary>The raw bytes of a tensor, in its own type; null where there is none of that name, type and shape.</summary>
    /// <param name="group"><c>parameters</c> or <c>statics</c>.</param>
    /// <param name="tensor">The tensor as it was registered.</param>
    /// <param name="elementBytes">Bytes of one of its elements.</param>
    public ReadOnlyMemory<byte>? Find(string group, TensorEntry tensor, int elementBytes)
    {
        if (!_places.TryGetValue((group, tensor.Name), out var place) || place.DataType != tensor.DataType || !place.Shape.AsSpan().SequenceEqual(tensor.Shape.AsSpan()))
        {
            return null;
        }

        var bytes = (UInt128)elementBytes;
        foreach (var size in tensor.Shape)
        {
            bytes *= (UInt128)size;
        }

        return place.Offset >= 0 && (UInt128)place.Offset + bytes <= (UInt128)_data.Length ? _data.Slice((int)place.Offset, (int)bytes) : null;
    }

    /// <summary>Frozen tensors and buffers packed in registered order; null where one of them is not here.</summary>
    public byte[]? PackStatics(ImmutableArray<TensorEntry> tensors)
    {
        var packed = new byte[tensors.Where(tensor => tensor.Role != TensorRole.Parameter).Sum(tensor => tensor.Bytes)];
        var offset = 0;
        foreach (var tensor in tensors.Where(tensor => tensor.Role != TensorRole.Parameter))
        {
            var elements = tensor.Shape.Aggregate(1L, (product, size) => product * size);
            if (tensor.Bytes > 0)
            {
                if (Find("statics", tensor, (int)(tensor.Bytes / Math.Max(1, elements))) is not { } bytes || bytes.Length != tensor.Bytes)
                {
                    return null;
                }

                bytes.Span.CopyTo(packed.AsSpan(offset));
            }

            offset += (int)tensor.Bytes;
        }

        return packed;
    }

    private static IEnumerable<(string Name, JsonElement Node)> Pairs(JsonElement mapping)
    {
        foreach (var kind in mapping.EnumerateObject())
        {
            foreach (var pair in kind.Value.EnumerateArray())
            {
                yield return (pair[0].GetString() ?? string.Empty, pair[1]);
            }
        }
    }

    private static Place Locate(JsonElement tensor) => new(
        tensor.GetProperty("dtype").GetString() ?? string.Empty,
        [.. tensor.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64())],
        tensor.GetProperty("offset").GetInt64());

    private static Outcome<TrainerStateFile> Wrong(string what) => new([new Problem($"The checkpoint's part {CheckpointManifest.TrainerFile} {what}.")]);

    private sealed record Place(string DataType, ImmutableArray<long> Shape, long Offset);
}
