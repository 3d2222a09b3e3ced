using System.Buffers;
using System.Runtime.CompilerServices;
using Superfactory.Wan.Frames;

namespace Superfactory.Wan.Transport;

/// <summary>Writes frames to a stream. Small frames share one write; a large payload is written from where it is. For one writer at a time.</summary>
internal sealed class FrameWriter(Stream stream) : IDisposable
{
    /// <summary>What is gathered before it is written.</summary>
    private const int GatherBytes = 64 * 1024;

    /// <summary>Payloads up to this are copied beside their neighbours: a copy of 16 KiB costs less than another write.</summary>
    public const int CopyBytesMax = 16 * 1024;

    private readonly byte[] _buffer = ArrayPool<byte>.Shared.Rent(GatherBytes);
    private int _length;
    private int _disposed;

    /// <summary>Takes a frame; it is on its way after <see cref="FlushAsync"/>. The payload may be changed when the call returns.</summary>
    public ValueTask WriteAsync(FrameHeader header, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
        => WriteAsync(header, default, payload, cancellationToken);

    /// <summary>Takes a frame whose payload is in two parts, the first at most <see cref="CopyBytesMax"/> long.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask WriteAsync(FrameHeader header, ReadOnlyMemory<byte> first, ReadOnlyMemory<byte> second, CancellationToken cancellationToken)
    {
        var copied = first.Length + (second.Length <= CopyBytesMax ? second.Length : 0);
        if (_length + FrameHeader.Bytes + copied > GatherBytes)
        {
            await FlushAsync(cancellationToken);
        }

        header.Write(_buffer.AsSpan(_length));
        _length += FrameHeader.Bytes;
        first.Span.CopyTo(_buffer.AsSpan(_length));
        _length += first.Length;
        if (copied > first.Length)
        {
            second.Span.CopyTo(_buffer.AsSpan(_length));
            _length += second.Length;
        }
        else if (second.Length > 0)
        {
            await FlushAsync(cancellationToken);
            await stream.WriteAsync(second, cancellationToken);
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
