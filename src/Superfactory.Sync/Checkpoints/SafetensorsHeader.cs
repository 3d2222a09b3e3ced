using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Superfactory.Model;

namespace Superfactory.Sync.Checkpoints;

/// <summary>One tensor of a safetensors file.</summary>
/// <param name="Name">Its name.</param>
/// <param name="DataType">Its type as the format names it, such as <c>F32</c>.</param>
/// <param name="Shape">Its dimensions.</param>
/// <param name="Start">Its first byte, counted from the end of the header.</param>
/// <param name="End">The byte after its last.</param>
public sealed record SafetensorsEntry(string Name, string DataType, ImmutableArray<long> Shape, long Start, long End);

/// <summary>
/// The header of a safetensors file: 8 bytes that say how long the JSON after them is, little-endian, and the JSON, padded with spaces to a
/// multiple of 8. Tensors follow one after another without gaps. Source: the format's description at github.com/huggingface/safetensors. Immutable.
/// </summary>
public sealed class SafetensorsHeader
{
    /// <summary>Bytes of the field that says how long the header is.</summary>
    public const int LengthBytes = 8;

    /// <summary>The longest header that readers of the format take, in bytes: 100 MB.</summary>
    public const int HeaderBytesMax = 100_000_000;

    private const string Metadata = "__metadata__";

    private static readonly JsonWriterOptions _plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private SafetensorsHeader(ImmutableArray<SafetensorsEntry> entries, long dataStart) => (Entries, DataStart) = (entries, dataStart);

    /// <summary>The tensors in the order of their bytes.</summary>
    public ImmutableArray<SafetensorsEntry> Entries { get; }

    /// <summary>Where in the file the first tensor begins.</summary>
    public long DataStart { get; }

    /// <summary>Places tensors one after another, in the order given.</summary>
    /// <param name="tensors">Name, type as the format names it, and shape of each; sizes follow.</param>
    public static ImmutableArray<SafetensorsEntry> Lay(IEnumerable<(string Name, string DataType, ImmutableArray<long> Shape)> tensors)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        var entries = ImmutableArray.CreateBuilder<SafetensorsEntry>();
        var offset = 0L;
        foreach (var (name, type, shape) in tensors)
        {
            var end = offset + (SafetensorsTypes.Bytes(type) * shape.Aggregate(1L, (product, size) => checked(product * size)));
            entries.Add(new SafetensorsEntry(name, type, shape, offset, end));
            offset = end;
        }

        return entries.DrainToImmutable();
    }

    /// <summary>The bytes that a file of these tensors begins with; the same for the same tensors.</summary>
    /// <param name="entries">The tensors, without gaps, as <see cref="Lay"/> places them.</param>
    public static byte[] Write(ImmutableArray<SafetensorsEntry> entries)
    {
        var buffer = new ArrayBufferWriter<byte>();
        buffer.GetSpan(LengthBytes)[..LengthBytes].Clear();
        buffer.Advance(LengthBytes);
        using (var json = new Utf8JsonWriter(buffer, _plain))
        {
            json.WriteStartObject();
            json.WriteStartObject(Metadata);
            json.WriteString("format", "pt");
            json.WriteEndObject();
            foreach (var entry in entries)
            {
                json.WriteStartObject(entry.Name);
                json.WriteString("dtype", entry.DataType);
                WriteNumbers(json, "shape", entry.Shape);
                WriteNumbers(json, "data_offsets", [entry.Start, entry.End]);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        var padding = -buffer.WrittenCount & (LengthBytes - 1);
        buffer.GetSpan(LengthBytes)[..padding].Fill((byte)' ');
        buffer.Advance(padding);
        var bytes = buffer.WrittenSpan.ToArray();
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, (ulong)(bytes.Length - LengthBytes));
        return bytes;
    }

    /// <summary>How many bytes of a file its header takes, with the length field, as its first eight bytes say; or why it is no such file.</summary>
    /// <param name="start">The file's first bytes.</param>
    /// <param name="fileBytes">How long the file is.</param>
    /// <param name="file">The file's name, for problems.</param>
    public static (int Bytes, Problem? Problem) Measure(ReadOnlySpan<byte> start, long fileBytes, string file)
    {
        if (start.Length < LengthBytes)
        {
            return (0, new Problem($"It has {fileBytes} bytes, too few for a safetensors file: it is cut short.", file));
        }

        var length = BinaryPrimitives.ReadUInt64LittleEndian(start);
        return length > HeaderBytesMax || (long)length > fileBytes - LengthBytes
            ? (0, new Problem(string.Create(CultureInfo.InvariantCulture, $"Its header of {length} bytes does not fit into {fileBytes}: it is cut short, or no safetensors file."), file))
            : (LengthBytes + (int)length, null);
    }

    /// <summary>Reads and checks a header: every tensor has the size of its type and shape, and together they fill the file without gaps.</summary>
    /// <param name="header">The file's first bytes, as many as <see cref="Measure"/> says.</param>
    /// <param name="fileBytes">How long the file is.</param>
    /// <param name="file">The file's name, for problems.</param>
    public static Outcome<SafetensorsHeader> Read(ReadOnlyMemory<byte> header, long fileBytes, string file)
    {
        try
        {
            using var json = JsonDocument.Parse(header[LengthBytes..]);
            var entries = json.RootElement.EnumerateObject().Where(property => property.Name != Metadata).Select(Entry)
                .OrderBy(entry => entry.Start).ThenBy(entry => entry.End).ToImmutableArray();
            return Check(entries, fileBytes - header.Length, file) is { } problem ? new([problem]) : new(new SafetensorsHeader(entries, header.Length));
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            return new([new Problem($"Its header is none of a safetensors file: {error.Message}", file)]);
        }
    }

    private static SafetensorsEntry Entry(JsonProperty property)
    {
        var offsets = property.Value.GetProperty("data_offsets");
        if (offsets.GetArrayLength() != 2)
        {
            throw new FormatException($"Tensor '{property.Name}' has {offsets.GetArrayLength()} offsets.");
        }

        return new SafetensorsEntry(
            property.Name,
            property.Value.GetProperty("dtype").GetString() ?? string.Empty,
            [.. property.Value.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64())],
            offsets[0].GetInt64(),
            offsets[1].GetInt64());
    }

    private static Problem? Check(ImmutableArray<SafetensorsEntry> entries, long dataBytes, string file)
    {
        var expected = 0L;
        foreach (var entry in entries)
        {
            var bytes = SafetensorsTypes.Bytes(entry.DataType);
            if (bytes == 0)
            {
                return new Problem($"Tensor '{entry.Name}' has the unknown type '{entry.DataType}'.", file);
            }

            var size = (UInt128)bytes;
            foreach (var dimension in entry.Shape)
            {
                if (dimension < 0 || (size *= (UInt128)dimension) > long.MaxValue)
                {
                    return new Problem($"Tensor '{entry.Name}' has the shape [{string.Join(", ", entry.Shape)}], which is none.", file);
                }
            }

            if (entry.Start != expected || entry.End - entry.Start != (long)size)
            {
                return new Problem($"Tensor '{entry.Name}' [{string.Join(", ", entry.Shape)}] does not match its bytes {entry.Start} to {entry.End}.", file);
            }

            expected = entry.End;
        }

        return expected == dataBytes ? null : new Problem(expected > dataBytes
            ? $"Its tensors take {expected} bytes and it has {dataBytes}: it is cut short."
            : $"{dataBytes - expected} bytes after its last tensor belong to none.", file);
    }

    private static void WriteNumbers(Utf8JsonWriter json, string name, ImmutableArray<long> numbers)
    {
        json.WriteStartArray(name);
        foreach (var number in numbers)
        {
            json.WriteNumberValue(number);
        }

        json.WriteEndArray();
    }
}
