using System.Buffers;
using System.Runtime.CompilerServices;
using Superfactory.Wan.Frames;

namespace Superfactory.Wan.Transport;

/// <summary>
/// Writes frames to a stream. Small frames share one write; of a large payload the beginning goes along with what is before it, so
/// that no short packet leaves, and the rest is written from where it is. For one writer at a time.
/// </summary>
internal sealed class FrameWriter(Stream stream) : IDisposable
{
    /// <summary>What is gathered before it is written.</summary>
    private const int GatherBytes = 64 * 1024;

    /// <summary>Payloads up to this are copied beside their neighbours, and that much of longer ones: a copy of 16 KiB costs less than another write.</summary>
    public const int CopyBytesMax = 16 * 1024;

    private readonly byte[] _buffer = ArrayPool<byte>.Shared.Rent(GatherBytes);
    private int _length;
    private int _disposed;

    /// <summary>Takes a frame; it is on its way after <see cref="FlushAsync"/>. The payload may be changed when the call returns.</summary>
    public ValueTask WriteAsync(FrameHeader header, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
        => WriteAsync(header, default, payload, cancellationToken);

    /// <summary>Takes a frame that has something in front of its payload's long part, such as its route or the payload's beginning, at most <see cref="CopyBytesMax"/> long.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask WriteAsync(FrameHeader header, ReadOnlyMemory<byte> first, ReadOnlyMemory<byte> second, CancellationToken cancellationToken)
    {
        var copied = Math.Min(second.Length, CopyBytesMax);
        if (_length + FrameHeader.Bytes + first.Length + copied > GatherBytes)
        {
            await FlushAsync(cancellationToken);
        }

        header.Write(_buffer.AsSpan(_length));
        _length += FrameHeader.Bytes;
        first.Span.CopyTo(_buffer.AsSpan(_length));
        _length += first.Length;
        second.Span[..copied].CopyTo(_buffer.AsSpan(_length));
        _length += copied;
        if (copied < second.Length)
        {
            await FlushAsync(cancellationToken);
            await stream.WriteAsync(second[copied..], cancellationToken);
        }
    }

    /// <summary>Takes a frame and sends it off.</summary>
    public async ValueTask SendAsync(Frame frame, CancellationToken cancellationToken)
    {
        await WriteAsync(frame.Header, frame.Payload.Memory, cancellationToken);
        await FlushAsync(cancellationToken);
    }

    /// <summary>Writes what was gathered.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        if (_length == 0)
        {
            return;
        }

        var length = _length;
        _length = 0;
        await stream.WriteAsync(_buffer.AsMemory(0, length), cancellationToken);
    }

    /// <summary>Gives the buffer back. Only when no write is under way.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
        }
    }
}
