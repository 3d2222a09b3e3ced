namespace Superfactory.Site.Copies;

/// <summary>How a file is cut into chunks: all of one size, the last one as long as what is left. Immutable.</summary>
/// <param name="Bytes">The file's length; from 0.</param>
internal readonly record struct ChunkPlan(long Bytes)
{
    /// <summary>The number of chunks; 0 of an empty file.</summary>
    public long Count => (Bytes / CopyLimits.ChunkBytes) + (Bytes % CopyLimits.ChunkBytes == 0 ? 0 : 1);

    /// <summary>Where a chunk begins.</summary>
    public static long Offset(long chunk) => checked(chunk * CopyLimits.ChunkBytes);

    /// <summary>How long a chunk is: 1 to <see cref="CopyLimits.ChunkBytes"/>.</summary>
    public int Length(long chunk) => (int)Math.Min(CopyLimits.ChunkBytes, Bytes - Offset(chunk));

    /// <summary>Bytes of a run of chunks.</summary>
    public long Length(long first, long count) => count == 0 ? 0 : Offset(first + count - 1) + Length(first + count - 1) - Offset(first);

    /// <summary>Whether there are such chunks.</summary>
    public bool Holds(long first, long count) => first >= 0 && count > 0 && first <= Count - count;
}
