using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Superfactory.Model.Agents;
using Superfactory.Model.Wan;
using Superfactory.Wan;

namespace Superfactory.Cli.Tests.Lab;

/// <summary>Real gateways of which one is paused in the middle of a chunk.</summary>
public sealed partial class PausedPeerTests
{
    /// <summary>The longest message, which takes 0.4 s on these links: with several on their way one is under way whenever the peer is paused.</summary>
    private const int MessageBytes = 1_000_000;

    private const int Messages = 6;

    private const string Topology = """
        sites: [wisconsin, atlanta, iowa]
        links:
          - {between: [wisconsin, atlanta], bandwidth: 20mbit, rtt: 10ms}
          - {between: [wisconsin, iowa], bandwidth: 20mbit, rtt: 10ms}
        """;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Peer_that_is_paused_in_the_middle_of_a_chunk_is_known_within_three_seconds_others_go_on_and_nothing_is_lost()
    {
        await using var laboratory = await LaboratoryWithGateways.StartAsync($"pause{Environment.ProcessId}", Topology, "wisconsin", "atlanta", "iowa");
        var (gateway, paused) = (laboratory["wisconsin"], laboratory["atlanta"]);
        await using var from = await laboratory.ConnectAsync("wisconsin", "test");
        await using var to = await laboratory.ConnectAsync("atlanta", "test");
        await using var beside = await laboratory.ConnectAsync("iowa", "test");
        await from.WatchAsync(to.Self, Cancel);
        await from.WatchAsync(beside.Self, Cancel);
        await NextAsync<GatewayEvent.EndpointUp>(from);
        await NextAsync<GatewayEvent.EndpointUp>(from);

        for (var number = 0; number < Messages; number++)
        {
            await SendAsync(from, to, number);
        }

        (await TakeAsync(to)).ShouldBe(0);
        await paused.SignalAsync("STOP");
        var began = Stopwatch.GetTimestamp();
        try
        {
            (await LinkAsync(gateway)).Classes[(int)TrafficClass.Merge].InFlightBytes.ShouldBeGreaterThan(0);
            await UntilAsync(gateway, static link => !link.Connected);
            TestContext.Current.TestOutputHelper!.WriteLine($"suspected {Stopwatch.GetElapsedTime(began).TotalSeconds:0.00} s after it was paused");
            await UntilAsync(gateway, static link => link.Streams == 0);
            TestContext.Current.TestOutputHelper!.WriteLine($"given up {Stopwatch.GetElapsedTime(began).TotalSeconds:0.00} s after it was paused");

            // By the gateway's own clock: what the machine takes to run this test is not in it.
            var silence = Silence().Match(gateway.Said);
            silence.Success.ShouldBeTrue(gateway.Said);
            double.Parse(silence.Groups[1].Value, CultureInfo.InvariantCulture).ShouldBeInRange(2.5, 3);

            await SendAsync(from, beside, 77);
            (await TakeAsync(beside)).ShouldBe(77);
        }
        finally
        {
            await paused.SignalAsync("CONT");
        }

        for (var number = 1; number < Messages; number++)
        {
            (await TakeAsync(to)).ShouldBe(number);
        }

        await UntilAsync(gateway, static link => link.Connected);
    }

    [GeneratedRegex(@"the other side said nothing for ([0-9.]+) s")]
    private static partial Regex Silence();

    private static async Task SendAsync(GatewayClient from, GatewayClient to, int number)
    {
        var message = new byte[MessageBytes];
        BinaryPrimitives.WriteInt32LittleEndian(message, number);
        (await from.SendAsync(to.Self, TrafficClass.Merge, message, default, Cancel)).ShouldBeTrue();
    }

    private static async Task<int> TakeAsync(GatewayClient client)
    {
        var delivered = await NextAsync<GatewayEvent.Delivered>(client);
        delivered.Message.Length.ShouldBe(MessageBytes);
        var number = BinaryPrimitives.ReadInt32LittleEndian(delivered.Message.Span);
        delivered.Release();
        return number;
    }

    private static async Task<T> NextAsync<T>(GatewayClient client)
        where T : GatewayEvent
    {
        while (true)
        {
            if (await client.Events.ReadAsync(Cancel).AsTask().WaitAsync(LaboratoryWithGateways.Limit, Cancel) is T next)
            {
                return next;
            }
        }
    }

    private static async Task<LinkReport> LinkAsync(GatewayProcess gateway) => (await gateway.ReportsAsync()).Single(static link => link.Peer == "atlanta");

    private static async Task UntilAsync(GatewayProcess gateway, Func<LinkReport, bool> condition)
    {
        var began = Stopwatch.GetTimestamp();
        while (!condition(await LinkAsync(gateway)))
        {
            Stopwatch.GetElapsedTime(began).ShouldBeLessThan(LaboratoryWithGateways.Limit, gateway.Said);
            await Task.Delay(10, Cancel);
        }
    }
}
