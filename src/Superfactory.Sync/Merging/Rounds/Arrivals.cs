using Superfactory.Sync.Arithmetic.Formats;
using Superfactory.Sync.Fragments;

namespace Superfactory.Sync.Merging.Rounds;

/// <summary>What has arrived of the other islands' contributions in the current attempt, and the chunks among it that wait for their turn.</summary>
internal sealed class Arrivals(int islands, FragmentPlan plan, int chunkBytes)
{
    private readonly From?[] _from = new From?[islands];
    private readonly Stack<byte[]> _free = new();

    /// <summary>Bytes of chunks that wait for their turn.</summary>
    public long KeptBytes { get; private set; }

    /// <summary>The most that ever waited at once, in bytes.</summary>
    public long KeptBytesPeak { get; private set; }

    /// <summary>What came of an island.</summary>
    public From Of(int island) => _from[island] ??= new From(plan.Chunks);

    /// <summary>Keeps a chunk until its turn comes.</summary>
    public void Keep(int island, int chunk, ReadOnlySpan<byte> bytes)
    {
        if (!_free.TryPop(out var room))
        {
            room = GC.AllocateUninitializedArray<byte>(chunkBytes);
        }

        bytes.CopyTo(room);
        Of(island).Kept[chunk] = room;
        KeptBytes += chunkBytes;
        KeptBytesPeak = Math.Max(KeptBytesPeak, KeptBytes);
    }

    /// <summary>A chunk's turn has been: its memory is free. Does nothing where it is not kept.</summary>
    public void Release(int island, int chunk)
    {
        if (_from[island] is { } from && from.Kept[chunk] is { } room)
        {
            from.Kept[chunk] = null;
            _free.Push(room);
            KeptBytes -= chunkBytes;
        }
    }

    /// <summary>No chunk of an island will have a turn.</summary>
    public void Release(int island)
    {
        for (var chunk = 0; chunk < plan.Chunks && KeptBytes > 0; chunk++)
        {
            Release(island, chunk);
        }
    }

    /// <summary>Another round or attempt. Memory is kept for it.</summary>
    public void Clear()
    {
        for (var island = 0; island < islands; island++)
        {
            Release(island);
            _from[island]?.Clear();
        }
    }

    /// <summary>What came of one island.</summary>
    internal sealed class From(int chunks)
    {
        /// <summary>Chunks that are here or have been.</summary>
        public ChunkSet Here { get; } = new(chunks);

        /// <summary>Square of the L2 norm of each chunk that is here.</summary>
        public double[] SquaredNorms { get; } = new double[chunks];

        /// <summary>Chunks that wait for their turn.</summary>
        public byte[]?[] Kept { get; } = new byte[chunks][];

        /// <summary>Whether a chunk had numbers that are not finite, where its header says that there are none.</summary>
        public bool NotFinite { get; set; }

        public void Clear()
        {
            Here.Clear();
            NotFinite = false;
        }

        /// <summary>A chunk was read.</summary>
        public void Measured(int chunk, HeaderNumbers numbers)
        {
            SquaredNorms[chunk] = numbers.SquaredNorm;
            NotFinite |= numbers.NonFinite != 0;
        }

        /// <summary>The square of a fragment's norm, over its chunks in their order.</summary>
        public double SquaredNorm(Fragment fragment)
        {
            var sum = 0.0;
            for (var chunk = fragment.Index; chunk < SquaredNorms.Length; chunk += fragment.Stride)
            {
                sum += SquaredNorms[chunk];
            }

            return sum;
        }
    }
}
