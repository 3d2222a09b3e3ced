using Superfactory.Wan.Frames;
using Superfactory.Wan.Routes;
using Superfactory.Wan.Transport;

namespace Superfactory.Wan.Links;

/// <summary>Makes a link's connections, and makes them again: one loop for each number that the link may have. Thread-safe.</summary>
internal sealed class LinkDialer(LinkSetup setup, Link link, string endpoint, CancellationToken stop)
{
    private readonly AsyncSignal[] _look = [.. Enumerable.Range(0, ConnectionsMax(setup)).Select(_ => new AsyncSignal())];
    private Task _dialing = Task.CompletedTask;
    private string _endpoint = endpoint;

    /// <summary>Where the peer is dialled.</summary>
    public string Endpoint => Volatile.Read(ref _endpoint);

    public void Start() => _dialing = Task.WhenAll(Enumerable.Range(0, _look.Length).Select(number => Task.Run(() => DialAsync(number))));

    public void SetEndpoint(string endpoint)
    {
        if (Interlocked.Exchange(ref _endpoint, endpoint) != endpoint)
        {
            _look[0].Set();
        }
    }

    /// <summary>Connections may be missing.</summary>
    public void Look()
    {
        for (var number = 1; number < _look.Length; number++)
        {
            _look[number].Set();
        }
    }

    /// <summary>Ends when nothing is dialled or carried any more, after the token was cancelled.</summary>
    public Task StopAsync() => _dialing;

    private static int ConnectionsMax(LinkSetup setup) => StreamShifts.Connections(setup.StreamsMax, setup.Limits.Shifts);

    private async Task DialAsync(int number)
    {
        var wait = setup.Limits.ReconnectDelayMin;
        try
        {
            while (!stop.IsCancellationRequested)
            {
                if (!link.Wants(number))
                {
                    await _look[number].WaitAsync(stop);
                    continue;
                }

                var began = setup.Clock.Now;
                link.Tell(await TryDialAsync(number));
                wait = setup.Clock.Now - began >= setup.Limits.SteadyAfter.Ticks ? setup.Limits.ReconnectDelayMin : wait;
                await WaitAsync(number, wait);
                wait = TimeSpan.FromTicks(Math.Min(wait.Ticks * 2, setup.Limits.ReconnectDelayMax.Ticks));
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The link is given up.
        }
    }

    private async Task WaitAsync(int number, TimeSpan wait)
    {
        using var elapsed = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var delay = Task.Delay(wait, setup.Clock.Time, elapsed.Token);
        await (number == 0 ? Task.WhenAny(delay, _look[0].WaitAsync(elapsed.Token)) : Task.WhenAny(delay));
        await elapsed.CancelAsync();
    }

    /// <summary>Dials once; whatever goes wrong with that is told like any other end, and the next attempt comes.</summary>
    private async Task<LinkEnd> TryDialAsync(int number)
    {
        try
        {
            return await DialOnceAsync(number);
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !stop.IsCancellationRequested)
        {
            return new LinkEnd(LinkEndKind.Failed, $"{exception.GetType().Name}: {exception.Message}");
        }
    }

    private async Task<LinkEnd> DialOnceAsync(int number)
    {
        FramedStream? stream = null;
        HelloPayload? answer = null;
        try
        {
            var refused = await link.ShakeHandsAsync(async token =>
            {
                stream = await ConnectAsync(token);
                await Handshake.SendHelloAsync(stream, new HelloPayload(setup.Start, number, setup.Self, setup.Peer), token);
                (answer, var wrong) = await Handshake.ReadHelloAsync(stream, setup.Self, setup.Peer, token);
                if (wrong is null)
                {
                    await stream.SendAsync(FrameType.Ready, Payloads.EncodeNumber(answer!.Start), token);
                }

                return wrong;
            });
            return refused ?? await link.CarryAsync(stream!, number, answer!.Start);
        }
        finally
        {
            if (stream is not null)
            {
                await stream.DisposeAsync();
            }
        }
    }

    private async Task<FramedStream> ConnectAsync(CancellationToken cancellationToken)
    {
        Stream transport;
        using (var timeout = new CancellationTokenSource(setup.Limits.ConnectMax, setup.Clock.Time))
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
            try
            {
                transport = await setup.Dial(Endpoint, link.Counters, either.Token);
            }
            catch (OperationCanceledException) when (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
            {
                throw new IOException($"nothing answered within {setup.Limits.ConnectMax.TotalSeconds:0.#} s");
            }
        }

        try
        {
            return new FramedStream(await setup.Security.AsClientAsync(transport, setup.Peer, cancellationToken), transport);
        }
        catch
        {
            await transport.DisposeAsync();
            throw;
        }
    }
}
