using System.Buffers.Binary;
using System.Text;
using Superfactory.Site.Copies.Files;

namespace Superfactory.Site.Copies.Wire;

/// <summary>Reads messages of a copy. Anything that is too short, too long or out of range is a <see cref="CopyProtocolException"/>.</summary>
internal ref struct CopyReader
{
    private ReadOnlySpan<byte> _rest;

    /// <summary>Reads what follows the type.</summary>
    public CopyReader(ReadOnlySpan<byte> message)
    {
        _rest = message;
        Type = (CopyMessageType)Byte();
    }

    /// <summary>What the message is.</summary>
    public CopyMessageType Type { get; }

    /// <summary>Whether everything was read.</summary>
    public readonly bool IsAtEnd => _rest.IsEmpty;

    /// <summary>Bytes that are left.</summary>
    public readonly int Left => _rest.Length;

    public byte Byte() => Take(1)[0];

    public int Int() => BinaryPrimitives.ReadInt32LittleEndian(Take(sizeof(int)));

    public long Long() => BinaryPrimitives.ReadInt64LittleEndian(Take(sizeof(long)));

    public long Count()
    {
        var value = Long();
        return value >= 0 ? value : throw new CopyProtocolException($"A count of {value} is below 0.");
    }

    public string Text()
    {
        var bytes = Take(BinaryPrimitives.ReadUInt16LittleEndian(Take(sizeof(ushort))));
        try
        {
            return _strict.GetString(bytes);
        }
        catch (DecoderFallbackException exception)
        {
            throw new CopyProtocolException("A text is no UTF-8.", exception);
        }
    }

    public ChunkHash Hash() => ChunkHash.Read(Take(ChunkHash.Size));

    public ReadOnlySpan<byte> Take(long bytes)
    {
        if (bytes < 0 || bytes > _rest.Length)
        {
            throw new CopyProtocolException($"A message ends {bytes - _rest.Length} bytes too early.");
        }

        var taken = _rest[..(int)bytes];
        _rest = _rest[(int)bytes..];
        return taken;
    }

    public FileStatus Status()
    {
        var kind = (FileKind)Byte();
        var status = new FileStatus(kind, Int(), Long(), Long(), (uint)Int(), unchecked((ulong)Long()), unchecked((ulong)Long()));
        return kind <= FileKind.Other && status is { Size: >= 0, Nanoseconds: < 1_000_000_000, Mode: >= 0 and <= 511 }
            ? status
            : throw new CopyProtocolException("What is said of a file cannot be.");
    }

    public CopyEntry Entry()
    {
        var (id, path, status, target) = (Count(), Text(), Status(), Text());
        return new CopyEntry(id, path, status, status.Kind == FileKind.Link ? target : null);
    }

    public RequestHead Request()
    {
        var (file, attempt, first, count, flags) = (Count(), Int(), Count(), Count(), Byte());
        return new RequestHead(file, attempt, first, count, (flags & 1) != 0, (flags & 2) != 0);
    }

    public AnswerHead Answer() => new((AnswerKind)Byte(), Count(), Int(), Count(), Count());

    private static readonly UTF8Encoding _strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
}
