using System.Collections.Immutable;
using System.Net;
using System.Security.Cryptography;
using Superfactory.Model;
using Superfactory.Model.Agents;
using Superfactory.Model.Wan;
using Superfactory.Wan.Links;
using Superfactory.Wan.Local;
using Superfactory.Wan.Transport;

namespace Superfactory.Wan;

/// <summary>A site's end of the wide-area network: it carries messages between this site's bridges and those of other sites. Thread-safe.</summary>
public sealed class Gateway : IAsyncDisposable
{
    /// <summary>Links that are given up and not closed yet: each takes no longer than a moment.</summary>
    private const int ClosingLinksMax = 4096;

    private readonly GatewayOptions _options;
    private readonly LinkLimits _limits;
    private readonly Clock _clock;
    private readonly GatewayCore _core;
    private readonly TcpTransport _transport;
    private readonly LocalServer _local;
    private readonly LinkListener _listener;
    private readonly Caretaker _caretaker;
    private readonly TaskSet _closing;
    private readonly Lock _gate = new();
    private bool _disposed;

    /// <summary>Sets a gateway up; it does nothing before <see cref="StartAsync"/>.</summary>
    public Gateway(GatewayOptions options)
        : this(options, new LinkLimits())
    {
    }

    internal Gateway(GatewayOptions options, LinkLimits limits)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _limits = Stretch(limits, options.Wan?.RoundTrip ?? TimeSpan.Zero);
        _clock = new Clock(options.Time);
        _core = new GatewayCore(options, _limits, Draw, _clock);
        _closing = new TaskSet(exception => _core.Switchboard.Failed("close a link", exception));
        _transport = new TcpTransport(options.Wan, options.Time);
        _local = new LocalServer(options.SocketPath, _core.Switchboard, options.Time);
        _listener = new LinkListener(_core, _transport, _options.Security, _limits, options.Time);
        _caretaker = new Caretaker(_core, _limits, _clock);
    }

    /// <summary>Where it listens for other gateways, with the port that was taken.</summary>
    /// <exception cref="InvalidOperationException">It does not listen.</exception>
    public IPEndPoint ListenEndpoint
        => _listener.Endpoint ?? throw new InvalidOperationException($"The gateway of {_options.Site} does not listen.");

    /// <summary>Connections that were closed before they were any link's, since the start: corrupt, silent or from nobody it knows.</summary>
    public long CallersRefused => _core.Switchboard.CallersRefused;

    /// <summary>How connections to other gateways are encrypted: <c>tls1.3</c>, or <c>none</c>.</summary>
    public string Encryption => _options.Security.Name;

    /// <summary>Begins to listen, for bridges and for other gateways. Called once.</summary>
    /// <returns>Null where it listens; otherwise why it cannot, such as a port in use. It can then only be disposed of.</returns>
    public async Task<Problem?> StartAsync(CancellationToken cancellationToken)
    {
        if (!Addresses.IsSite(_options.Site))
        {
            return new Problem($"'{_options.Site}' cannot be the name of a gateway's site: expected 1 to 64 bytes of UTF-8.");
        }

        if (_options.StreamsMin < 1 || _options.StreamsMax < _options.StreamsMin || _options.StreamsMax > LinkLimits.StreamsMax)
        {
            return new Problem($"A link cannot have {_options.StreamsMin} to {_options.StreamsMax} connections: expected 1 to {LinkLimits.StreamsMax}, the least first.");
        }

        if (!_options.Floors.AreValid)
        {
            return new Problem("The classes' floors cannot be more than the link: expected shares from 0 to 1, together no more than 1.");
        }

        if (await _listener.StartAsync(_options.Listen, cancellationToken) is { } problem)
        {
            return problem;
        }

        _caretaker.Start();
        return await _local.StartAsync(cancellationToken);
    }

    /// <summary>Says which other sites there are, all of them. May be called at any time; a peer's address may change, and a peer that is missing is given up.</summary>
    public void SetPeers(IReadOnlyList<PeerGateway> peers)
    {
        ArgumentNullException.ThrowIfNull(peers);
        ImmutableArray<Link> created;
        ImmutableArray<Link> removed;
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            removed = _core.SetPeers(peers, CreateLink, out created);
        }

        foreach (var link in created)
        {
            link.Start();
        }

        foreach (var link in removed)
        {
            _closing.TryAdd(() => link.DisposeAsync().AsTask(), ClosingLinksMax);
        }
    }

    /// <summary>
    /// Says which ways this site's traffic takes and how fast, all of them: what is missing takes the best way there is, without a
    /// limit; so does what has no granted way whose links are all up. Entries of other sites are passed over. May be called at any time.
    /// </summary>
    public void SetRoutes(ImmutableArray<WanRoute> routes)
        => _core.SetRoutes(routes.IsDefault ? [] : [.. routes.Where(route => route.From == _options.Site)]);

    /// <summary>How each link is, in the order of the peers' names.</summary>
    public ImmutableArray<LinkReport> LinkReports() => _caretaker.Reports();

    /// <summary>Announces this site's endpoints as gone, closes every connection and stops.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
        }

        await _local.DisposeAsync();
        await _caretaker.FinishAsync();
        await Task.WhenAll(_core.Links.Select(link => link.DisposeAsync().AsTask()));
        await _listener.DisposeAsync();
        await _closing.WhenAllAsync();
        _caretaker.Dispose();
        _core.Dispose();
    }

    /// <summary>A number that nobody else draws: of 2^63, by the system's generator.</summary>
    private static long Draw()
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        RandomNumberGenerator.Fill(bytes);
        return Math.Max(1, BitConverter.ToInt64(bytes) & long.MaxValue);
    }

    /// <summary>An emulated link may be slower than what the limits are made for: a handshake takes three halves of a round trip.</summary>
    private static LinkLimits Stretch(LinkLimits limits, TimeSpan roundTrip) => limits with
    {
        IntroductionMax = limits.IntroductionMax + (roundTrip * 2),
        HandshakeMax = limits.HandshakeMax + (roundTrip * 2),
        SuspectAfter = limits.SuspectAfter + roundTrip,
        SilenceMax = limits.SilenceMax + roundTrip,
    };

    /// <summary>An emulated link is one pipe: it has one connection.</summary>
    private Link CreateLink(PeerGateway peer) => new(
        new LinkSetup
        {
            Self = _options.Site,
            Peer = peer.Site,
            Start = _core.Start,
            Owner = _core,
            Dial = _transport.DialAsync,
            Clock = _clock,
            Security = _options.Security,
            StreamsMin = _options.Wan is null ? _options.StreamsMin : 1,
            StreamsMax = _options.Wan is null ? _options.StreamsMax : 1,
            Limits = _limits,
        },
        peer.Endpoint);
}
