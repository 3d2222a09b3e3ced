using System.Diagnostics;
using Superfactory.Cli.Bench.Merge;
using Superfactory.Cli.Tests.CommandLine;
using Superfactory.Lab.Running;
using Superfactory.Model.Agents;
using Superfactory.Model.Wan;
using Superfactory.Wan;
using Superfactory.Wan.Security;

namespace Superfactory.Cli.Tests.Lab;

/// <summary>Real gateways in real namespaces, encrypted, with a message of control now and then beside bulk that fills the link.</summary>
public sealed class ControlBesideBulkTests : IAsyncDisposable
{
    private const int Messages = 120;
    private const int BulkBytes = 500_000;

    private readonly TemporaryDirectory _directory = new();
    private readonly string _name = $"ctl{Environment.ProcessId}";
    private readonly Dictionary<string, GatewayProcess> _gateways = [];
    private bool _isUp;
    private long _taken;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Control_goes_beside_bulk_that_fills_the_link()
    {
        if (!Laboratory.MayRun)
        {
            Assert.Skip("needs root: a laboratory makes network namespaces and TUN devices");
        }

        await StartAsync("wisconsin", "atlanta");
        await using var from = await ConnectAsync("wisconsin", "control");
        await using var to = await ConnectAsync("atlanta", "control");
        await from.WatchAsync(to.Self, Cancel);
        (await from.Events.ReadAsync(Cancel).AsTask().WaitAsync(CutLinkTests.Limit, Cancel)).ShouldBeOfType<GatewayEvent.EndpointUp>();
        (await MeasureAsync(from, to, 5)).Length.ShouldBe(5);
        var idle = await MeasureAsync(from, to, Messages);

        await using var bulkFrom = await ConnectAsync("wisconsin", "bulk");
        await using var bulkTo = await ConnectAsync("atlanta", "bulk");
        await bulkFrom.WatchAsync(bulkTo.Self, Cancel);
        (await bulkFrom.Events.ReadAsync(Cancel).AsTask().WaitAsync(CutLinkTests.Limit, Cancel)).ShouldBeOfType<GatewayEvent.EndpointUp>();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var bulk = Task.WhenAll(SendAsync(bulkFrom, bulkTo.Self, stop.Token), TakeAsync(bulkTo, stop.Token));
        await Task.Delay(TimeSpan.FromSeconds(4), Cancel);
        var (taken, began) = (_taken, Stopwatch.GetTimestamp());
        var loaded = await MeasureAsync(from, to, Messages);
        var rate = (_taken - taken) * 8 / Stopwatch.GetElapsedTime(began).TotalSeconds / 1e6;
        var report = (await _gateways["wisconsin"].ReportsAsync()).Single();
        await stop.CancelAsync();
        await bulk.WaitAsync(CutLinkTests.Limit, Cancel);

        TestContext.Current.TestOutputHelper!.WriteLine(
            $"idle {Text(idle)}; beside bulk of {rate:0.0} Mbit/s {Text(loaded)}; streams {report.Streams}, loss {report.Loss:0.0000}, achievable {report.AchievableBytesPerSecond * 8 / 1e6:0.0} Mbit/s, round trip {report.RoundTripMilliseconds:0.0} ms");
        loaded.Length.ShouldBe(Messages);
        rate.ShouldBeGreaterThan(0);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var gateway in _gateways.Values)
        {
            await gateway.DisposeAsync();
        }

        if (_isUp)
        {
            (await CommandProcess.RunAsync("lab", "down", "--lab", _name)).ExitCode.ShouldBe(0);
        }

        _directory.Dispose();
    }

    private async Task StartAsync(params string[] sites)
    {
        var topology = _directory.Write("two.yaml", "sites: [wisconsin, atlanta]\nlinks: [{between: [wisconsin, atlanta], bandwidth: 100mbit, rtt: 20ms}]\n");
        var up = await CommandProcess.RunAsync("lab", "up", "--lab", _name, topology);
        (up.ExitCode, up.Error).ShouldBe((0, string.Empty));
        _isUp = true;
        var laboratory = Laboratory.Open(_name).Value.ShouldNotBeNull();
        using var authority = FleetAuthority.Create(TimeProvider.System.GetUtcNow());
        authority.Save(_directory.Root).ShouldBeNull();
        foreach (var site in sites)
        {
            _gateways[site] = await GatewayProcess.StartAsync(_name, _directory.Combine($"{site}.json"), new BenchGatewayConfiguration
            {
                Site = site,
                Listen = $"{laboratory.AddressOf(site)}:7500",
                Socket = Socket(site),
                Peers = [.. sites.Where(other => other != site).Select(other => new PeerGateway(other, $"{laboratory.AddressOf(other)}:7500"))],
                Certificates = authority.Issue(site, _directory.Root, TimeProvider.System.GetUtcNow()).Value.ShouldNotBeNull(),
            });
        }
    }

    private string Socket(string site) => _directory.Combine($"{site}.socket");

    private Task<GatewayClient> ConnectAsync(string site, string name) => GatewayClient.ConnectAsync(Socket(site), new EndpointAddress(site, name), Cancel);

    /// <summary>How long each of some messages takes, one at a time.</summary>
    private static async Task<double[]> MeasureAsync(GatewayClient from, GatewayClient to, int messages)
    {
        var took = new double[messages];
        for (var index = 0; index < messages; index++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(30 + (index % 7)), Cancel);
            var began = Stopwatch.GetTimestamp();
            (await from.SendAsync(to.Self, TrafficClass.Control, new byte[200], default, Cancel)).ShouldBeTrue();
            GatewayEvent? next;
            do
            {
                next = await to.Events.ReadAsync(Cancel).AsTask().WaitAsync(CutLinkTests.Limit, Cancel);
            }
            while (next is not GatewayEvent.Delivered);
            took[index] = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
            ((GatewayEvent.Delivered)next).Release();
        }

        Array.Sort(took);
        return took;
    }

    private static async Task SendAsync(GatewayClient from, EndpointAddress to, CancellationToken stop)
    {
        var message = new byte[BulkBytes];
        try
        {
            while (await from.SendAsync(to, TrafficClass.Bulk, MessageOrder.Unordered, message, default, stop))
            {
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Enough.
        }
    }

    private static string Text(double[] sorted) => $"median {sorted[sorted.Length / 2]:0.0}, p90 {sorted[sorted.Length * 9 / 10]:0.0}, most {sorted[^1]:0.0} ms";

    private async Task TakeAsync(GatewayClient to, CancellationToken stop)
    {
        try
        {
            await foreach (var next in to.Events.ReadAllAsync(stop))
            {
                if (next is GatewayEvent.Delivered delivered)
                {
                    Interlocked.Add(ref _taken, delivered.Message.Length);
                    delivered.Release();
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Enough.
        }
    }
}
