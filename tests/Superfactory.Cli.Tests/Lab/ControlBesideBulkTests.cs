using System.Diagnostics;
using Superfactory.Model.Wan;
using Superfactory.Wan;

namespace Superfactory.Cli.Tests.Lab;

/// <summary>Real gateways in real namespaces, encrypted, with a message of control now and then beside bulk that fills the link.</summary>
public sealed class ControlBesideBulkTests
{
    private const int Messages = 120;
    private const int BulkBytes = 500_000;

    /// <summary>What has to have come for the link to be full and its queue to be steady: about 4 s of it.</summary>
    private const int FilledBytes = 40_000_000;

    private long _taken;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Control_goes_beside_bulk_that_fills_the_link()
    {
        await using var laboratory = await LaboratoryWithGateways.StartAsync(
            $"ctl{Environment.ProcessId}", "sites: [wisconsin, atlanta]\nlinks: [{between: [wisconsin, atlanta], bandwidth: 100mbit, rtt: 20ms}]\n", "wisconsin", "atlanta");
        await using var from = await laboratory.ConnectAsync("wisconsin", "control");
        await using var to = await laboratory.ConnectAsync("atlanta", "control");
        await from.WatchAsync(to.Self, Cancel);
        (await from.Events.ReadAsync(Cancel).AsTask().WaitAsync(LaboratoryWithGateways.Limit, Cancel)).ShouldBeOfType<GatewayEvent.EndpointUp>();
        (await MeasureAsync(from, to, 5)).Length.ShouldBe(5);
        var idle = await MeasureAsync(from, to, Messages);

        await using var bulkFrom = await laboratory.ConnectAsync("wisconsin", "bulk");
        await using var bulkTo = await laboratory.ConnectAsync("atlanta", "bulk");
        await bulkFrom.WatchAsync(bulkTo.Self, Cancel);
        (await bulkFrom.Events.ReadAsync(Cancel).AsTask().WaitAsync(LaboratoryWithGateways.Limit, Cancel)).ShouldBeOfType<GatewayEvent.EndpointUp>();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var bulk = Task.WhenAll(SendAsync(bulkFrom, bulkTo.Self, stop.Token), TakeAsync(bulkTo, stop.Token));
        await FilledAsync(bulk);
        var (taken, began) = (_taken, Stopwatch.GetTimestamp());
        var loaded = await MeasureAsync(from, to, Messages);
        var rate = (_taken - taken) * 8 / Stopwatch.GetElapsedTime(began).TotalSeconds / 1e6;
        var report = (await laboratory["wisconsin"].ReportsAsync()).Single();
        await stop.CancelAsync();
        await bulk.WaitAsync(LaboratoryWithGateways.Limit, Cancel);

        TestContext.Current.TestOutputHelper!.WriteLine(
            $"idle {Text(idle)}; beside bulk of {rate:0.0} Mbit/s {Text(loaded)}; streams {report.Streams}, loss {report.Loss:0.0000}, achievable {report.AchievableBytesPerSecond * 8 / 1e6:0.0} Mbit/s, round trip {report.RoundTripMilliseconds:0.0} ms");
        loaded.Length.ShouldBe(Messages);
        rate.ShouldBeGreaterThan(0);
    }

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
                next = await to.Events.ReadAsync(Cancel).AsTask().WaitAsync(LaboratoryWithGateways.Limit, Cancel);
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

    private async Task FilledAsync(Task bulk)
    {
        var began = Stopwatch.GetTimestamp();
        while (Interlocked.Read(ref _taken) < FilledBytes)
        {
            if (bulk.IsFaulted)
            {
                await bulk;
            }

            Stopwatch.GetElapsedTime(began).ShouldBeLessThan(LaboratoryWithGateways.Limit, "until bulk fills the link");
            await Task.Delay(10, Cancel);
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
