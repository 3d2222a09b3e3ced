using Superfactory.Model.Wan;
using Superfactory.Wan.Frames;
using Superfactory.Wan.Measuring;
using Superfactory.Wan.Routes;
using Superfactory.Wan.Transport;

namespace Superfactory.Wan.Links;

/// <summary>
/// One connection of a link, after the handshake: a loop that reads and a loop that writes. It ends as a whole, with one reason; what
/// it had under way leaves again over the others.
/// </summary>
internal sealed class LinkStream : IDisposable
{
    private const long Nothing = long.MinValue;

    /// <summary>A frame of class merge that is a piece of a merge: bridges tell each other other things in some hundred bytes.</summary>
    private const int PieceBytesMin = 16 * 1024;

    /// <summary>After this long without anything to send BBR measures the round trip anew: a little less than the ten seconds that it keeps one.</summary>
    private static readonly long _restMin = TimeSpan.FromSeconds(9).Ticks;

    private readonly FramedStream _stream;
    private readonly LinkSetup _setup;
    private readonly StreamPort _port;
    private readonly LinkPulse _pulse;
    private readonly CancellationTokenSource _stop = new();
    private LinkEnd? _end;
    private long _heartbeatToAnswer = Nothing;
    private volatile bool _heartbeatDue = true;
    private long _bytesReadBefore = -1;
    private volatile bool _isUsed;
    private long _usedAt;
    private long _heardAt;
    private long _answeredAt;
    private long? _retiredAt;
    private long _wroteAt;

    /// <summary>Sets a connection up.</summary>
    /// <param name="stream">The connection, whose owner closes it.</param>
    /// <param name="port">Its place in the link.</param>
    /// <param name="setup">What the link is made of.</param>
    /// <param name="pulse">Told every round trip, and how many connections the other side wants.</param>
    public LinkStream(FramedStream stream, StreamPort port, LinkSetup setup, LinkPulse pulse)
    {
        (_stream, _port, _setup, _pulse) = (stream, port, setup, pulse);
        _heardAt = _answeredAt = _wroteAt = setup.Clock.Now;
        Sampler = new StreamSampler(stream.Transport?.Socket);
    }

    public StreamPort Port => _port;

    /// <summary>Measures the connection.</summary>
    public StreamSampler Sampler { get; }

    /// <summary>When the last byte came, as the last <see cref="Listen"/> saw it.</summary>
    public long HeardAt => Volatile.Read(ref _heardAt);

    /// <summary>Its last signs of life, as the last <see cref="Listen"/> saw them.</summary>
    public StreamSign Sign => new(_port, HeardAt, Volatile.Read(ref _answeredAt), IsQuiet);

    /// <summary>Runs until the connection ends.</summary>
    public async Task<LinkEnd> RunAsync()
    {
        await Task.WhenAll(Task.Run(() => GuardAsync(ReadAsync)), Task.Run(() => GuardAsync(WriteAsync)));
        return _end!;
    }

    /// <summary>Ends the connection; the first reason counts. The loops end soon after.</summary>
    public void End(LinkEnd end)
    {
        if (Interlocked.CompareExchange(ref _end, end, null) is null)
        {
            try
            {
                _stop.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // Who looks after the links comes when the connection is over already: there is nothing left to end.
            }
        }
    }

    /// <summary>
    /// Whether nothing was sent or came since a heartbeat was answered: all that was under way has arrived. Such a connection is not asked
    /// for signs of life: BBR takes what it sends first after ten idle seconds as a new measurement of the round trip, where a steady
    /// trickle would make it stop for one in the middle of what comes next. The kernel's keep-alive finds out if it is gone.
    /// </summary>
    public bool IsQuiet { get; private set; }

    /// <summary>Looks whether something came; gives the connection up where nothing did for too long.</summary>
    /// <param name="now">The time, in ticks.</param>
    /// <param name="slept">Whether this process was not running: then its peers' silence says nothing.</param>
    /// <param name="linkHeardAt">When the link's other connections were last heard, in ticks; null where it may not be quiet, as nobody else would hear the link fall silent.</param>
    public void Listen(long now, bool slept, long? linkHeardAt)
    {
        if (_isUsed)
        {
            (_isUsed, _usedAt) = (false, now);
        }

        var wasQuiet = IsQuiet;
        IsQuiet = linkHeardAt is { } at && now - at < _setup.Limits.SuspectAfter.Ticks && Volatile.Read(ref _answeredAt) > _usedAt;
        var read = _stream.Reader.BytesRead;
        _stream.Reader.Patience.Look(read, now);
        if (read != _bytesReadBefore || slept)
        {
            _bytesReadBefore = read;
            Volatile.Write(ref _heardAt, now);
        }
        else if (IsQuiet)
        {
            return;
        }
        else if (wasQuiet)
        {
            Volatile.Write(ref _heardAt, Math.Max(_heardAt, linkHeardAt ?? 0));
        }
        else if (now - _heardAt >= _setup.Limits.SilenceMax.Ticks)
        {
            End(new LinkEnd(LinkEndKind.Silent, $"the other side said nothing for {TimeSpan.FromTicks(now - _heardAt).TotalSeconds:0.#} s"));
        }
    }

    /// <summary>Whether the link has it to spare for so long that what left over it has arrived.</summary>
    public bool IsToSpare(bool isRetired, long now)
    {
        _retiredAt = isRetired ? _retiredAt ?? now : null;
        return now - _retiredAt >= _setup.Limits.RetireAfter.Ticks;
    }

    /// <summary>Asks the other side for a sign of life, unless it is quiet.</summary>
    public void Ask()
    {
        if (IsQuiet)
        {
            return;
        }

        _heartbeatDue = true;
        _port.Work.Set();
    }

    public void Dispose() => _stop.Dispose();

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
        catch (Exception exception)
        {
            // A defect of this program, whatever brought it out: it costs this connection, is told, and the link goes on with the next.
            End(new LinkEnd(LinkEndKind.Failed, $"{exception.GetType().Name}: {exception.Message}"));
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

    /// <summary>Takes a frame and its payload.</summary>
    private FrameRefusal Take(in FrameRead read)
    {
        var type = read.Header.Type;
        if (FrameTypes.IsCarried(type) || type == FrameType.LinkState)
        {
            _isUsed = true;
            return _setup.Owner.Receive(_setup.Peer, read);
        }

        try
        {
            return TakeOwn(type, read.Payload!.Span);
        }
        finally
        {
            read.Payload!.Release();
        }
    }

    private FrameRefusal TakeOwn(FrameType type, ReadOnlySpan<byte> payload)
    {
        switch (type)
        {
            case FrameType.Heartbeat when HeartbeatPayload.TryDecode(payload, out var asked):
                _pulse.PeerWants(asked.Streams);
                Interlocked.Exchange(ref _heartbeatToAnswer, asked.Stamp);
                _port.Work.Set();
                return FrameRefusal.None;
            case FrameType.HeartbeatReply when HeartbeatPayload.TryDecode(payload, out var answer):
                var now = _setup.Clock.Now;
                if (answer.Stamp < 0 || answer.Stamp > now)
                {
                    return FrameRefusal.Payload;
                }

                Volatile.Write(ref _answeredAt, Math.Max(_answeredAt, answer.Stamp));
                if (_port.Number == 0)
                {
                    _pulse.RoundTrip.Add(TimeSpan.FromTicks(now - answer.Stamp));
                }

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

    private async Task WriteAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var wrote = await WriteSignsOfLifeAsync(cancellationToken);
            if (_setup.Owner.TryTake(_setup.Peer, _port, out var next))
            {
                await WakeAsync(cancellationToken);
                _isUsed = true;
                if (next.Header.Class == TrafficClass.Merge && next.WireBytes >= PieceBytesMin)
                {
                    Sampler.FreeMerge();
                }

                try
                {
                    await _stream.Writer.WriteAsync(next.Header, next.Route, next.Payload.Memory, cancellationToken);
                }
                finally
                {
                    next.Payload.Release();
                }

                continue;
            }

            await _stream.Writer.FlushAsync(cancellationToken);
            if (!wrote)
            {
                await _port.Work.WaitAsync(cancellationToken);
            }
        }
    }

    private async ValueTask<bool> WriteSignsOfLifeAsync(CancellationToken cancellationToken)
    {
        var stamp = Interlocked.Exchange(ref _heartbeatToAnswer, Nothing);
        if (stamp != Nothing)
        {
            await WakeAsync(cancellationToken);
            await WriteAsync(FrameType.HeartbeatReply, stamp, cancellationToken);
        }

        if (!_heartbeatDue)
        {
            return stamp != Nothing;
        }

        _heartbeatDue = false;
        await WakeAsync(cancellationToken);
        await WriteAsync(FrameType.Heartbeat, _setup.Clock.Now, cancellationToken);
        return true;
    }

    /// <summary>
    /// Before anything leaves after a rest: a heartbeat that fills packets. BBR takes the first round trip after a rest as the new least
    /// one only if no delayed acknowledgement may be in it, and the receiver may delay that of a lone short packet; otherwise it drains the
    /// connection to measure it (Linux, <c>tcp_bbr.c</c> and <c>FLAG_ACK_MAYBE_DELAYED</c> in <c>tcp_input.c</c>).
    /// </summary>
    private async ValueTask WakeAsync(CancellationToken cancellationToken)
    {
        var now = _setup.Clock.Now;
        var rested = _port.Number > 0 && now - _wroteAt >= _restMin;
        _wroteAt = now;
        if (rested)
        {
            await WriteAsync(FrameType.Heartbeat, now, cancellationToken, HeartbeatPayload.PaddingBytesMax);
        }
    }

    private async ValueTask WriteAsync(FrameType type, long stamp, CancellationToken cancellationToken, int padding = 0)
    {
        var frame = Frame.Control(type, new HeartbeatPayload(stamp, _pulse.Wanted).Encode(padding));
        try
        {
            await _stream.Writer.WriteAsync(frame.Header, frame.Payload.Memory, cancellationToken);
        }
        finally
        {
            frame.Payload.Release();
        }
    }
}
