using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace Superfactory.Site.Copies;

/// <summary>The SHA-256 of a chunk.</summary>
[InlineArray(Size)]
internal struct ChunkHash : IEquatable<ChunkHash>
{
    /// <summary>Its length in bytes.</summary>
    public const int Size = SHA256.HashSizeInBytes;

    private byte _first;

    /// <summary>Of a whole chunk of zeros.</summary>
    public static ChunkHash OfZeros { get; } = Of(new byte[CopyLimits.ChunkBytes]);

    public static ChunkHash Of(ReadOnlySpan<byte> bytes)
    {
        var hash = default(ChunkHash);
        SHA256.HashData(bytes, hash);
        return hash;
    }

    /// <summary>Of zeros, without reading any where the chunk is whole.</summary>
    public static ChunkHash Zeros(int length) => length == CopyLimits.ChunkBytes ? OfZeros : Of(new byte[length]);

    public static ChunkHash Read(ReadOnlySpan<byte> bytes)
    {
        var hash = default(ChunkHash);
        bytes[..Size].CopyTo(hash);
        return hash;
    }

    /// <summary>Whether there is nothing but zeros, found much faster than a hash.</summary>
    public static bool IsZeros(ReadOnlySpan<byte> bytes) => bytes.IndexOfAnyExcept((byte)0) < 0;

    public readonly bool Equals(ChunkHash other) => ((ReadOnlySpan<byte>)this).SequenceEqual(other);

    public override readonly bool Equals(object? obj) => obj is ChunkHash other && Equals(other);

    public override readonly int GetHashCode() => BitConverter.ToInt32((ReadOnlySpan<byte>)this);
}
