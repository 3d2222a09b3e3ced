using System.Collections.Immutable;
using Superfactory.Wan.Frames;
using Superfactory.Wan.Measuring;
using Superfactory.Wan.Routes;
using Superfactory.Wan.Security;
using Superfactory.Wan.Sessions;
using Superfactory.Wan.Transport;

namespace Superfactory.Wan.Links;

/// <summary>What a link needs from the gateway that it belongs to. Thread-safe.</summary>
internal interface ILinkOwner
{
    /// <summary>A connection is open; null where the peer was given up meanwhile.</summary>
    StreamPort? Open(string peer, int number);

    /// <summary>A connection is gone.</summary>
    void Close(string peer, StreamPort port);

    /// <summary>Takes the next frame for a connection.</summary>
    bool TryTake(string peer, StreamPort port, out OutgoingFrame outgoing);

    /// <summary>A frame arrived. Takes its payload; must not wait.</summary>
    FrameRefusal Receive(string peer, in FrameRead read);

    /// <summary>Something that people should know of.</summary>
    void Notice(GatewayNotice notice);
}

/// <summary>What a link is made of. Immutable.</summary>
internal sealed record LinkSetup
{
    public required string Self { get; init; }

    public required string Peer { get; init; }

    /// <summary>Names this start of the gateway.</summary>
    public required long Start { get; init; }

    public required ILinkOwner Owner { get; init; }

    /// <summary>Connects to an endpoint, <c>host:port</c>, and counts its bytes; fails with an <see cref="IOException"/>.</summary>
    public required Func<string, ByteCounters, CancellationToken, ValueTask<Stream>> Dial { get; init; }

    public required Clock Clock { get; init; }

    public ILinkSecurity Security { get; init; } = NoSecurity.Instance;

    public int StreamsMin { get; init; } = 1;

    public int StreamsMax { get; init; } = 1;

    public LinkLimits Limits { get; init; } = new();
}

/// <summary>
/// One gateway's end of a link to another site: its connections, each made again when it ends. The site whose name sorts first
/// dials; the other one waits to be dialled. Thread-safe.
/// </summary>
internal sealed class Link : IAsyncDisposable
{
    private readonly LinkSetup _setup;
    private readonly LinkVoice _voice;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly SortedDictionary<int, LinkStream> _streams = [];
    private readonly HashSet<int> _madeBefore = [];
    private readonly LinkDialer? _dialer;
    private long _peerStart;
    private long _reconnects;

    public Link(LinkSetup setup, string endpoint)
    {
        _setup = setup;
        _voice = new LinkVoice(setup.Peer, setup.Owner.Notice);
        Pulse = new LinkPulse(setup.StreamsMin, setup.StreamsMax);
        Count = new StreamCount(setup.StreamsMin, setup.StreamsMax);
        Pulse.Wanted = Count.Wanted;
        if (Dialling(setup.Self, setup.Peer))
        {
            _dialer = new LinkDialer(setup, this, endpoint, _stop.Token);
        }
    }

    public string Peer => _setup.Peer;

    public ByteCounters Counters { get; } = new();

    public LinkPulse Pulse { get; }

    public LinkMeter Meter { get; } = new();

    /// <summary>How many connections this side finds worth having to send at a time.</summary>
    public StreamCount Count { get; }

    public LinkVoice Voice => _voice;

    public string Encryption => _setup.Security.Name;

    /// <summary>Whether this side dials.</summary>
    public bool Dials => _dialer is not null;

    /// <summary>How often a connection had to be made again.</summary>
    public long Reconnects => Interlocked.Read(ref _reconnects);

    /// <summary>The connections that are open.</summary>
    public ImmutableArray<LinkStream> Streams
    {
        get
        {
            lock (_gate)
            {
                return [.. _streams.Values];
            }
        }
    }

    /// <summary>How many connections the link is to have, all shifts together.</summary>
    private int Connections => StreamShifts.Connections(Pulse.Agreed, _setup.Limits.Shifts);

    public static bool Dialling(string self, string peer) => string.CompareOrdinal(self, peer) < 0;

    /// <summary>Begins to dial, where it is this side that does.</summary>
    public void Start() => _dialer?.Start();

    /// <summary>The peer is reached elsewhere from now on. A connection that stands is left alone: it ends by itself if the peer has moved.</summary>
    public void SetEndpoint(string endpoint) => _dialer?.SetEndpoint(endpoint);

    /// <summary>Whether a connection of that number is to be made.</summary>
    public bool Wants(int number)
    {
        lock (_gate)
        {
            return !_streams.ContainsKey(number) && number < Connections && (number == 0 || _streams.ContainsKey(0));
        }
    }

    /// <summary>Serves a connection that the peer dialled and introduced itself on, until it ends. Owns the connection.</summary>
    public async Task ServeAsync(FramedStream stream, HelloPayload hello)
    {
        await using (stream)
        {
            stream.Transport?.CountFor(Counters);
            var answer = new HelloPayload(_setup.Start, hello.Number, _setup.Self, Peer);
            var refused = await ShakeHandsAsync(async token =>
            {
                await Handshake.SendHelloAsync(stream, answer, token);
                return await Handshake.ReadReadyAsync(stream, _setup.Start, token);
            });

            // The peer did reach this side: what broke is the connection.
            refused = refused is { Kind: LinkEndKind.Unreachable } broken ? broken with { Kind = LinkEndKind.Closed } : refused;
            Tell(refused ?? await CarryAsync(stream, (int)hello.Number, hello.Start));
        }
    }

    /// <summary>Runs a handshake within its time.</summary>
    /// <returns>Null where it succeeded.</returns>
    public async Task<LinkEnd?> ShakeHandsAsync(Func<CancellationToken, Task<LinkEnd?>> shake)
    {
        using var timeout = new CancellationTokenSource(_setup.Limits.HandshakeMax, _setup.Clock.Time);
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
        catch (LinkSecurityException exception)
        {
            return new LinkEnd(LinkEndKind.PeerRefused, exception.Message);
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            return new LinkEnd(LinkEndKind.Unreachable, exception.Message);
        }
    }

    /// <summary>Makes a connection part of the link, in the place of one with the same number, until it ends.</summary>
    public async Task<LinkEnd> CarryAsync(FramedStream framed, int number, long peerStart)
    {
        if (_stop.IsCancellationRequested || _setup.Owner.Open(Peer, number) is not { } port)
        {
            return new LinkEnd(LinkEndKind.Stopped, "this gateway closed it");
        }

        TcpTuning.Prepare(framed.Transport?.Socket);
        using var stream = new LinkStream(framed, port, _setup, Pulse);
        var first = Attach(stream, peerStart);
        if (first)
        {
            _voice.Up();
        }

        if (_stop.IsCancellationRequested)
        {
            stream.End(new LinkEnd(LinkEndKind.Stopped, "this gateway closed it"));
        }

        try
        {
            return await stream.RunAsync();
        }
        finally
        {
            lock (_gate)
            {
                if (_streams.GetValueOrDefault(number) == stream)
                {
                    _streams.Remove(number);
                }
            }

            _setup.Owner.Close(Peer, port);
            _dialer?.Look();
        }
    }

    /// <summary>Looks after the connections: who is silent, who is to be asked, which are to spare.</summary>
    /// <param name="now">The time, in ticks.</param>
    /// <param name="slept">Whether this process was not running for a while.</param>
    /// <returns>When something was last heard over the link, in ticks; null where no connection is open.</returns>
    public long? Listen(long now, bool slept)
    {
        // In the order of their numbers: the first speaks always, and stands for those that are quiet.
        long? heard = null;
        foreach (var stream in Streams)
        {
            stream.Listen(now, slept, heard);
            stream.Ask();
            heard = Math.Max(heard ?? 0, stream.HeardAt);
            if (Dials && stream.IsToSpare(stream.Port.Number >= Connections, now))
            {
                stream.End(new LinkEnd(LinkEndKind.Stopped, "the link needs it no longer"));
            }
        }

        _dialer?.Look();
        return heard;
    }

    /// <summary>Counts and tells why a connection ended, or did not come about.</summary>
    public void Tell(LinkEnd end) => _voice.Tell(end, isOpen: !Streams.IsEmpty, _dialer?.Endpoint);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        foreach (var stream in Streams)
        {
            stream.End(new LinkEnd(LinkEndKind.Stopped, "this gateway closed it"));
        }

        if (_dialer is not null)
        {
            await _dialer.StopAsync();
        }
    }

    /// <returns>Whether it is the only one.</returns>
    private bool Attach(LinkStream stream, long peerStart)
    {
        List<LinkStream> ended = [];
        bool first;
        lock (_gate)
        {
            if (_peerStart != peerStart)
            {
                // What another start of the peer had is dead.
                ended.AddRange(_streams.Values);
                _streams.Clear();
                _peerStart = peerStart;
            }

            if (_streams.Remove(stream.Port.Number, out var before))
            {
                ended.Add(before);
            }

            first = _streams.Count == 0 && ended.Count == 0;
            _streams[stream.Port.Number] = stream;
            if (!_madeBefore.Add(stream.Port.Number))
            {
                Interlocked.Increment(ref _reconnects);
            }
        }

        // Outside the lock: what waits for a connection may go on at once, here.
        ended.ForEach(other => other.End(new LinkEnd(LinkEndKind.Replaced, "the other side connected again")));
        return first;
    }
}
