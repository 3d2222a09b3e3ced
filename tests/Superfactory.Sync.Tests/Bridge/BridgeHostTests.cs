using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Superfactory.Model.Agents;
using Superfactory.Sync.Bridge;
using Superfactory.Sync.Bridge.Peers;
using Superfactory.Wan;

namespace Superfactory.Sync.Tests.Bridge;

/// <summary>How a bridge ends when what it stands on gives way.</summary>
public sealed class BridgeHostTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("sf-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task A_failure_is_said_before_anything_is_taken_down()
    {
        var said = new TaskCompletionSource<BridgeEvent>(TaskCreationOptions.RunContinuationsAsynchronously);
        var saidInTime = false;
        var transport = new BrokenTransport(async () =>
        {
            await said.Task.WaitAsync(TrainerClient.Patience, TestContext.Current.CancellationToken);
            saidInTime = true;
        });
        using var host = Host(transport, happened => _ = happened is BridgeEvent.Failed && said.TrySetResult(happened));

        (await host.RunAsync(TestContext.Current.CancellationToken)).ShouldBe(3);

        saidInTime.ShouldBeTrue();
        (await said.Task).ShouldBe(new BridgeEvent.Failed("The network is gone.", Retriable: true));
    }

    [Fact]
    public async Task A_bridge_that_nobody_listens_to_any_more_ends()
    {
        using var host = Host(new QuietTransport(), _ => throw new IOException("The reader is gone."));

        await Should.ThrowAsync<IOException>(() => host.RunAsync(TestContext.Current.CancellationToken));

        Directory.EnumerateFiles(_directory.FullName).ShouldBeEmpty();
    }

    private BridgeHost Host(IPeerTransport transport, Action<BridgeEvent> emit)
    {
        var configuration = new BridgeConfiguration
        {
            Job = 7,
            Island = "atlanta",
            Epoch = new RunEpoch { Number = 1, Members = [new RunMember("wisconsin", 1), new RunMember("atlanta", 1)] },
            Specification = BridgeHarness.Diloco(every: 2, steps: 4),
            TrainerSocket = Path.Combine(_directory.FullName, "trainer"),
            GatewaySocket = "unused",
            ArenaDirectory = _directory.FullName,
            GangDirectory = _directory.FullName,
        };
        var commands = Channel.CreateUnbounded<BridgeCommand>();
        return new BridgeHost(
            configuration,
            transport,
            commands.Reader,
            (happened, _) =>
            {
                emit(happened);
                return ValueTask.CompletedTask;
            },
            TimeProvider.System);
    }

    private class QuietTransport : IPeerTransport
    {
        public ValueTask WatchAsync(string island, CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask<bool> SendAsync(string island, MessageOrder order, ReadOnlyMemory<byte> header, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken) =>
            ValueTask.FromResult(false);

        public virtual async IAsyncEnumerable<PeerEvent> ReadEventsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            yield break;
        }

        public virtual ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private sealed class BrokenTransport(Func<Task> dispose) : QuietTransport
    {
        public override IAsyncEnumerable<PeerEvent> ReadEventsAsync(CancellationToken cancellationToken) =>
            throw new PeerTransportException("The network is gone.");

        public override async ValueTask DisposeAsync()
        {
            await dispose();
            await base.DisposeAsync();
        }
    }
}
