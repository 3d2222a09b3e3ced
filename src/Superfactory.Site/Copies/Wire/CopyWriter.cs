using System.Buffers.Binary;
using System.Text;
using Superfactory.Site.Copies.Files;

namespace Superfactory.Site.Copies.Wire;

/// <summary>Writes messages of a copy, little-endian, into a buffer of its own. For one caller at a time.</summary>
internal sealed class CopyWriter
{
    private byte[] _buffer;

    /// <summary>Writes into a buffer that grows from <paramref name="capacity"/> bytes on.</summary>
    public CopyWriter(int capacity = 256) => _buffer = new byte[capacity];

    /// <summary>Bytes written.</summary>
    public int Length { get; private set; }

    /// <summary>What was written.</summary>
    public ReadOnlyMemory<byte> Written => _buffer.AsMemory(0, Length);

    /// <summary>Begins a message.</summary>
    public CopyWriter Start(CopyMessageType type)
    {
        Length = 0;
        Byte((byte)type);
        return this;
    }

    public CopyWriter Byte(byte value)
    {
        Claim(1)[0] = value;
        return this;
    }

    public CopyWriter Number(int value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(Claim(sizeof(int)), value);
        return this;
    }

    public CopyWriter Number(long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(Claim(sizeof(long)), value);
        return this;
    }

    /// <summary>Two bytes of length and UTF-8.</summary>
    public CopyWriter Text(string text)
    {
        var bytes = Encoding.UTF8.GetByteCount(text);
        BinaryPrimitives.WriteUInt16LittleEndian(Claim(sizeof(ushort)), checked((ushort)bytes));
        Encoding.UTF8.GetBytes(text, Claim(bytes));
        return this;
    }

    public CopyWriter Hash(in ChunkHash hash)
    {
        ((ReadOnlySpan<byte>)hash).CopyTo(Claim(ChunkHash.Size));
        return this;
    }

    public CopyWriter Status(in FileStatus status)
    {
        Byte((byte)status.Kind).Number(status.Mode).Number(status.Size).Number(status.Seconds).Number((int)status.Nanoseconds);
        return Number(unchecked((long)status.Device)).Number(unchecked((long)status.Inode));
    }

    public CopyWriter Entry(CopyEntry entry) => Number(entry.Id).Text(entry.Path).Status(entry.Status).Text(entry.Target ?? string.Empty);

    public CopyWriter Head(in RequestHead head)
        => Number(head.File).Number(head.Attempt).Number(head.First).Number(head.Count).Byte((byte)((head.HasHashes ? 1 : 0) | (head.IsLast ? 2 : 0)));

    public CopyWriter Head(in AnswerHead head)
        => Byte((byte)head.Kind).Number(head.File).Number(head.Attempt).Number(head.First).Number(head.Count);

    /// <summary>Begins again without a type.</summary>
    public void Clear() => Length = 0;

    public CopyWriter Bytes(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Claim(bytes.Length));
        return this;
    }

    private Span<byte> Claim(int bytes)
    {
        Ensure(bytes);
        var claimed = _buffer.AsSpan(Length, bytes);
        Length += bytes;
        return claimed;
    }

    private void Ensure(int bytes)
    {
        if (_buffer.Length - Length < bytes)
        {
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, Length + bytes));
        }
    }
}
