using Superfactory.Wan.Frames;
using Superfactory.Wan.Transport;

namespace Superfactory.Wan.Links;

/// <summary>
/// One connection of a link, after the handshake: a loop that reads, a loop that writes, a heartbeat. It ends as a whole, with one
/// reason; what it had under way stays in the session for the next one.
/// </summary>
internal sealed class LinkConnection : IDisposable
{
    private const long Nothing = long.MinValue;

    private readonly FramedStream _stream;
    private readonly LinkSession _session;
    private readonly LinkLimits _limits;
    private readonly TimeProvider _time;
    private readonly RoundTripEstimate _roundTrip;
    private readonly Func<Frame, FrameRefusal> _received;
    private readonly CancellationTokenSource _stop = new();
    private readonly ITimer _heartbeat;
    private readonly ITimer _acknowledge;
    private LinkEnd? _end;
    private long _heartbeatToAnswer = Nothing;
    private long _bytesReadAtHeartbeat = -1;
    private long _unansweredBytes;
    private long _acknowledged;
    private int _silentHeartbeats;
    private bool _acknowledgeArmed;
    private volatile bool _heartbeatDue = true;
    private volatile bool _acknowledgeDue;

    /// <summary>Sets a connection up.</summary>
    /// <param name="stream">The connection, whose owner closes it.</param>
    /// <param name="session">The session that it carries.</param>
    /// <param name="limits">Limits and times.</param>
    /// <param name="time">Where time comes from.</param>
    /// <param name="roundTrip">Told every round trip.</param>
    /// <param name="received">Takes each numbered frame once and in order, with its payload; must not wait.</param>
    public LinkConnection(
        FramedStream stream,
        LinkSession session,
        LinkLimits limits,
        TimeProvider time,
        RoundTripEstimate roundTrip,
        Func<Frame, FrameRefusal> received)
    {
        (_stream, _session, _limits, _time, _roundTrip, _received) = (stream, session, limits, time, roundTrip, received);
        _heartbeat = time.CreateTimer(static state => ((LinkConnection)state!).OnHeartbeat(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _acknowledge = time.CreateTimer(static state => ((LinkConnection)state!).OnAcknowledgeDue(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Runs until the connection ends.</summary>
    public async Task<LinkEnd> RunAsync()
    {
        _heartbeat.Change(_limits.HeartbeatInterval, _limits.HeartbeatInterval);
        await Task.WhenAll(Task.Run(() => GuardAsync(ReadAsync)), Task.Run(() => GuardAsync(WriteAsync)));
        return _end!;
    }

    /// <summary>Ends the connection; the first reason counts. The loops end soon after.</summary>
    public void End(LinkEnd end)
    {
        if (Interlocked.CompareExchange(ref _end, end, null) is null)
        {
            _stop.Cancel();
        }
    }

    public void Dispose()
    {
        _heartbeat.Dispose();
        _acknowledge.Dispose();
        _stop.Dispose();
    }

    private async Task GuardAsync(Func<CancellationToken, Task> loop)
    {
        try
        {
            await loop(_stop.Token);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Ended on this side, with its reason.
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            End(new LinkEnd(LinkEndKind.Closed, $"the connection broke ({exception.InnerException?.Message ?? exception.Message})"));
        }
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await _stream.Reader.ReadAsync(cancellationToken);
            if (read.Ended)
            {
                End(new LinkEnd(LinkEndKind.Closed, "the other side closed the connection"));
                return;
            }

            var refusal = read.Refusal == FrameRefusal.None ? Take(read) : read.Refusal;
            if (refusal != FrameRefusal.None)
            {
                End(new LinkEnd(LinkEndKind.FrameRefused, FrameRefusals.Describe(refusal)));
                return;
            }
        }
    }

    private FrameRefusal Take(FrameRead read)
    {
        var (header, payload) = (read.Header, read.Payload!);
        var kept = false;
        try
        {
            if (FrameTypes.IsSequenced(header.Type) != header.Sequence > 0)
            {
                return FrameRefusal.Sequence;
            }

            if (!_session.Acknowledge(header.Acknowledged))
            {
                return FrameRefusal.Acknowledgement;
            }

            if (header.Sequence == 0)
            {
                return TakeUnnumbered(header.Type, payload.Span);
            }

            var arrival = _session.Accept(header.Sequence);
            if (arrival == Arrival.Gap)
            {
                return FrameRefusal.Sequence;
            }

            OweAcknowledgement(FrameHeader.Bytes + payload.Length);
            if (arrival == Arrival.Again)
            {
                return FrameRefusal.None;
            }

            kept = true;
            return TakeInOrder(read.Frame);
        }
        finally
        {
            if (!kept)
            {
                payload.Release();
            }
        }
    }

    private FrameRefusal TakeInOrder(Frame frame)
    {
        var refusal = _received(frame);
        if (refusal != FrameRefusal.None)
        {
            // Its number is taken, so it will not be sent again: what is lost with it is shown by a new session.
            _session.End();
        }

        return refusal;
    }

    private FrameRefusal TakeUnnumbered(FrameType type, ReadOnlySpan<byte> payload)
    {
        switch (type)
        {
            case FrameType.Acknowledge:
                return FrameRefusal.None;
            case FrameType.Heartbeat when Payloads.TryDecodeNumber(payload, out var stamp):
                Interlocked.Exchange(ref _heartbeatToAnswer, stamp);
                _session.Work.Set();
                return FrameRefusal.None;
            case FrameType.HeartbeatReply when Payloads.TryDecodeNumber(payload, out var sent):
                var elapsed = _time.GetTimestamp() - sent;
                if (elapsed < 0)
                {
                    return FrameRefusal.Payload;
                }

                _roundTrip.Add(_time.GetElapsedTime(0, elapsed));
                return FrameRefusal.None;
            case FrameType.Heartbeat or FrameType.HeartbeatReply:
                return FrameRefusal.Payload;
            case FrameType.Refuse:
                End(new LinkEnd(LinkEndKind.PeerRefused, Payloads.DecodeReason(payload)));
                return FrameRefusal.None;
            default:
                return FrameRefusal.Unexpected;
        }
    }

    private void OweAcknowledgement(int bytes)
    {
        if (Interlocked.Add(ref _unansweredBytes, bytes) >= _limits.UnansweredBytesMax)
        {
            OnAcknowledgeDue();
        }
        else if (!Volatile.Read(ref _acknowledgeArmed))
        {
            Volatile.Write(ref _acknowledgeArmed, true);
            _acknowledge.Change(_limits.AcknowledgeDelayMax, Timeout.InfiniteTimeSpan);
        }
    }

    private void OnAcknowledgeDue()
    {
        Volatile.Write(ref _acknowledgeArmed, false);
        _acknowledgeDue = true;
        _session.Work.Set();
    }

    private void OnHeartbeat()
    {
        var read = _stream.Reader.BytesRead;
        _silentHeartbeats = read == _bytesReadAtHeartbeat ? _silentHeartbeats + 1 : 0;
        _bytesReadAtHeartbeat = read;
        if (_silentHeartbeats >= _limits.SilentHeartbeatsMax)
        {
            End(new LinkEnd(LinkEndKind.Silent, $"the other side said nothing for {(_limits.HeartbeatInterval * _silentHeartbeats).TotalSeconds:0.#} s"));
            return;
        }

        _heartbeatDue = true;
        _session.Work.Set();
    }

    private async Task WriteAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var wrote = await WriteSignsOfLifeAsync(cancellationToken);
            if (_session.TryTake(out var next))
            {
                try
                {
                    await _stream.Writer.WriteAsync(next.Header(TakeAcknowledgement()), next.Frame.Payload.Memory, cancellationToken);
                }
                finally
                {
                    next.Frame.Payload.Release();
                }

                continue;
            }

            if (AcknowledgementIsOwed())
            {
                var header = Frame.Control(FrameType.Acknowledge, PooledBuffer.Empty).Header;
                await _stream.Writer.WriteAsync(header with { Acknowledged = TakeAcknowledgement() }, default, cancellationToken);
                continue;
            }

            await _stream.Writer.FlushAsync(cancellationToken);
            if (!wrote)
            {
                await _session.Work.WaitAsync(cancellationToken);
            }
        }
    }

    private async ValueTask<bool> WriteSignsOfLifeAsync(CancellationToken cancellationToken)
    {
        var stamp = Interlocked.Exchange(ref _heartbeatToAnswer, Nothing);
        if (stamp != Nothing)
        {
            await WriteNumberAsync(FrameType.HeartbeatReply, stamp, cancellationToken);
        }

        if (!_heartbeatDue)
        {
            return stamp != Nothing;
        }

        _heartbeatDue = false;
        await WriteNumberAsync(FrameType.Heartbeat, _time.GetTimestamp(), cancellationToken);
        return true;
    }

    private async ValueTask WriteNumberAsync(FrameType type, long number, CancellationToken cancellationToken)
    {
        var frame = Frame.Control(type, Payloads.EncodeNumber(number));
        try
        {
            await _stream.Writer.WriteAsync(frame.Header with { Acknowledged = TakeAcknowledgement() }, frame.Payload.Memory, cancellationToken);
        }
        finally
        {
            frame.Payload.Release();
        }
    }

    private bool AcknowledgementIsOwed()
    {
        if (!_acknowledgeDue)
        {
            return false;
        }

        // Cleared before the comparison: what arrives after it sets the flag again.
        _acknowledgeDue = false;
        return _session.Received != _acknowledged;
    }

    /// <summary>What the next frame acknowledges; afterwards nothing is owed up to there.</summary>
    private long TakeAcknowledgement()
    {
        Interlocked.Exchange(ref _unansweredBytes, 0);
        _acknowledgeDue = false;
        return _acknowledged = _session.Received;
    }
}
