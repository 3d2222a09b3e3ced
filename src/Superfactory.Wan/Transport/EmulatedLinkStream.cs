using System.Buffers;
using System.Net.Sockets;
using Superfactory.Model.Units;

namespace Superfactory.Wan.Transport;

/// <summary>
/// Makes a connection behave as one over a long link: what is written leaves at the link's rate, travels for half the round trip,
/// and only then reaches the stream under it; the other end does the same for the other direction. Everything stays in order.
/// Departures are computed, not timed, and what a late timer costs is made up for, so that a busy machine does not slow the link down. For one writer and one reader at a time.
/// </summary>
internal sealed class EmulatedLinkStream : AsyncStream, ILinkTransport
{
    /// <summary>How far the writer may run ahead of the link, as the transmit queue of a network card; it is woken at half of it. Timers are late by 1 to 3 ms on a busy machine.</summary>
    public static readonly TimeSpan TransmitAheadMax = TimeSpan.FromMilliseconds(8);

    /// <summary>How much of a timer's lateness is made up for: a quantum or a few of a scheduler with more to do than cores.</summary>
    private static readonly TimeSpan _latenessMax = TimeSpan.FromMilliseconds(50);

    /// <summary>What may be travelling: 10 Gbit/s over half of 100 ms is 62.5 MB.</summary>
    private const long TravellingBytesMax = 64L << 20;

    /// <summary>What departs at once: a millisecond's worth, but at least an Ethernet frame and at most this.</summary>
    private const int PieceBytesMax = 64 * 1024;
    private const int PieceBytesMin = 1500;

    private readonly TimeProvider _time;
    private readonly double _ticksPerByte;
    private readonly long _travelTicks;
    private readonly long _roundingTicks;
    private readonly int _pieceBytes;
    private readonly CancellationTokenSource _stop = new();
    private readonly AsyncSignal _arrival = new();
    private readonly AsyncSignal _room = new();
    private readonly Lock _gate = new();
    private readonly Queue<Piece> _travelling = new();
    private readonly Task _pump;
    private long _travellingBytes;
    private double _departureTicks;
    private long _lateTicks;
    private Exception? _failure;

    /// <summary>Emulates a link on top of <paramref name="inner"/>.</summary>
    /// <param name="inner">The real connection.</param>
    /// <param name="profile">The rate of this direction, and the round trip of which it takes half.</param>
    /// <param name="time">Where time comes from.</param>
    public EmulatedLinkStream(Stream inner, WanProfile profile, TimeProvider time)
        : base(inner)
    {
        var bytesPerSecond = profile.Rate.BytesPerSecond;
        _time = time;
        _ticksPerByte = bytesPerSecond > 0 ? time.TimestampFrequency / bytesPerSecond : 0;
        _travelTicks = Ticks(profile.RoundTrip / 2);
        _roundingTicks = Ticks(TimeSpan.FromMilliseconds(0.5));
        _pieceBytes = bytesPerSecond > 0 ? (int)Math.Clamp(bytesPerSecond / 1000, PieceBytesMin, PieceBytesMax) : PieceBytesMax;
        _departureTicks = time.GetTimestamp();
        _pump = PumpAsync();
    }

    /// <summary>None: how the link behaves is not to be learnt from the socket under it.</summary>
    public Socket? Socket => null;

    /// <inheritdoc/>
    public void CountFor(ByteCounters counters) => (Inner as ILinkTransport)?.CountFor(counters);

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        => Inner.ReadAsync(buffer, cancellationToken);

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (buffer.Length > 0)
        {
            while (Interlocked.Read(ref _travellingBytes) > TravellingBytesMax && _failure is null)
            {
                await _room.WaitAsync(cancellationToken);
            }

            if (_failure is { } failure)
            {
                throw new IOException("The connection under the emulated link failed.", failure);
            }

            var piece = buffer[..Math.Min(buffer.Length, _pieceBytes)];
            buffer = buffer[piece.Length..];
            await WaitForLinkAsync(Depart(piece), cancellationToken);
        }
    }

    public override async ValueTask DisposeAsync()
    {
        // Not CancelAsync, which would leave a simulated context.
        _stop.Cancel();
        await Inner.DisposeAsync();
        await _pump;
        lock (_gate)
        {
            while (_travelling.TryDequeue(out var piece))
            {
                ArrayPool<byte>.Shared.Return(piece.Bytes);
            }
        }

        _stop.Dispose();
        await base.DisposeAsync();
    }

    /// <summary>Puts a piece on its way and says by how many ticks the link is booked from now.</summary>
    private long Depart(ReadOnlyMemory<byte> bytes)
    {
        var copy = ArrayPool<byte>.Shared.Rent(bytes.Length);
        bytes.Span.CopyTo(copy);
        var now = _time.GetTimestamp();
        _departureTicks = Math.Max(_departureTicks, now - _lateTicks) + (bytes.Length * _ticksPerByte);
        var departure = (long)_departureTicks;
        _lateTicks = departure >= now ? 0 : _lateTicks;
        lock (_gate)
        {
            _travelling.Enqueue(new Piece(copy, bytes.Length, departure + _travelTicks));
        }

        Interlocked.Add(ref _travellingBytes, bytes.Length);
        _arrival.Set();
        return departure - now;
    }

    private async ValueTask WaitForLinkAsync(long bookedTicks, CancellationToken cancellationToken)
    {
        var booked = _time.GetElapsedTime(0, bookedTicks);
        if (booked > TransmitAheadMax)
        {
            await Task.Delay(booked - (TransmitAheadMax / 2), _time, cancellationToken);

            // The link ran dry while its writer had more to send and was not woken: that time is not lost.
            _lateTicks = Math.Clamp(_time.GetTimestamp() - (long)_departureTicks, 0, Ticks(_latenessMax));
        }
    }

    private async Task PumpAsync()
    {
        try
        {
            while (true)
            {
                if (!TryPeek(out var piece))
                {
                    await _arrival.WaitAsync(_stop.Token);
                    continue;
                }

                // Timers count whole milliseconds: half a one early or late is the same to them.
                var early = piece.DueTicks - _time.GetTimestamp();
                if (early > _roundingTicks)
                {
                    var wait = Math.Max(1, Math.Round(_time.GetElapsedTime(0, early).TotalMilliseconds));
                    await Task.Delay(TimeSpan.FromMilliseconds(wait), _time, _stop.Token);
                    continue;
                }

                await Inner.WriteAsync(piece.Bytes.AsMemory(0, piece.Length), _stop.Token);
                Remove(piece);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            _failure = new ObjectDisposedException(nameof(EmulatedLinkStream));
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            // Told to the writer with its next piece.
            _failure = exception;
        }

        _room.Set();
    }

    private bool TryPeek(out Piece piece)
    {
        lock (_gate)
        {
            return _travelling.TryPeek(out piece);
        }
    }

    private void Remove(Piece piece)
    {
        lock (_gate)
        {
            _travelling.Dequeue();
        }

        ArrayPool<byte>.Shared.Return(piece.Bytes);
        Interlocked.Add(ref _travellingBytes, -piece.Length);
        _room.Set();
    }

    private long Ticks(TimeSpan span) => (long)(span.TotalSeconds * _time.TimestampFrequency);

    private readonly record struct Piece(byte[] Bytes, int Length, long DueTicks);
}
