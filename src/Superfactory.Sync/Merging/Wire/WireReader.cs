using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;

namespace Superfactory.Sync.Merging.Wire;

/// <summary>
/// Reads little-endian fields from bytes that anybody may have sent. A read beyond the end gives zero and marks the reader broken;
/// the caller asks once, at the end.
/// </summary>
internal ref struct WireReader(ReadOnlySpan<byte> source)
{
    private ReadOnlySpan<byte> _rest = source;

    /// <summary>Whether a field was missing or had an impossible value.</summary>
    public bool Broken { get; private set; }

    /// <summary>Bytes not read yet.</summary>
    public readonly int Remaining => _rest.Length;

    /// <summary>Whether everything was read and nothing was wrong.</summary>
    public readonly bool Complete => !Broken && _rest.IsEmpty;

    public byte Byte() => Take(1) is [var value, ..] ? value : (byte)0;

    public bool Flag()
    {
        var value = Byte();
        Require(value <= 1);
        return value == 1;
    }

    public ushort UInt16() => Take(2) is { Length: 2 } bytes ? BinaryPrimitives.ReadUInt16LittleEndian(bytes) : (ushort)0;

    public int Int32() => Take(4) is { Length: 4 } bytes ? BinaryPrimitives.ReadInt32LittleEndian(bytes) : 0;

    public long Int64() => Take(8) is { Length: 8 } bytes ? BinaryPrimitives.ReadInt64LittleEndian(bytes) : 0;

    public ulong UInt64() => Take(8) is { Length: 8 } bytes ? BinaryPrimitives.ReadUInt64LittleEndian(bytes) : 0;

    public float Single() => BitConverter.Int32BitsToSingle(Int32());

    public double Double() => BitConverter.Int64BitsToDouble(Int64());

    /// <summary>A count or size: marks the reader broken where it is not between the two, and gives the smallest.</summary>
    public int Int32(int least, int most)
    {
        var value = Int32();
        return Require(value >= least && value <= most) ? value : least;
    }

    /// <inheritdoc cref="Int32(int, int)"/>
    public long Int64(long least, long most)
    {
        var value = Int64();
        return Require(value >= least && value <= most) ? value : least;
    }

    /// <summary>Length in bytes as 16 bits, then UTF-8.</summary>
    public string Text(int bytesMax)
    {
        var length = UInt16();
        if (!Require(length <= bytesMax))
        {
            return string.Empty;
        }

        var bytes = Take(length);
        return Require(Utf8.IsValid(bytes)) ? Encoding.UTF8.GetString(bytes) : string.Empty;
    }

    /// <summary>Marks the reader broken where <paramref name="condition"/> does not hold.</summary>
    public bool Require(bool condition)
    {
        Broken |= !condition;
        return condition;
    }

    /// <summary>Passes over bytes that the caller takes by itself.</summary>
    public void Skip(int count) => Take(count);

    private ReadOnlySpan<byte> Take(int count)
    {
        if (!Require(_rest.Length >= count))
        {
            _rest = default;
            return default;
        }

        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}
