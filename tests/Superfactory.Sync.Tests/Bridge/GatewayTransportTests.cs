using System.Diagnostics;
using Superfactory.Model.Agents;
using Superfactory.Sync.Bridge;
using Superfactory.Sync.Bridge.Peers;
using Superfactory.Wan;

namespace Superfactory.Sync.Tests.Bridge;

/// <summary>Bridges whose messages cross real gateways, real sockets in between.</summary>
public sealed class GatewayTransportTests : IAsyncLifetime
{
    private static readonly string[] Islands = ["wisconsin", "atlanta"];

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("sf-");
    private readonly List<Gateway> _gateways = [];

    public async ValueTask InitializeAsync()
    {
        foreach (var island in Islands)
        {
            var gateway = new Gateway(new GatewayOptions { Site = island, SocketPath = Socket(island) });
            _gateways.Add(gateway);
            (await gateway.StartAsync(TestContext.Current.CancellationToken)).ShouldBeNull();
        }

        foreach (var gateway in _gateways)
        {
            gateway.SetPeers([.. Islands.Select((island, place) => new PeerGateway(island, _gateways[place].ListenEndpoint.ToString()))
                .Where((_, place) => _gateways[place] != gateway)]);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var gateway in _gateways)
        {
            await gateway.DisposeAsync();
        }

        _directory.Delete(recursive: true);
    }

    [Fact]
    public async Task Two_islands_merge_across_their_gateways_and_finish()
    {
        await using var bridges = new BridgeHarness(BridgeHarness.Diloco(every: 2, steps: 4), Islands, ConnectAsync);
        using var wisconsin = await JoinAsync(bridges, 0);
        using var atlanta = await JoinAsync(bridges, 1);
        await Task.WhenAll(wisconsin.StartAsync(), atlanta.StartAsync());
        while (!wisconsin.IsFinished)
        {
            wisconsin.Write("local", [.. Enumerable.Range(0, 1_000_000).Select(place => place / 1e6f)]);
            await Task.WhenAll(wisconsin.MergeAsync(100, 250), atlanta.MergeAsync(100, 150));
        }

        var merged = wisconsin.Read("merged", 1_000_000);
        merged.ShouldBe(atlanta.Read("merged", 1_000_000));
        merged.ShouldContain(number => number != 1);
        await Task.WhenAll(wisconsin.FinalizeAsync(), atlanta.FinalizeAsync());
        await Task.WhenAll(wisconsin.FinishAsync(new string('c', 64)), atlanta.FinishAsync(new string('c', 64)));
        wisconsin.Dispose();
        atlanta.Dispose();
        (await bridges.ExitAsync(0)).ShouldBe(0);
        (await bridges.ExitAsync(1)).ShouldBe(0);
    }

    [Fact]
    public async Task A_bridge_whose_gateway_ends_fails_in_a_way_that_a_restart_may_help()
    {
        await using var bridges = new BridgeHarness(BridgeHarness.Diloco(every: 2, steps: 4), Islands, ConnectAsync);
        await bridges.EventAsync<BridgeEvent.Ready>(0);

        await _gateways[0].DisposeAsync();

        (await bridges.ExitAsync(0)).ShouldBe(3);
        var failed = await bridges.EventAsync<BridgeEvent.Failed>(0);
        failed.Retriable.ShouldBeTrue();
        failed.Reason.ShouldStartWith("The site's gateway is gone");
    }

    [Fact]
    public async Task A_gateway_that_is_not_there_is_named_by_its_socket()
    {
        var connecting = () => GatewayPeerTransport.ConnectAsync(Path.Combine(_directory.FullName, "nobody"), 7, "atlanta", 0, TestContext.Current.CancellationToken);

        (await Should.ThrowAsync<PeerTransportException>(connecting)).Message.ShouldContain(Path.Combine(_directory.FullName, "nobody"));
    }

    [Fact]
    public async Task A_paused_bridge_is_gone_for_others_and_comes_back_when_it_runs_although_its_gateway_lived()
    {
        using var paused = Echo("wisconsin", "atlanta");
        await using var atlanta = await ConnectAsync("atlanta");
        await atlanta.WatchAsync("wisconsin", TestContext.Current.CancellationToken);
        await using var events = atlanta.ReadEventsAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        (await NextAsync(events)).ShouldBe(new PeerEvent.Up("wisconsin"));
        await EchoedAsync(atlanta, events, 1);

        Signal(paused, "STOP");

        (await NextAsync(events)).ShouldBe(new PeerEvent.Down("wisconsin"));
        (await atlanta.SendAsync("wisconsin", MessageOrder.Ordered, new byte[1], default, TestContext.Current.CancellationToken)).ShouldBeFalse();
        Signal(paused, "CONT");
        (await NextAsync(events)).ShouldBe(new PeerEvent.Up("wisconsin"));
        await EchoedAsync(atlanta, events, 2);
        await End(paused);
        (await paused.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)).ShouldBe("Up atlanta\nDown atlanta\nUp atlanta\n");
    }

    [Fact]
    public async Task A_bridge_that_works_on_all_its_threads_for_longer_than_a_paused_one_is_believed_is_not_taken_for_paused()
    {
        using var busy = Echo("wisconsin", "atlanta");
        await using var atlanta = await ConnectAsync("atlanta");
        await atlanta.WatchAsync("wisconsin", TestContext.Current.CancellationToken);
        await using var events = atlanta.ReadEventsAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        (await NextAsync(events)).ShouldBe(new PeerEvent.Up("wisconsin"));
        (await busy.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken)).ShouldBe("Up atlanta");

        await busy.StandardInput.WriteLineAsync("busy 4");
        (await busy.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken)).ShouldBe("worked");

        // Whatever was said of it meanwhile would be read before this.
        await EchoedAsync(atlanta, events, 1);
        await End(busy);
    }

    private static async Task<PeerEvent> NextAsync(IAsyncEnumerator<PeerEvent> events)
    {
        (await events.MoveNextAsync().AsTask().WaitAsync(TrainerClient.Patience, TestContext.Current.CancellationToken)).ShouldBeTrue();
        return events.Current;
    }

    private static async Task EchoedAsync(IPeerTransport transport, IAsyncEnumerator<PeerEvent> events, byte content)
    {
        (await transport.SendAsync("wisconsin", MessageOrder.Ordered, new[] { content }, default, TestContext.Current.CancellationToken)).ShouldBeTrue();
        var delivered = (await NextAsync(events)).ShouldBeOfType<PeerEvent.Delivered>();
        delivered.Message.ToArray().ShouldBe([content]);
        delivered.Release?.Invoke();
    }

    private static void Signal(Process process, string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
        kill.ExitCode.ShouldBe(0);
    }

    private static async Task End(Process process)
    {
        process.StandardInput.Close();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TrainerClient.Patience, TestContext.Current.CancellationToken);
        process.ExitCode.ShouldBe(0);
    }

    private Process Echo(string island, string peer) => Process.Start(new ProcessStartInfo(
        Path.Combine(AppContext.BaseDirectory, "Superfactory.Sync.BridgePair"), ["gateway-echo", Socket(island), island, peer])
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
    })!;

    private static async Task<TrainerClient> JoinAsync(BridgeHarness bridges, int place)
    {
        var trainer = await bridges.ConnectAsync(place);
        await trainer.HelloAsync();
        await trainer.RegisterAsync(TrainerClient.Parameter("w", 1000, 1000));
        trainer.Write("local", [.. Enumerable.Repeat(1f, 1_000_000)]);
        return trainer;
    }

    private string Socket(string island) => Path.Combine(_directory.FullName, island);

    private async Task<IPeerTransport> ConnectAsync(string island) =>
        await GatewayPeerTransport.ConnectAsync(Socket(island), 7, island, 0, CancellationToken.None);
}
