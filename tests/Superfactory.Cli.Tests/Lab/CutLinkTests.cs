using System.Buffers.Binary;
using System.Diagnostics;
using Superfactory.Cli.Bench.Merge;
using Superfactory.Cli.Tests.CommandLine;
using Superfactory.Lab.Running;
using Superfactory.Model.Agents;
using Superfactory.Model.Wan;
using Superfactory.Wan;
using Superfactory.Wan.Security;

namespace Superfactory.Cli.Tests.Lab;

/// <summary>Real gateways in real namespaces, encrypted, while a link of the triangle is cut under their traffic and restored.</summary>
public sealed class CutLinkTests : IAsyncDisposable
{
    /// <summary>Far longer than anything here takes on a machine busy with other tests.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    private const int MessageBytes = 20_000;
    private static readonly string[] _direct = ["wisconsin", "atlanta"];
    private static readonly string[] _around = ["wisconsin", "iowa", "atlanta"];

    private readonly TemporaryDirectory _directory = new();
    private readonly string _name = $"cut{Environment.ProcessId}";
    private readonly Dictionary<string, GatewayProcess> _gateways = [];
    private bool _isUp;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Traffic_goes_over_the_other_two_links_while_one_is_cut_and_back_when_it_is_restored()
    {
        if (!Laboratory.MayRun)
        {
            Assert.Skip("needs root: a laboratory makes network namespaces and TUN devices");
        }

        await StartAsync("wisconsin", "atlanta", "iowa");
        await using var from = await ConnectAsync("wisconsin");
        await using var to = await ConnectAsync("atlanta");
        await from.WatchAsync(to.Self, Cancel);
        (await from.Events.ReadAsync(Cancel).AsTask().WaitAsync(Limit, Cancel)).ShouldBeOfType<GatewayEvent.EndpointUp>();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var deliveries = new Deliveries();
        var flow = Task.WhenAll(SendAsync(from, to.Self, stop.Token), deliveries.TakeAsync(to, stop.Token));

        await deliveries.MoreAsync(100, flow);
        await RouteAsync(_direct);
        var cutAt = await LabAsync("cut", "wisconsin", "atlanta");
        await RouteAsync(_around);
        await deliveries.MoreAsync(100, flow);
        (await LinkAsync()).Connected.ShouldBeFalse();
        TestContext.Current.TestOutputHelper!.WriteLine($"cut: nothing arrived for {deliveries.LongestGapSince(cutAt).TotalMilliseconds:0} ms at most");

        var restoredAt = await LabAsync("restore", "wisconsin", "atlanta");
        await RouteAsync(_direct);
        var backAfter = Stopwatch.GetElapsedTime(restoredAt);
        await deliveries.MoreAsync(100, flow);
        (await LinkAsync()).Connected.ShouldBeTrue();
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"restored: back on the link {backAfter.TotalMilliseconds:0} ms after; nothing arrived for {deliveries.LongestGapSince(restoredAt).TotalMilliseconds:0} ms at most");
        await stop.CancelAsync();
        await flow.WaitAsync(Limit, Cancel);
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

    private static async Task SendAsync(GatewayClient from, EndpointAddress to, CancellationToken stop)
    {
        var message = new byte[MessageBytes];
        try
        {
            for (var number = 0; ; number++)
            {
                // About 50 Mbit/s: more than nothing, and less than what the machine has to do beside it.
                BinaryPrimitives.WriteInt32LittleEndian(message, number);
                (await from.SendAsync(to, TrafficClass.Merge, message, default, stop)).ShouldBeTrue();
                await Task.Delay(3, stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Enough.
        }
    }

    private async Task StartAsync(params string[] sites)
    {
        var topology = Path.Combine(CommandProcess.Home, "examples", "lab", "triangle.yaml");
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

    private Task<GatewayClient> ConnectAsync(string site) => GatewayClient.ConnectAsync(Socket(site), new EndpointAddress(site, "test"), Cancel);

    /// <summary>Runs a command of the laboratory.</summary>
    /// <returns>When it began.</returns>
    private async Task<long> LabAsync(params string[] command)
    {
        var began = Stopwatch.GetTimestamp();
        var ran = await CommandProcess.RunAsync(["lab", command[0], "--lab", _name, .. command[1..]]);
        (ran.ExitCode, ran.Error).ShouldBe((0, string.Empty));
        return began;
    }

    private async Task<LinkReport> LinkAsync() => (await _gateways["wisconsin"].ReportsAsync()).Single(static link => link.Peer == "atlanta");

    /// <summary>Waits until merges take a way.</summary>
    private async Task RouteAsync(string[] way)
    {
        var began = Stopwatch.GetTimestamp();
        while (!(await LinkAsync()).Classes[(int)TrafficClass.Merge].Routes.FirstOrDefault([]).SequenceEqual(way))
        {
            Stopwatch.GetElapsedTime(began).ShouldBeLessThan(Limit, $"until merges go {string.Join('>', way)}: {_gateways["wisconsin"].Said}");
            await Task.Delay(10, Cancel);
        }
    }

    /// <summary>What arrives, in order and once, and when.</summary>
    private sealed class Deliveries
    {
        private readonly List<long> _at = [];
        private readonly Lock _gate = new();

        private int Count
        {
            get
            {
                lock (_gate)
                {
                    return _at.Count;
                }
            }
        }

        public async Task TakeAsync(GatewayClient client, CancellationToken stop)
        {
            try
            {
                await foreach (var next in client.Events.ReadAllAsync(stop))
                {
                    if (next is GatewayEvent.Delivered delivered)
                    {
                        BinaryPrimitives.ReadInt32LittleEndian(delivered.Message.Span).ShouldBe(Count);
                        delivered.Release();
                        lock (_gate)
                        {
                            _at.Add(Stopwatch.GetTimestamp());
                        }
                    }
                    else
                    {
                        next.ShouldBeOfType<GatewayEvent.EndpointUp>();
                    }
                }
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                // Enough.
            }
        }

        /// <summary>Waits until so many more have come.</summary>
        public async Task MoreAsync(int messages, Task flow)
        {
            var (until, began) = (Count + messages, Stopwatch.GetTimestamp());
            while (Count < until)
            {
                if (flow.IsFaulted)
                {
                    await flow;
                }

                Stopwatch.GetElapsedTime(began).ShouldBeLessThan(Limit, $"until {messages} more have come");
                await Task.Delay(10, Cancel);
            }
        }

        public TimeSpan LongestGapSince(long since)
        {
            lock (_gate)
            {
                var longest = TimeSpan.Zero;
                var before = since;
                foreach (var at in _at.SkipWhile(at => at < since))
                {
                    longest = TimeSpan.FromTicks(Math.Max(longest.Ticks, Stopwatch.GetElapsedTime(before, at).Ticks));
                    before = at;
                }

                return longest;
            }
        }
    }
}
