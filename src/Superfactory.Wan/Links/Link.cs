using Superfactory.Model.Agents;
using Superfactory.Wan.Frames;
using Superfactory.Wan.Transport;

namespace Superfactory.Wan.Links;

/// <summary>What a link needs from the gateway that it belongs to.</summary>
internal interface ILinkOwner
{
    /// <summary>A new session begins. Everything that the peer announced is gone; calls <see cref="LinkSession.Restart"/> and announces this site's endpoints.</summary>
    void BeginSession(Link link, long session);

    /// <summary>A numbered frame arrived, once and in order. Takes its payload; must not wait.</summary>
    FrameRefusal Received(Link link, Frame frame);

    /// <summary>Something that people should know of.</summary>
    void Notice(GatewayNotice notice);
}

/// <summary>What a link is made of. Immutable.</summary>
internal sealed record LinkSetup
{
    public required string Self { get; init; }

    public required string Peer { get; init; }

    public required ILinkOwner Owner { get; init; }

    /// <summary>Connects to an endpoint, <c>host:port</c>, and counts its bytes; fails with an <see cref="IOException"/>.</summary>
    public required Func<string, ByteCounters, CancellationToken, ValueTask<Stream>> Dial { get; init; }

    /// <summary>Draws a number that nobody else draws; never 0.</summary>
    public required Func<long> Draw { get; init; }

    public required TimeProvider Time { get; init; }

    public LinkLimits Limits { get; init; } = new();
}

/// <summary>
/// One gateway's end of a link to another site: keeps one connection, made again whenever it ends, and a session across them.
/// The site whose name sorts first dials; the other one waits to be dialled. Thread-safe.
/// </summary>
internal sealed class Link : IAsyncDisposable
{
    private readonly LinkSetup _setup;
    private readonly long _incarnation;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _oneConnection = new(1, 1);
    private readonly AsyncSignal _endpointChanged = new();
    private readonly RoundTripEstimate _roundTrip = new();
    private readonly Lock _gate = new();
    private LinkConnection? _current;
    private Task _dialing = Task.CompletedTask;
    private string _endpoint;
    private string? _lastProblem;
    private long _peerIncarnation;
    private long _connections;
    private long _framesRefused;
    private volatile bool _connected;

    public Link(LinkSetup setup, string endpoint)
    {
        _setup = setup;
        _endpoint = endpoint;
        _incarnation = setup.Draw();
        Session = new LinkSession(setup.Limits);
    }

    public string Peer => _setup.Peer;

    public LinkSession Session { get; }

    public ByteCounters Counters { get; } = new();

    /// <summary>Whether this side dials.</summary>
    public bool Dials => Dialling(_setup.Self, _setup.Peer);

    public static bool Dialling(string self, string peer) => string.CompareOrdinal(self, peer) < 0;

    /// <summary>Begins to dial, where it is this side that does.</summary>
    public void Start()
    {
        if (Dials)
        {
            _dialing = Task.Run(DialAsync);
        }
    }

    /// <summary>The peer is reached elsewhere from now on. A connection that stands is left alone: it ends by itself if the peer has moved.</summary>
    public void SetEndpoint(string endpoint)
    {
        if (Interlocked.Exchange(ref _endpoint, endpoint) != endpoint)
        {
            _endpointChanged.Set();
        }
    }

    public LinkReport Report() => new()
    {
        Peer = Peer,
        Connected = _connected,
        BytesSent = Counters.Sent,
        BytesReceived = Counters.Received,
        Reconnects = Math.Max(0, Interlocked.Read(ref _connections) - 1),
        FramesRefused = Interlocked.Read(ref _framesRefused),
        RoundTripMilliseconds = _roundTrip.Milliseconds,
    };

    /// <summary>Ends the session and its connection: more is to be told than may wait.</summary>
    public void BeginAnew()
    {
        Session.End();
        EndCurrent(new LinkEnd(LinkEndKind.Stopped, "more news waits for it than may; the session begins anew"));
    }

    /// <summary>Counts and tells that a connection of the peer was refused before it was served.</summary>
    public void Refuse(LinkEnd refused) => Report(refused);

    /// <summary>Serves a connection that the peer dialled and introduced itself on, until it ends. Owns the connection.</summary>
    public async Task ServeAsync(FramedStream stream, HelloPayload hello)
    {
        await using (stream)
        {
            (stream.Stream as ILinkTransport)?.CountFor(Counters);
            var known = Session.Id;
            var resumes = hello.Session == known && known != 0;
            var session = resumes ? known : _setup.Draw();
            var answer = new HelloPayload(_incarnation, session, resumes ? Session.Received : 0, _setup.Self, Peer);
            var refused = await ShakeHandsAsync(async token =>
            {
                await Handshake.SendHelloAsync(stream, answer, token);
                return await Handshake.ReadReadyAsync(stream, session, token);
            });
            if (refused is null)
            {
                EndCurrent(new LinkEnd(LinkEndKind.Replaced, "the other side connected again"));
                refused = await CarryAsync(stream, hello, session, known);
            }

            // The peer did reach this side: what broke is the connection.
            Report(refused.Kind == LinkEndKind.Unreachable ? refused with { Kind = LinkEndKind.Closed } : refused);
        }
    }

    /// <summary>Waits, not for long, until the peer has everything; then closes.</summary>
    public async ValueTask FinishAsync()
    {
        if (_connected)
        {
            try
            {
                await Session.WhenEmptyAsync().WaitAsync(_setup.Limits.FarewellMax, _setup.Time);
            }
            catch (TimeoutException)
            {
                _setup.Owner.Notice(new GatewayNotice(GatewayNoticeKind.LinkDown, Peer, $"The link to {Peer} is closed before everything was acknowledged."));
            }
        }

        await DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        EndCurrent(new LinkEnd(LinkEndKind.Stopped, "this gateway closed it"));
        await _dialing;

        // Whoever still serves a connection ends it now.
        await _oneConnection.WaitAsync();
        Session.End();
        _oneConnection.Release();
    }

    private async Task DialAsync()
    {
        var wait = _setup.Limits.ReconnectDelayMin;
        while (!_stop.IsCancellationRequested)
        {
            var began = _setup.Time.GetTimestamp();
            Report(await DialOnceAsync());
            wait = _setup.Time.GetElapsedTime(began) >= _setup.Limits.SteadyAfter ? _setup.Limits.ReconnectDelayMin : wait;
            using var elapsed = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
            await Task.WhenAny(Task.Delay(wait, _setup.Time, elapsed.Token), _endpointChanged.WaitAsync(elapsed.Token));
            await elapsed.CancelAsync();
            wait = TimeSpan.FromTicks(Math.Min(wait.Ticks * 2, _setup.Limits.ReconnectDelayMax.Ticks));
        }
    }

    private async Task<LinkEnd> DialOnceAsync()
    {
        FramedStream? stream = null;
        HelloPayload? answer = null;
        try
        {
            var known = Session.Id;
            var refused = await ShakeHandsAsync(async token =>
            {
                stream = new FramedStream(await _setup.Dial(_endpoint, Counters, token));
                var hello = new HelloPayload(_incarnation, known, Session.Received, _setup.Self, Peer);
                await Handshake.SendHelloAsync(stream, hello, token);
                (answer, var wrong) = await Handshake.ReadHelloAsync(stream, _setup.Self, Peer, token);
                if (wrong is null)
                {
                    await stream.SendAsync(FrameType.Ready, Payloads.EncodeNumber(answer!.Session), token);
                }

                return wrong;
            });
            return refused ?? await CarryAsync(stream!, answer!, answer!.Session, known);
        }
        finally
        {
            if (stream is not null)
            {
                await stream.DisposeAsync();
            }
        }
    }

    /// <summary>Runs a handshake within its time.</summary>
    /// <returns>Null where it succeeded.</returns>
    private async Task<LinkEnd?> ShakeHandsAsync(Func<CancellationToken, Task<LinkEnd?>> shake)
    {
        using var timeout = new CancellationTokenSource(_setup.Limits.HandshakeMax, _setup.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, _stop.Token);
        try
        {
            return await shake(either.Token);
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            return _stop.IsCancellationRequested
                ? new LinkEnd(LinkEndKind.Stopped, "this gateway closed it")
                : new LinkEnd(LinkEndKind.Unreachable, $"there was no answer within {_setup.Limits.HandshakeMax.TotalSeconds:0.#} s");
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            return new LinkEnd(LinkEndKind.Unreachable, exception.Message);
        }
    }

    /// <summary>Carries the session over a connection on which both sides have agreed, until that ends.</summary>
    private async Task<LinkEnd> CarryAsync(FramedStream stream, HelloPayload peer, long session, long known)
    {
        await _oneConnection.WaitAsync();
        try
        {
            if (_stop.IsCancellationRequested || Session.Id != known)
            {
                return new LinkEnd(LinkEndKind.Replaced, "another connection was faster");
            }

            if (session != known)
            {
                BeginSession(session, peer.Incarnation);
            }
            else if (!Session.Resume(peer.Received))
            {
                Session.End();
                return new LinkEnd(LinkEndKind.FrameRefused, FrameRefusals.Describe(FrameRefusal.Acknowledgement));
            }

            return await RunAsync(stream);
        }
        finally
        {
            _oneConnection.Release();
        }
    }

    private void BeginSession(long session, long peerIncarnation)
    {
        if (_peerIncarnation != 0 && _peerIncarnation != peerIncarnation)
        {
            _setup.Owner.Notice(new GatewayNotice(GatewayNoticeKind.PeerRestarted, Peer, $"The gateway of {Peer} was started anew."));
        }

        _peerIncarnation = peerIncarnation;
        _setup.Owner.BeginSession(this, session);
    }

    private async Task<LinkEnd> RunAsync(FramedStream stream)
    {
        using var connection = new LinkConnection(
            stream, Session, _setup.Limits, _setup.Time, _roundTrip, frame => _setup.Owner.Received(this, frame));
        lock (_gate)
        {
            _current = connection;
        }

        if (_stop.IsCancellationRequested)
        {
            connection.End(new LinkEnd(LinkEndKind.Stopped, "this gateway closed it"));
        }

        Interlocked.Increment(ref _connections);
        _connected = true;
        _lastProblem = null;
        _setup.Owner.Notice(new GatewayNotice(GatewayNoticeKind.LinkUp, Peer, $"The link to {Peer} is connected."));
        try
        {
            return await connection.RunAsync();
        }
        finally
        {
            _connected = false;
            lock (_gate)
            {
                _current = null;
            }
        }
    }

    private void EndCurrent(LinkEnd end)
    {
        LinkConnection? current;
        lock (_gate)
        {
            current = _current;
        }

        // Outside the lock: what waits for the connection may go on at once, here.
        current?.End(end);
    }

    /// <summary>Counts and tells why a connection ended. The same reason is told once until the link was connected again.</summary>
    private void Report(LinkEnd end)
    {
        if (end.Kind == LinkEndKind.FrameRefused)
        {
            Interlocked.Increment(ref _framesRefused);
        }

        if (end.Kind is LinkEndKind.Stopped or LinkEndKind.Replaced || Interlocked.Exchange(ref _lastProblem, end.Text) == end.Text)
        {
            return;
        }

        var notice = end.Kind switch
        {
            LinkEndKind.FrameRefused => new GatewayNotice(GatewayNoticeKind.FrameRefused, Peer, $"The connection to {Peer} was closed: it brought {end.Text}."),
            LinkEndKind.PeerRefused => new GatewayNotice(GatewayNoticeKind.PeerRefused, Peer, $"The link to {Peer} is refused: {end.Text}."),
            LinkEndKind.Unreachable => new GatewayNotice(GatewayNoticeKind.LinkDown, Peer, $"The gateway of {Peer} cannot be reached at {_endpoint}: {end.Text}"),
            _ => new GatewayNotice(GatewayNoticeKind.LinkDown, Peer, $"The link to {Peer} is down: {end.Text}."),
        };
        _setup.Owner.Notice(notice);
    }
}
