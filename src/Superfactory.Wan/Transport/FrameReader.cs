using System.Buffers;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Superfactory.Wan.Frames;

namespace Superfactory.Wan.Transport;

/// <summary>What a <see cref="FrameReader"/> found: a frame, whose payload the caller releases; a refusal; or the end of the stream.</summary>
internal readonly record struct FrameRead(FrameHeader Header, PooledBuffer? Payload, FrameRefusal Refusal, FrameRoute? Route = null)
{
    /// <summary>Whether the stream ended, also in the middle of a frame.</summary>
    public bool Ended => Payload is null && Refusal == FrameRefusal.None;

    public Frame Frame => new(Header.Type, Header.Class, Payload!, Header.PayloadChecksum, Header.Place);
}

/// <summary>Reads frames off a stream. Small frames share one read; a large payload is read where it stays. For one reader at a time.</summary>
/// <param name="stream">The stream.</param>
/// <param name="socket">The TCP connection under it; null where it is none, or where something else than TLS may read ahead of it.</param>
internal sealed class FrameReader(Stream stream, Socket? socket = null) : IDisposable
{
    /// <summary>What is read ahead: room for many small frames, and one read in four of a 192 KiB chunk's payload.</summary>
    private const int ReadAheadBytes = 64 * 1024;

    private readonly byte[] _buffer = ArrayPool<byte>.Shared.Rent(ReadAheadBytes);
    private int _start;
    private int _end;
    private long _bytesRead;
    private int _disposed;

    /// <summary>Bytes read so far, from any thread: whether the other side is alive, also within a long frame.</summary>
    public long BytesRead => Volatile.Read(ref _bytesRead);

    /// <summary>Spares it being woken for a few packets at a time.</summary>
    public ReadPatience Patience { get; } = new(socket);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<FrameRead> ReadAsync(CancellationToken cancellationToken)
    {
        Patience.Expect(0);
        while (_end - _start < FrameHeader.Bytes)
        {
            if (!await FillAsync(cancellationToken))
            {
                return default;
            }
        }

        var refusal = FrameHeader.Read(_buffer.AsSpan(_start, FrameHeader.Bytes), out var header);
        if (refusal != FrameRefusal.None)
        {
            return new FrameRead(default, null, refusal);
        }

        _start += FrameHeader.Bytes;
        FrameRoute? route = null;
        if (header.RouteBytes > 0)
        {
            while (_end - _start < header.RouteBytes)
            {
                if (!await FillAsync(cancellationToken))
                {
                    return default;
                }
            }

            route = FrameRoute.Decode(_buffer.AsSpan(_start, header.RouteBytes));
            _start += header.RouteBytes;
            if (route is null)
            {
                return new FrameRead(default, null, FrameRefusal.Route);
            }
        }

        var payload = PooledBuffer.Rent(header.PayloadBytes);
        var complete = false;
        try
        {
            if (!await ReadPayloadAsync(payload, cancellationToken))
            {
                return default;
            }

            if (Checksum.Compute(payload.Span) != header.PayloadChecksum)
            {
                return new FrameRead(default, null, FrameRefusal.PayloadChecksum);
            }

            complete = true;
            return new FrameRead(header, payload, FrameRefusal.None, route);
        }
        finally
        {
            if (!complete)
            {
                payload.Release();
            }
        }
    }

    /// <summary>Gives the read-ahead buffer back. Only when no read is under way.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
        }
    }

    private async ValueTask<bool> ReadPayloadAsync(PooledBuffer payload, CancellationToken cancellationToken)
    {
        var filled = TakeBuffered(payload, 0);
        while (filled < payload.Length)
        {
            Patience.Expect(payload.Length - filled);
            if (payload.Length - filled < ReadAheadBytes)
            {
                if (!await FillAsync(cancellationToken))
                {
                    return false;
                }

                filled += TakeBuffered(payload, filled);
                continue;
            }

            var read = await stream.ReadAsync(payload.Memory[filled..], cancellationToken);
            if (read == 0)
            {
                return false;
            }

            Volatile.Write(ref _bytesRead, _bytesRead + read);
            filled += read;
        }

        return true;
    }

    private int TakeBuffered(PooledBuffer payload, int filled)
    {
        var count = Math.Min(_end - _start, payload.Length - filled);
        _buffer.AsSpan(_start, count).CopyTo(payload.Span[filled..]);
        _start += count;
        return count;
    }

    private async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= _start;
            _start = 0;
        }

        var read = await stream.ReadAsync(_buffer.AsMemory(_end, ReadAheadBytes - _end), cancellationToken);
        Volatile.Write(ref _bytesRead, _bytesRead + read);
        _end += read;
        return read > 0;
    }
}
