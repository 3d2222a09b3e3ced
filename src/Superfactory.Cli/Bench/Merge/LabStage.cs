using System.Collections.Immutable;
using Superfactory.Cli.CommandLine;
using Superfactory.Cli.Factory;
using Superfactory.Cli.Lab;
using Superfactory.Lab.Running;
using Superfactory.Lab.Topology;
using Superfactory.Model;
using Superfactory.Model.Agents;
using Superfactory.Model.Units;
using Superfactory.Sync.Bridge;
using Superfactory.Wan.Security;

namespace Superfactory.Cli.Bench.Merge;

/// <summary>Each island in a network namespace of the laboratory, with a gateway beside its bridge; every two joined by a link, over which the gateways speak TLS.</summary>
internal sealed class LabStage : MergeStage
{
    /// <summary>Where gateways listen; each is alone in its namespace.</summary>
    private const int GatewayPort = 7500;

    private readonly MergeBenchOptions _options;
    private readonly WanProfile _wan;
    private readonly LinkMeter _meter;
    private Laboratory? _laboratory;
    private double _rate;

    /// <summary>A stage with nothing on it.</summary>
    public LabStage(MergeBenchOptions options, WanProfile wan, TimeProvider time)
        : base(options, time) => (_options, _wan, _meter) = (options, wan, new LinkMeter());

    /// <inheritdoc/>
    public override bool ThroughGateways => true;

    /// <inheritdoc/>
    public override bool Tls => true;

    /// <inheritdoc/>
    public override LabFigures Figures => new(
        MergeFigures.MtuFor(_wan.Rate.BitsPerSecond), _wan.Rate.BitsPerSecond, _rate, Islands.Length > 2 ? _meter.BusierDirection(Islands, _wan.Rate) : null);

    private Laboratory Lab => _laboratory ?? throw new InvalidOperationException("The laboratory is not up.");

    /// <inheritdoc/>
    public override async Task StartAsync(CancellationToken cancellation)
    {
        if (!Laboratory.MayRun)
        {
            throw new BenchException(
                $"A link of {_wan} is built of network namespaces, which only root can set up: run this as root, or measure over loopback by --wan none.", ExitCode.CannotReach);
        }

        _laboratory = Value(await Laboratory.UpAsync(
            Topology(), new LaboratoryOptions { FibreCommand = LabCommand.Fibre, Environment = Self.Environment() }, cancellation));
        _rate = await Iperf.MeasureAsync(this, MergeFigures.MtuFor(_wan.Rate.BitsPerSecond), cancellation);
        using (var authority = FleetAuthority.Create(Time.GetUtcNow()))
        {
            Require(authority.Save(Root));
            foreach (var island in Islands)
            {
                await StartGatewayAsync(island, Value(authority.Issue(island, Root, Time.GetUtcNow())), cancellation);
            }
        }

        await base.StartAsync(cancellation);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Enter(string island) => Lab.Enter(island);

    /// <inheritdoc/>
    public override string AddressOf(string island) => Lab.AddressOf(island).ToString();

    /// <summary>Cuts the link between two islands, or restores it; done when this returns.</summary>
    public async Task<LabStatus> SwitchAsync(string one, string other, bool isCut, CancellationToken cancellation) =>
        Value(isCut ? await Lab.CutAsync(one, other, cancellation) : await Lab.RestoreAsync(one, other, cancellation));

    /// <summary>How the links are.</summary>
    public async Task<LabStatus> StatusAsync(CancellationToken cancellation) => Value(await Lab.StatusAsync(cancellation));

    /// <inheritdoc/>
    public override async Task BeforeMergeAsync(int merge, CancellationToken cancellation) => _meter.Begin(Value(await Lab.StatusAsync(cancellation)));

    /// <inheritdoc/>
    public override async Task AfterMergeAsync(int merge, double seconds, CancellationToken cancellation)
    {
        var status = Value(await Lab.StatusAsync(cancellation));
        if (merge > 0)
        {
            _meter.End(status, seconds);
        }
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        if (_laboratory is { } laboratory)
        {
            await laboratory.DisposeAsync();
        }
    }

    /// <inheritdoc/>
    protected override BridgeConfiguration Join(BridgeConfiguration configuration) => configuration;

    private static T Value<T>(Outcome<T> outcome)
        where T : class =>
        outcome.Succeeded ? outcome.Value : throw new BenchException(outcome.Problems[0].ToString(), ExitCode.CannotReach);

    private static void Require(Problem? problem)
    {
        if (problem is not null)
        {
            throw new BenchException(problem.ToString(), ExitCode.CannotReach);
        }
    }

    /// <summary>Every island joined to every other.</summary>
    private LabTopology Topology()
    {
        var direction = new LabDirection { Bandwidth = _wan.Rate, Loss = _options.Loss };
        var links = ImmutableArray.CreateBuilder<LabLink>();
        for (var first = 0; first < Islands.Length; first++)
        {
            for (var second = first + 1; second < Islands.Length; second++)
            {
                links.Add(new LabLink
                {
                    A = Islands[first],
                    B = Islands[second],
                    RoundTrip = _wan.RoundTrip,
                    Mtu = MergeFigures.MtuFor(_wan.Rate.BitsPerSecond),
                    There = direction,
                    Back = direction,
                });
            }
        }

        return new LabTopology { Name = $"bench-{Environment.ProcessId}", Sites = Islands, Links = links.ToImmutable(), Seed = _options.Seed };
    }

    private Task StartGatewayAsync(string island, CertificateFiles certificates, CancellationToken cancellation)
    {
        var configuration = new BenchGatewayConfiguration
        {
            Site = island,
            Listen = $"{AddressOf(island)}:{GatewayPort}",
            Socket = GatewaySocket(island),
            Peers = [.. Islands.Where(other => other != island).Select(other => new PeerGateway(other, $"{AddressOf(other)}:{GatewayPort}"))],
            Certificates = certificates,
        };
        return StartAsync(
            $"gateway of {island}", island, [BenchGateway.Name, "--config", Write($"{island}.gateway.json", configuration)],
            static line => line == BenchGateway.Ready, cancellation);
    }
}
