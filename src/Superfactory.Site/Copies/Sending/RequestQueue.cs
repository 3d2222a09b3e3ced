using Superfactory.Site.Copies.Wire;

namespace Superfactory.Site.Copies.Sending;

/// <summary>What a reader works on: a few chunks of a file in a row.</summary>
/// <param name="File">The file.</param>
/// <param name="First">The first chunk.</param>
/// <param name="Count">How many.</param>
/// <param name="Hashes">What the destination has of each; empty where it has nothing.</param>
internal readonly record struct ChunkSlice(SourceFile File, long First, int Count, ReadOnlyMemory<byte> Hashes)
{
    /// <summary>What the destination has of one of them; null where it has nothing.</summary>
    public ChunkHash? HashOf(long chunk)
        => Hashes.IsEmpty ? null : ChunkHash.Read(Hashes.Span[(int)((chunk - First) * ChunkHash.Size)..]);
}

/// <summary>What was asked for and is not read yet, in the order of asking, handed out in slices. Thread-safe.</summary>
internal sealed class RequestQueue : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Queue<(SourceFile File, RequestHead Head, ReadOnlyMemory<byte> Hashes)> _ranges = new();
    private readonly SemaphoreSlim _slices = new(0);
    private long _taken;
    private int _asked;

    /// <summary>Adds a range.</summary>
    /// <exception cref="CopyProtocolException">More is asked for than the other end may.</exception>
    public void Add(SourceFile file, in RequestHead head, ReadOnlyMemory<byte> hashes)
    {
        lock (_lock)
        {
            _asked += Units(head);
            if (_asked > CopyLimits.AskedRefused)
            {
                throw new CopyProtocolException($"More than {CopyLimits.AskedRefused} chunks are asked for at a time.");
            }

            _ranges.Enqueue((file, head, hashes));
        }

        _slices.Release((int)((head.Count + CopyLimits.ChunksPerSlice - 1) / CopyLimits.ChunksPerSlice));
    }

    /// <summary>The next slice, where there is one.</summary>
    public bool TryTake(out ChunkSlice slice)
    {
        slice = _slices.Wait(0) ? Take() : default;
        return slice.File is not null;
    }

    /// <summary>The next slice, once there is one.</summary>
    public async ValueTask<ChunkSlice> TakeAsync(CancellationToken cancellationToken)
    {
        await _slices.WaitAsync(cancellationToken);
        return Take();
    }

    /// <inheritdoc/>
    public void Dispose() => _slices.Dispose();

    private static int Units(in RequestHead head) => head.HasHashes ? (int)head.Count : 1;

    private ChunkSlice Take()
    {
        lock (_lock)
        {
            var (file, head, hashes) = _ranges.Peek();
            var count = (int)Math.Min(CopyLimits.ChunksPerSlice, head.Count - _taken);
            var slice = new ChunkSlice(
                file, head.First + _taken, count, head.HasHashes ? hashes.Slice((int)_taken * ChunkHash.Size, count * ChunkHash.Size) : default);
            _taken += count;
            if (_taken == head.Count)
            {
                _ranges.Dequeue();
                (_taken, _asked) = (0, _asked - Units(head));
            }

            return slice;
        }
    }
}
