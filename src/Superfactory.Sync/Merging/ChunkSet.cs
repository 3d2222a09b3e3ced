using System.Numerics;
using System.Runtime.InteropServices;

namespace Superfactory.Sync.Merging;

/// <summary>A set of a plan's chunks, a bit for each.</summary>
internal sealed class ChunkSet(int chunks)
{
    private readonly ulong[] _words = new ulong[(chunks + 63) / 64];

    /// <summary>How many are in it.</summary>
    public int Count { get; private set; }

    public bool Contains(int chunk) => (_words[chunk >> 6] >> (chunk & 63) & 1) != 0;

    /// <summary>Puts a chunk in; false where it was in already.</summary>
    public bool Add(int chunk)
    {
        ref var word = ref _words[chunk >> 6];
        var bit = 1UL << (chunk & 63);
        if ((word & bit) != 0)
        {
            return false;
        }

        word |= bit;
        Count++;
        return true;
    }

    /// <summary>Takes a chunk out.</summary>
    public void Remove(int chunk)
    {
        if (Contains(chunk))
        {
            _words[chunk >> 6] &= ~(1UL << (chunk & 63));
            Count--;
        }
    }

    public void Clear()
    {
        Array.Clear(_words);
        Count = 0;
    }

    /// <summary>Takes what <see cref="ToBytes"/> of a set of as many chunks gave; chunks that there are not, and bytes too many, are passed over.</summary>
    /// <param name="bytes">The other set's bytes.</param>
    /// <param name="count">Chunks that there are; not more than this set is for.</param>
    public void Take(ReadOnlySpan<byte> bytes, int count)
    {
        Clear();
        var own = MemoryMarshal.AsBytes(_words.AsSpan());
        bytes[..Math.Min(bytes.Length, own.Length)].CopyTo(own);
        for (var word = 0; word < _words.Length; word++)
        {
            var bits = Math.Clamp(count - (word * 64), 0, 64);
            _words[word] &= bits == 64 ? ulong.MaxValue : (1UL << bits) - 1;
            Count += BitOperations.PopCount(_words[word]);
        }
    }

    /// <summary>Its bytes, the first chunk in the lowest bit of the first; none for the empty set.</summary>
    public byte[] ToBytes() => Count == 0 ? [] : MemoryMarshal.AsBytes(_words.AsSpan())[..((chunks + 7) / 8)].ToArray();
}
