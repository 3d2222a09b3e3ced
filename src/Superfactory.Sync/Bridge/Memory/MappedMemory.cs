using System.Buffers;

namespace Superfactory.Sync.Bridge.Memory;

/// <summary>
/// Elements that lie in a mapped file, as <see cref="Memory{T}"/>. Using it after the mapping is gone throws; whoever unmaps
/// sees to it that nobody is in the middle of a span then.
/// </summary>
/// <typeparam name="T">The element.</typeparam>
internal sealed unsafe class MappedMemory<T> : MemoryManager<T>
    where T : unmanaged
{
    private readonly MappedFile _file;
    private readonly long _offset;
    private readonly int _length;

    /// <summary>A view of <paramref name="length"/> elements that begins <paramref name="offset"/> bytes into the file.</summary>
    public MappedMemory(MappedFile file, long offset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset + ((long)length * sizeof(T)), file.Bytes);
        (_file, _offset, _length) = (file, offset, length);
    }

    /// <inheritdoc/>
    public override Memory<T> Memory => CreateMemory(_length);

    /// <inheritdoc/>
    public override Span<T> GetSpan() => new(_file.Pointer + _offset, _length);

    /// <inheritdoc/>
    public override MemoryHandle Pin(int elementIndex = 0)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)elementIndex, (uint)_length);
        return new MemoryHandle((T*)(_file.Pointer + _offset) + elementIndex, default, this);
    }

    /// <summary>Does nothing: a mapping never moves.</summary>
    public override void Unpin()
    {
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _file.Dispose();
        }
    }
}
