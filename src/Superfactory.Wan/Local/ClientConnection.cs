using System.Collections.Concurrent;
using System.Threading.Channels;
using Superfactory.Model.Wan;
using Superfactory.Wan.Frames;
using Superfactory.Wan.Links;
using Superfactory.Wan.Transport;

namespace Superfactory.Wan.Local;

/// <summary>A registered client's connection: reads what the gateway says as it comes, keeps the windows, writes in turn.</summary>
internal sealed class ClientConnection : IAsyncDisposable
{
    private readonly FramedStream _stream;
    private readonly EventQueue _events;
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly CancellationTokenSource _stop = new();
    private readonly AsyncSignal _creditDue = new();
    private readonly ConcurrentQueue<(CreditPayload Credit, long Meeting)> _credits = new();

    // By address: up as the gateway said, and up as the user has read. They differ while events wait to be read.
    private readonly ConcurrentDictionary<EndpointAddress, PeerFlow> _told = new();
    private readonly ConcurrentDictionary<EndpointAddress, PeerFlow> _known = new();
    private readonly Task _reading;
    private readonly Task _crediting;
    private readonly ClientPulse? _pulse;
    private volatile Identity _self;
    private GatewayException? _failure;
    private int _disposed;

    public ClientConnection(FramedStream stream, RegisteredEndpoint self, bool beats)
    {
        _stream = stream;
        _self = new Identity(self);
        _events = new EventQueue(OnRead);
        _reading = Task.Run(ReadAsync);
        _crediting = Task.Run(GiveCreditAsync);
        _pulse = beats ? new ClientPulse(BeatAsync) : null;
    }

    /// <summary>Who this is. After a pause in which the gateway counted it as gone it has another registration.</summary>
    public RegisteredEndpoint Self => _self.Endpoint;

    public ChannelReader<GatewayEvent> Events => _events;

    public async ValueTask WatchAsync(EndpointAddress peer, CancellationToken cancellationToken)
    {
        var payload = Payloads.EncodeAddress(peer);
        try
        {
            await WriteAsync(Frame.Control(FrameType.Watch, payload).Header, default, payload.Memory, cancellationToken);
        }
        finally
        {
            payload.Release();
        }
    }

    public async ValueTask<bool> SendAsync(
        EndpointAddress to,
        TrafficClass trafficClass,
        MessageOrder order,
        ReadOnlyMemory<byte> header,
        ReadOnlyMemory<byte> payload,
        CancellationToken cancellationToken)
    {
        ThrowIfFailed();
        if (!_known.TryGetValue(to, out var flow))
        {
            return false;
        }

        await flow.Turn(trafficClass).WaitAsync(cancellationToken);
        try
        {
            // A long header is joined with its envelope only once: parts up to the writer's copy limit go through its buffer anyway.
            var separate = header.Length <= FrameWriter.CopyBytesMax - FrameLimits.EnvelopeBytesMax;
            var first = PooledBuffer.Rent(FrameLimits.EnvelopeBytesMax + header.Length + (separate ? 0 : payload.Length));
            try
            {
                var length = new Envelope(Self, flow.Endpoint).Write(first.Span);
                header.Span.CopyTo(first.Span[length..]);
                length += header.Length;
                if (!separate)
                {
                    payload.Span.CopyTo(first.Span[length..]);
                    length += payload.Length;
                    payload = default;
                }

                return await SendAsync(flow, trafficClass, order, first.Memory[..length], payload, cancellationToken);
            }
            finally
            {
                first.Release();
            }
        }
        finally
        {
            flow.Turn(trafficClass).Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        _pulse?.Dispose();
        Fail(new GatewayException($"Endpoint {Self.Address} is closed."), null);
        await _reading;
        await _crediting;

        // A write under way ends when the stream is closed under it; nobody begins another after the failure was set.
        await _stream.Stream.DisposeAsync();
        await _writing.WaitAsync();
        await _stream.DisposeAsync();
    }

    private async ValueTask<bool> SendAsync(
        PeerFlow flow, TrafficClass trafficClass, MessageOrder order, ReadOnlyMemory<byte> first, ReadOnlyMemory<byte> second, CancellationToken cancellationToken)
    {
        var bytes = first.Length + second.Length;
        var charge = FlowWindow.Charge(bytes);
        if (!await flow.TakeAsync(trafficClass, charge, cancellationToken))
        {
            ThrowIfFailed();
            return false;
        }

        // After the wait: a sender that writes to its memory meanwhile, against the rules, spoils its message and not its connection.
        var checksum = Checksum.Append(Checksum.Compute(first.Span), second.Span);

        // Whoever sends in this class waits for this one's turn to end: the place is nobody else's.
        var numbering = flow.Numbering(trafficClass);
        var header = new FrameHeader(FrameType.Message, trafficClass, bytes, checksum) { Place = numbering.Next(order), Sequence = flow.Meeting };
        var written = false;
        try
        {
            if (first.Length <= FrameWriter.CopyBytesMax)
            {
                await WriteAsync(header, first, second, cancellationToken);
            }
            else
            {
                await WriteAsync(header, default, first, cancellationToken);
            }

            written = true;
            numbering.Sent(order);
            return true;
        }
        finally
        {
            if (!written)
            {
                flow.Return(trafficClass, charge);
            }
        }
    }

    /// <summary>Writes a frame when it is its turn. A frame that was begun is finished, whatever the token says.</summary>
    private async ValueTask WriteAsync(FrameHeader header, ReadOnlyMemory<byte> first, ReadOnlyMemory<byte> second, CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken);
        try
        {
            ThrowIfFailed();
            await _stream.Writer.WriteAsync(header, first, second, CancellationToken.None);
            await _stream.Writer.FlushAsync(CancellationToken.None);
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            throw Fail(Lost(exception.Message), exception);
        }
        finally
        {
            _writing.Release();
        }
    }

    private async Task ReadAsync()
    {
        try
        {
            while (true)
            {
                var read = await _stream.Reader.ReadAsync(_stop.Token);
                if (read.Ended)
                {
                    Fail(Lost("it closed the connection"), null);
                    return;
                }

                if (read.Refusal != FrameRefusal.None || !Take(read))
                {
                    Fail(Lost($"it sent {FrameRefusals.Describe(read.Refusal == FrameRefusal.None ? FrameRefusal.Payload : read.Refusal)}"), null);
                    return;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Closed, or failed with its reason.
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            Fail(Lost(exception.Message), exception);
        }
    }

    /// <summary>Takes a frame and its payload.</summary>
    private bool Take(FrameRead read)
    {
        var payload = read.Payload!;
        var kept = false;
        try
        {
            switch (read.Header.Type)
            {
                case FrameType.Message:
                    kept = TakeMessage(read.Header, payload);
                    return kept;
                case FrameType.EndpointUp:
                    return RegisteredEndpoint.TryDecode(payload.Span, out var up) && TakeUp(up, read.Header.Sequence);
                case FrameType.EndpointDown:
                    return RegisteredEndpoint.TryDecode(payload.Span, out var down) && TakeDown(down);
                case FrameType.Credit:
                    return CreditPayload.TryDecode(payload.Span, out var credit) && TakeCredit(credit);
                case FrameType.Registered:
                    return Payloads.TryDecodeNumber(payload.Span, out var registration) && TakeRegistration(registration);
                case FrameType.Refuse:
                    Fail(new GatewayException($"The gateway closed endpoint {Self.Address}: {Payloads.DecodeReason(payload.Span)}."), null);
                    return true;
                default:
                    return false;
            }
        }
        finally
        {
            if (!kept)
            {
                payload.Release();
            }
        }
    }

    private bool TakeMessage(in FrameHeader header, PooledBuffer payload)
    {
        if (!Envelope.TryDecode(payload.Span, out var envelope, out var length)
            || envelope.To != Self
            || !_told.TryGetValue(envelope.From.Address, out var flow)
            || flow.Endpoint != envelope.From)
        {
            return false;
        }

        flow.Order(header.Class).Offer(header.Place, new GatewayEvent.Delivered(envelope.From.Address, header.Class, payload.Memory[length..], payload));
        return true;
    }

    /// <summary>The gateway took this process for gone and has heard it again: everybody was told to be gone, and comes anew.</summary>
    private bool TakeRegistration(long registration)
    {
        _self = new Identity(Self with { Registration = registration });
        return _told.IsEmpty;
    }

    private bool TakeUp(RegisteredEndpoint endpoint, long meeting)
    {
        var flow = new PeerFlow(endpoint, meeting, (delivered, to) => _events.TryAdd(delivered, to));
        return _told.TryAdd(endpoint.Address, flow) && _events.TryAdd(new GatewayEvent.EndpointUp(endpoint.Address, endpoint.Registration), flow);
    }

    private bool TakeDown(RegisteredEndpoint endpoint)
    {
        if (!_told.TryRemove(endpoint.Address, out var flow))
        {
            return false;
        }

        flow.Close();
        flow.DropHeld();
        return _events.TryAdd(new GatewayEvent.EndpointDown(endpoint.Address), flow);
    }

    private bool TakeCredit(CreditPayload credit)
    {
        if (_told.TryGetValue(credit.Flow.To.Address, out var flow) && flow.Endpoint == credit.Flow.To)
        {
            flow.Return(credit.Class, credit.Bytes);
        }

        return true;
    }

    /// <summary>The user read an event: what it knows now decides to whom it can send, and what it took its sender may send again.</summary>
    private void OnRead(GatewayEvent read, PeerFlow flow)
    {
        switch (read)
        {
            case GatewayEvent.EndpointUp up:
                _known[up.Address] = flow;
                break;
            case GatewayEvent.EndpointDown down:
                _known.TryRemove(down.Address, out _);
                break;
            case GatewayEvent.Delivered delivered:
                var due = flow.Taken(delivered.Class, FlowWindow.Charge(delivered.PayloadBytes));
                if (due > 0)
                {
                    _credits.Enqueue((new CreditPayload(new Envelope(flow.Endpoint, Self), delivered.Class, due), flow.Meeting));
                    _creditDue.Set();
                }

                break;
        }
    }

    private async Task BeatAsync(FrameHeader header, ReadOnlyMemory<byte> payload)
    {
        try
        {
            await WriteAsync(header, default, payload, _stop.Token);
        }
        catch (Exception exception) when (exception is OperationCanceledException or GatewayException)
        {
            // Closed, or failed with its reason, which the events end with.
        }
    }

    private async Task GiveCreditAsync()
    {
        try
        {
            while (true)
            {
                while (_credits.TryDequeue(out var next))
                {
                    var payload = next.Credit.Encode();
                    try
                    {
                        await WriteAsync(Frame.Control(FrameType.Credit, payload).Header with { Sequence = next.Meeting }, default, payload.Memory, _stop.Token);
                    }
                    finally
                    {
                        payload.Release();
                    }
                }

                await _creditDue.WaitAsync(_stop.Token);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or GatewayException)
        {
            // Closed, or failed with its reason, which the events end with.
        }
    }

    private GatewayException Lost(string why) => new($"The connection of endpoint {Self.Address} to its gateway is lost: {why}.");

    private GatewayException Fail(GatewayException failure, Exception? cause)
    {
        failure = cause is null ? failure : new GatewayException(failure.Message, cause);
        var first = Interlocked.CompareExchange(ref _failure, failure, null);
        if (first is not null)
        {
            return first;
        }

        _events.Complete(Volatile.Read(ref _disposed) != 0 ? null : failure);
        foreach (var flow in _told.Values)
        {
            flow.Close();
        }

        _stop.Cancel();
        return failure;
    }

    private sealed record Identity(RegisteredEndpoint Endpoint);

    private void ThrowIfFailed()
    {
        if (Volatile.Read(ref _failure) is { } failure)
        {
            throw new GatewayException(failure.Message, failure);
        }
    }
}
