using System.Buffers;

namespace Superfactory.Wan;

/// <summary>
/// Bytes of a frame's payload in an array of the shared pool, which takes it back when the last holder releases it.
/// Counting holders lets a frame be written, kept for sending again and delivered at the same time without a copy. Thread-safe.
/// </summary>
internal sealed class PooledBuffer
{
    private readonly byte[] _array;
    private int _holders = 1;

    private PooledBuffer(byte[] array, int length) => (_array, Length) = (array, length);

    /// <summary>Nothing, for frames without payload; may be released at will.</summary>
    public static PooledBuffer Empty { get; } = new([], 0);

    public int Length { get; }

    public Memory<byte> Memory => _array.AsMemory(0, Length);

    public Span<byte> Span => _array.AsSpan(0, Length);

    public static PooledBuffer Rent(int length) => length == 0 ? Empty : new(ArrayPool<byte>.Shared.Rent(length), length);

    public PooledBuffer Retain()
    {
        if (Length > 0 && Interlocked.Increment(ref _holders) <= 1)
        {
            throw new InvalidOperationException("The buffer was given back already.");
        }

        return this;
    }

    public void Release()
    {
        if (Length == 0)
        {
            return;
        }

        var left = Interlocked.Decrement(ref _holders);
        if (left == 0)
        {
            ArrayPool<byte>.Shared.Return(_array);
        }
        else if (left < 0)
        {
            throw new InvalidOperationException("The buffer was given back twice.");
        }
    }
}
