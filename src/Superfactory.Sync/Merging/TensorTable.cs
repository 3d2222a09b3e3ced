using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;
using Superfactory.Sync.Merging.Wire;

namespace Superfactory.Sync.Merging;

/// <summary>The tensors that a trainer registered, checked and hashed. Immutable.</summary>
internal sealed class TensorTable
{
    private const int MinimalEntryBytes = 2 + 2 + 1 + 8 + 4 + 1;

    private readonly byte[] _bytes;

    private TensorTable(ImmutableArray<TensorEntry> entries)
    {
        Entries = entries;
        _bytes = ToBytes(entries);
        Hash = ContentHash.Of(_bytes);
    }

    public ImmutableArray<TensorEntry> Entries { get; }

    public ulong Hash { get; }

    /// <summary>The table as it goes to a peer that has another one.</summary>
    public ReadOnlyMemory<byte> Bytes => _bytes;

    /// <summary>Elements of each parameter, in registered order.</summary>
    public int[] ParameterSizes => [.. Entries.Where(entry => entry.Role == TensorRole.Parameter).Select(entry => (int)(entry.Bytes / sizeof(float)))];

    /// <summary>Elements of each fragment of streaming; one where the parameters are of one.</summary>
    public ImmutableArray<int> FragmentSizes =>
    [
        .. Entries.Where(entry => entry.Role == TensorRole.Parameter).GroupBy(entry => entry.Fragment).OrderBy(fragment => fragment.Key)
            .Select(fragment => (int)(fragment.Sum(entry => entry.Bytes) / sizeof(float))),
    ];

    /// <summary>Bytes of all that is not a parameter.</summary>
    public long StaticsBytes => Entries.Where(entry => entry.Role != TensorRole.Parameter).Sum(entry => entry.Bytes);

    /// <summary>Makes a table, or says in <paramref name="problem"/> why it is none.</summary>
    public static TensorTable? Create(ImmutableArray<TensorEntry> entries, out string? problem)
    {
        problem = Check(entries);
        return problem is null ? new TensorTable(entries) : null;
    }

    /// <summary>The length of a whole table from the first of its bytes; null where there can be no such table.</summary>
    public static int? LengthOf(ReadOnlySpan<byte> start) =>
        start.Length >= sizeof(int) && BinaryPrimitives.ReadInt32LittleEndian(start) is >= 2 * sizeof(int) and <= MergeLimits.TableBytesMax and var length ? length : null;

    /// <summary>Reads what a peer sent; null where it is no table.</summary>
    public static ImmutableArray<TensorEntry>? FromBytes(ReadOnlySpan<byte> bytes)
    {
        var reader = new WireReader(bytes);
        reader.Require(reader.Int32() == bytes.Length);
        var count = reader.Int32();
        if (!reader.Require(count >= 0 && count <= reader.Remaining / MinimalEntryBytes))
        {
            return null;
        }

        var entries = ImmutableArray.CreateBuilder<TensorEntry>(count);
        for (var index = 0; index < count && !reader.Broken; index++)
        {
            var name = reader.Text(ushort.MaxValue);
            var type = reader.Text(ushort.MaxValue);
            var role = (TensorRole)reader.Byte();
            var size = reader.Int64(0, long.MaxValue);
            var fragment = reader.Int32();
            var shape = new long[Math.Min(reader.Byte(), reader.Remaining / sizeof(long))];
            foreach (ref var dimension in shape.AsSpan())
            {
                dimension = reader.Int64();
            }

            entries.Add(new TensorEntry(name, [.. shape], type, role, size, fragment));
        }

        return reader.Complete ? entries.ToImmutable() : null;
    }

    /// <summary>The first difference between what two islands registered, in a sentence.</summary>
    public static string Difference(string first, ImmutableArray<TensorEntry> expected, string second, ImmutableArray<TensorEntry> actual)
    {
        for (var index = 0; index < Math.Max(expected.Length, actual.Length); index++)
        {
            if (index >= actual.Length)
            {
                return $"{second} registers no tensor '{expected[index].Name}' where {first} registers {Describe(expected[index])}.";
            }

            if (index >= expected.Length)
            {
                return $"{second} registers {Describe(actual[index])} where {first} registers nothing more.";
            }

            var (one, other) = (expected[index], actual[index]);
            if (one.Name != other.Name || one.DataType != other.DataType || one.Role != other.Role || !one.Shape.SequenceEqual(other.Shape) || one.Bytes != other.Bytes || one.Fragment != other.Fragment)
            {
                return $"{second} registers {Describe(other)} where {first} registers {Describe(one)}.";
            }
        }

        return $"{second} registers the same tensors as {first}, but their tables differ.";
    }

    private static string Describe(TensorEntry entry)
    {
        var role = entry.Role == TensorRole.Parameter ? string.Empty : entry.Role == TensorRole.Frozen ? " frozen" : " buffer";
        var fragment = entry.Fragment > 0 ? $" of fragment {entry.Fragment}" : string.Empty;
        return $"'{entry.Name}' [{string.Join(',', entry.Shape)}] {entry.DataType}{role}{fragment}";
    }

    private static string? Check(ImmutableArray<TensorEntry> entries)
    {
        var (elements, length, fragment) = (0L, 2L * sizeof(int), 0);
        foreach (var entry in entries)
        {
            var names = Encoding.UTF8.GetByteCount(entry.Name) + Encoding.UTF8.GetByteCount(entry.DataType);
            length += MinimalEntryBytes + names + (entry.Shape.IsDefault ? 0 : entry.Shape.Length * sizeof(long));
            if (names > ushort.MaxValue || length > MergeLimits.TableBytesMax)
            {
                return $"The trainer registers too many tensors, or too long names: a table may take {MergeLimits.TableBytesMax} bytes.";
            }

            if (entry.Bytes < 0 || entry.Shape.IsDefault || entry.Shape.Length > byte.MaxValue)
            {
                return $"Tensor '{entry.Name}' has {entry.Bytes} bytes or a shape that is none.";
            }

            if (entry.Role == TensorRole.Parameter)
            {
                if (entry.Bytes % sizeof(float) != 0)
                {
                    return $"Parameter '{entry.Name}' has {entry.Bytes} bytes; parameters cross in fp32, 4 bytes an element.";
                }

                if (entry.Fragment < fragment || entry.Fragment > fragment + 1 || (elements == 0 && entry.Fragment > 0) || entry.Fragment >= MergeLimits.FragmentsMax)
                {
                    return $"Parameter '{entry.Name}' is of fragment {entry.Fragment} after one of fragment {fragment}; parameters come in the order of their fragments, and no fragment is empty.";
                }

                fragment = entry.Fragment;
                elements += entry.Bytes / sizeof(float);
            }
        }

        var statics = entries.Where(entry => entry.Role != TensorRole.Parameter).Sum(entry => (double)entry.Bytes);
        return elements == 0 ? "The trainer registers no parameters: there is nothing to train."
            : elements > Array.MaxLength ? $"The trainer registers {elements} parameters; one bridge holds at most {Array.MaxLength}."
            : statics > Array.MaxLength ? $"The trainer registers {statics} bytes of frozen tensors and buffers; one bridge holds at most {Array.MaxLength}."
            : null;
    }

    private static byte[] ToBytes(ImmutableArray<TensorEntry> entries)
    {
        var buffer = new ArrayBufferWriter<byte>();
        var writer = new WireWriter(buffer);
        writer.Int32(0);
        writer.Int32(entries.Length);
        foreach (var entry in entries)
        {
            writer.Text(entry.Name);
            writer.Text(entry.DataType);
            writer.Byte((byte)entry.Role);
            writer.Int64(entry.Bytes);
            writer.Int32(entry.Fragment);
            writer.Byte((byte)entry.Shape.Length);
            foreach (var dimension in entry.Shape)
            {
                writer.Int64(dimension);
            }
        }

        var bytes = buffer.WrittenSpan.ToArray();
        BinaryPrimitives.WriteInt32LittleEndian(bytes, bytes.Length);
        return bytes;
    }
}
