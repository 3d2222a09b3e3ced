using Superfactory.Wan.Frames;
using Superfactory.Wan.Links;
using Superfactory.Wan.Transport;

namespace Superfactory.Wan.Local;

/// <summary>The gateway's side of a bridge's connection: registers its endpoint, takes what it sends, gives it what is for it.</summary>
internal sealed class LocalConnection : IAsyncDisposable
{
    /// <summary>For a new connection to say who it is.</summary>
    public static readonly TimeSpan RegisterMax = TimeSpan.FromSeconds(5);

    /// <summary>For a connection that is closed to take the reason.</summary>
    private static readonly TimeSpan _farewellMax = TimeSpan.FromSeconds(1);

    private readonly FramedStream _stream;
    private readonly Switchboard _switchboard;
    private readonly Outbox _outbox = new();
    private readonly CancellationTokenSource _stop;
    private readonly TimeProvider _time;
    private readonly LocalPulse _pulse;
    private readonly Lock _life = new();
    private LocalEndpoint? _endpoint;
    private bool _suspended;
    private string? _closed;

    public LocalConnection(Stream stream, Switchboard switchboard, TimeProvider time, CancellationToken stop)
    {
        (_time, _pulse) = (time, new LocalPulse(time));
        _stream = new FramedStream(stream);
        _switchboard = switchboard;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(stop);
    }

    /// <summary>Serves the connection until it ends.</summary>
    public async Task RunAsync()
    {
        try
        {
            _endpoint = await RegisterAsync();
            if (_endpoint is null)
            {
                return;
            }

            using var pulse = _time.CreateTimer(static connection => ((LocalConnection)connection!).Look(), this, LocalPulse.Interval, LocalPulse.Interval);
            var writing = WriteAsync();
            try
            {
                await ReadAsync();
            }
            finally
            {
                Leave();
                _outbox.Finish();
                _stop.CancelAfter(_farewellMax);
                await writing;
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Closed by this gateway, with its reason.
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            // The other process is gone, as processes go: what there is to tell of it, its site's agent knows.
            _outbox.Complete(null);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _outbox.Complete(null);
        await _stream.DisposeAsync();
        _stop.Dispose();
    }

    private async Task<LocalEndpoint?> RegisterAsync()
    {
        using var timeout = new CancellationTokenSource(RegisterMax, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, _stop.Token);
        try
        {
            var read = await _stream.Reader.ReadAsync(either.Token);
            if (read.Ended)
            {
                return null;
            }

            var (endpoint, refused) = Register(read);
            read.Payload?.Release();
            if (refused is not null)
            {
                Tell(refused);
                await _stream.SendAsync(FrameType.Refuse, Payloads.EncodeReason(refused), either.Token);
            }

            return endpoint;
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested)
        {
            Tell($"it did not register within {RegisterMax.TotalSeconds} s");
            return null;
        }
    }

    private (LocalEndpoint? Endpoint, string? Refused) Register(FrameRead read)
    {
        if (read.Refusal != FrameRefusal.None)
        {
            return (null, FrameRefusals.Describe(read.Refusal));
        }

        return read.Header.Type == FrameType.Register && Payloads.TryDecodeAddress(read.Payload!.Span, out var address)
            ? _switchboard.Register(address, _outbox, Close)
            : (null, FrameRefusals.Describe(FrameRefusal.Unexpected));
    }

    private async Task ReadAsync()
    {
        while (_closed is null)
        {
            FrameRead read;
            try
            {
                Await();
                read = await _stream.Reader.ReadAsync(_stop.Token);
            }
            catch (IOException)
            {
                // A process that ends with something unread resets its connection: the same as an end.
                return;
            }
            catch (OperationCanceledException)
            {
                return;
            }

            if (read.Ended)
            {
                return;
            }

            var endpoint = Hear();
            var refusal = read.Refusal == FrameRefusal.None ? await TakeAsync(endpoint, read) : read.Refusal;
            if (refusal != FrameRefusal.None)
            {
                Tell($"{endpoint.Self.Address} sent {FrameRefusals.Describe(refusal)}");
                Close($"it sent {FrameRefusals.Describe(refusal)}");
                return;
            }
        }
    }

    private void Await()
    {
        lock (_life)
        {
            _pulse.Wait();
        }
    }

    private void Beat()
    {
        lock (_life)
        {
            _pulse.Beat();
        }
    }

    /// <summary>Something came. Where the endpoint counted as gone, it is back.</summary>
    private LocalEndpoint Hear()
    {
        lock (_life)
        {
            _pulse.Hear();
            if (_suspended)
            {
                (_suspended, _endpoint) = (false, _switchboard.Resume(_endpoint!));
            }

            return _endpoint!;
        }
    }

    private void Leave()
    {
        lock (_life)
        {
            _suspended = true;
            _switchboard.Unregister(_endpoint!);
        }
    }

    /// <summary>Time has passed.</summary>
    private void Look()
    {
        lock (_life)
        {
            if (!_suspended && _pulse.IsSilent())
            {
                _suspended = true;
                _switchboard.Suspend(_endpoint!);
            }
        }
    }

    private async ValueTask<FrameRefusal> TakeAsync(LocalEndpoint endpoint, FrameRead read)
    {
        switch (read.Header.Type)
        {
            case FrameType.Message:
                return await TakeMessageAsync(endpoint, read.Frame, read.Header.Sequence);
            case FrameType.Credit:
                return _switchboard.TakeCredit(endpoint, read.Frame, read.Header.Sequence);
            case FrameType.Heartbeat:
                read.Payload!.Release();
                Beat();
                return FrameRefusal.None;
            case FrameType.Watch:
                var decoded = Payloads.TryDecodeAddress(read.Payload!.Span, out var address);
                read.Payload.Release();
                return !decoded ? FrameRefusal.Payload : _switchboard.TryWatch(endpoint, address) ? FrameRefusal.None : FrameRefusal.Window;
            default:
                read.Payload!.Release();
                return FrameRefusal.Unexpected;
        }
    }

    private async ValueTask<FrameRefusal> TakeMessageAsync(LocalEndpoint endpoint, Frame frame, long meeting)
    {
        var refusal = _switchboard.TakeMessage(endpoint, frame, meeting, again: false, out var retry);
        while (retry is not null)
        {
            // More waits for sites that take nothing than all of this endpoint's flows should have: it is read no further until there is room.
            try
            {
                await retry.WaitAsync(_stop.Token);
            }
            catch (OperationCanceledException)
            {
                frame.Payload.Release();
                throw;
            }

            refusal = _switchboard.TakeMessage(endpoint, frame, meeting, again: true, out retry);
        }

        return refusal;
    }

    private async Task WriteAsync()
    {
        try
        {
            while (true)
            {
                if (_outbox.TryTake(out var frame, out var completed))
                {
                    try
                    {
                        await _stream.Writer.WriteAsync(frame.Header, frame.Payload.Memory, _stop.Token);
                    }
                    finally
                    {
                        frame.Payload.Release();
                    }

                    continue;
                }

                await _stream.Writer.FlushAsync(_stop.Token);
                if (completed)
                {
                    break;
                }

                await _outbox.WaitAsync(_stop.Token);
            }
        }
        catch (IOException)
        {
            // It is gone; whoever reads from it finds out too.
        }
        catch (OperationCanceledException)
        {
            // It did not take its farewell in time, or the gateway stops.
        }

        // Ends the reading side, which may be waiting for a process that says nothing more.
        await _stop.CancelAsync();
    }

    /// <summary>Ends the connection with a reason that the other side is told. Does not wait.</summary>
    private void Close(string reason)
    {
        if (Interlocked.CompareExchange(ref _closed, reason, null) is null)
        {
            _outbox.Complete(Frame.Control(FrameType.Refuse, Payloads.EncodeReason(reason)));
            _stop.CancelAfter(_farewellMax);
        }
    }

    private void Tell(string reason)
        => _switchboard.Notice(new GatewayNotice(GatewayNoticeKind.EndpointRefused, string.Empty, $"A process of this site was refused: {reason}."));
}
