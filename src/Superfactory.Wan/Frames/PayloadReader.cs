using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;

namespace Superfactory.Wan.Frames;

/// <summary>Takes values off the front of a payload. Says false, and never throws, where the bytes do not hold them.</summary>
internal ref struct PayloadReader(ReadOnlySpan<byte> payload)
{
    private readonly ReadOnlySpan<byte> _payload = payload;

    /// <summary>How many bytes were taken.</summary>
    public int Position { get; private set; }

    public readonly bool AtEnd => Position == _payload.Length;

    public bool TryReadByte(out byte value)
    {
        value = 0;
        if (AtEnd)
        {
            return false;
        }

        value = _payload[Position++];
        return true;
    }

    public bool TryReadInt64(out long value)
    {
        if (!BinaryPrimitives.TryReadInt64LittleEndian(_payload[Position..], out value))
        {
            return false;
        }

        Position += sizeof(long);
        return true;
    }

    public bool TryReadInt32(out int value)
    {
        if (!BinaryPrimitives.TryReadInt32LittleEndian(_payload[Position..], out value))
        {
            return false;
        }

        Position += sizeof(int);
        return true;
    }

    /// <summary>A name: its length in one byte, then 1 to <paramref name="bytesMax"/> bytes of UTF-8.</summary>
    public bool TryReadName(int bytesMax, out string name)
    {
        name = string.Empty;
        if (!TryReadByte(out var length) || length == 0 || length > bytesMax || length > _payload.Length - Position)
        {
            return false;
        }

        var bytes = _payload.Slice(Position, length);
        if (!Utf8.IsValid(bytes))
        {
            return false;
        }

        name = Encoding.UTF8.GetString(bytes);
        Position += length;
        return true;
    }

    public bool TryReadAddress(out EndpointAddress address)
    {
        address = default;
        if (!TryReadName(FrameLimits.SiteBytesMax, out var site) || !TryReadName(FrameLimits.NameBytesMax, out var name))
        {
            return false;
        }

        address = new EndpointAddress(site, name);
        return true;
    }
}
