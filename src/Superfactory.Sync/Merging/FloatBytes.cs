using System.Buffers;
using System.Runtime.InteropServices;

namespace Superfactory.Sync.Merging;

/// <summary>A stretch of fp32 numbers seen as bytes without a copy, so that a chunk can point into the replica itself.</summary>
internal sealed class FloatBytes(Memory<float> numbers) : MemoryManager<byte>
{
    public override Span<byte> GetSpan() => MemoryMarshal.AsBytes(numbers.Span);

    /// <summary>Pins the numbers. Only whole elements can be pointed at: the stretches that chunks are made of begin at one.</summary>
    public override MemoryHandle Pin(int elementIndex = 0) =>
        elementIndex % sizeof(float) == 0
            ? numbers[(elementIndex / sizeof(float))..].Pin()
            : throw new NotSupportedException("A stretch that begins inside an element cannot be pinned.");

    public override void Unpin()
    {
        // The handle that Pin gave releases the numbers by itself.
    }

    protected override void Dispose(bool disposing)
    {
        // Nothing is owned.
    }
}
