using System.Buffers.Binary;
using System.Diagnostics;
using Superfactory.Cli.Tests.CommandLine;
using Superfactory.Model.Agents;
using Superfactory.Model.Wan;
using Superfactory.Wan;

namespace Superfactory.Cli.Tests.Lab;

/// <summary>Real gateways in real namespaces, encrypted, while a link of the triangle is cut under their traffic and restored.</summary>
public sealed class CutLinkTests
{
    private const int MessageBytes = 20_000;
    private static readonly string[] _direct = ["wisconsin", "atlanta"];
    private static readonly string[] _around = ["wisconsin", "iowa", "atlanta"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Traffic_goes_over_the_other_two_links_while_one_is_cut_and_back_when_it_is_restored()
    {
        await using var laboratory = await LaboratoryWithGateways.StartAsync(
            $"cut{Environment.ProcessId}", await File.ReadAllTextAsync(Path.Combine(CommandProcess.Home, "examples", "lab", "triangle.yaml"), Cancel), "wisconsin", "atlanta", "iowa");
        var gateway = laboratory["wisconsin"];
        await using var from = await laboratory.ConnectAsync("wisconsin", "test");
        await using var to = await laboratory.ConnectAsync("atlanta", "test");
        await from.WatchAsync(to.Self, Cancel);
        (await from.Events.ReadAsync(Cancel).AsTask().WaitAsync(LaboratoryWithGateways.Limit, Cancel)).ShouldBeOfType<GatewayEvent.EndpointUp>();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var deliveries = new Deliveries();
        var flow = Task.WhenAll(SendAsync(from, to.Self, stop.Token), deliveries.TakeAsync(to, stop.Token));

        await deliveries.MoreAsync(100, flow);
        await RouteAsync(gateway, _direct);
        var cutAt = Stopwatch.GetTimestamp();
        await laboratory.RunAsync("cut", "wisconsin", "atlanta");
        await RouteAsync(gateway, _around);
        await deliveries.MoreAsync(100, flow);
        (await LinkAsync(gateway)).Connected.ShouldBeFalse();
        TestContext.Current.TestOutputHelper!.WriteLine($"cut: nothing arrived for {deliveries.LongestGapSince(cutAt).TotalMilliseconds:0} ms at most");

        var restoredAt = Stopwatch.GetTimestamp();
        await laboratory.RunAsync("restore", "wisconsin", "atlanta");
        await RouteAsync(gateway, _direct);
        var backAfter = Stopwatch.GetElapsedTime(restoredAt);
        await deliveries.MoreAsync(100, flow);
        (await LinkAsync(gateway)).Connected.ShouldBeTrue();
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"restored: back on the link {backAfter.TotalMilliseconds:0} ms after; nothing arrived for {deliveries.LongestGapSince(restoredAt).TotalMilliseconds:0} ms at most");
        await stop.CancelAsync();
        await flow.WaitAsync(LaboratoryWithGateways.Limit, Cancel);
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

    private static async Task<LinkReport> LinkAsync(GatewayProcess gateway) => (await gateway.ReportsAsync()).Single(static link => link.Peer == "atlanta");

    /// <summary>Waits until merges take a way.</summary>
    private static async Task RouteAsync(GatewayProcess gateway, string[] way)
    {
        var began = Stopwatch.GetTimestamp();
        while (!(await LinkAsync(gateway)).Classes[(int)TrafficClass.Merge].Routes.FirstOrDefault([]).SequenceEqual(way))
        {
            Stopwatch.GetElapsedTime(began).ShouldBeLessThan(LaboratoryWithGateways.Limit, $"until merges go {string.Join('>', way)}: {gateway.Said}");
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

                Stopwatch.GetElapsedTime(began).ShouldBeLessThan(LaboratoryWithGateways.Limit, $"until {messages} more have come");
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
