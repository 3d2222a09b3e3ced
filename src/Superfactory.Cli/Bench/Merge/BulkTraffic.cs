using System.Collections.Immutable;
using Superfactory.Cli.CommandLine;
using Superfactory.Model.Wan;
using Superfactory.Wan;

namespace Superfactory.Cli.Bench.Merge;

/// <summary>
/// Bulk that fills the links of a stage in both directions: each island sends to the next one, the last to the first, as much as its gateway
/// takes. It can be stopped and begun again. For one caller.
/// </summary>
internal sealed class BulkTraffic : IAsyncDisposable
{
    /// <summary>A message: large enough that a link of a gigabit takes few, within what a gateway takes at once.</summary>
    private const int MessageBytes = 500_000;

    /// <summary>
    /// How long it flows before it counts as steady: at first until the gateways have tried whether another stream carries more, which takes some five
    /// seconds of a full link; afterwards until BBR has found the rate again.
    /// </summary>
    private static readonly TimeSpan _settlingAtFirst = TimeSpan.FromSeconds(9);

    private static readonly TimeSpan _settling = TimeSpan.FromSeconds(2);

    /// <summary>How long the other endpoint may take to be announced, and the last message to arrive.</summary>
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    private readonly TimeProvider _time;
    private readonly List<GatewayClient> _clients = [];
    private readonly List<Task> _receiving = [];
    private readonly List<TaskCompletionSource> _joined = [];
    private ImmutableArray<Task> _sending = [];
    private volatile bool _flows;
    private bool _hasSettled;
    private long _sent;
    private long _taken;

    private BulkTraffic(TimeProvider time) => _time = time;

    /// <summary>Bytes of messages that have arrived so far, at all islands together.</summary>
    public long BytesTaken => Interlocked.Read(ref _taken);

    /// <summary>Connects an endpoint at each island's gateway; nothing flows yet.</summary>
    /// <exception cref="BenchException">The endpoints do not hear of each other.</exception>
    public static async Task<BulkTraffic> JoinAsync(MergeStage stage, TimeProvider time, CancellationToken cancellation)
    {
        var traffic = new BulkTraffic(time);
        try
        {
            foreach (var island in stage.Islands)
            {
                var client = await GatewayClient.ConnectAsync(stage.GatewaySocket(island), AddressAt(island), cancellation);
                traffic._clients.Add(client);
            }

            for (var index = 0; index < traffic._clients.Count; index++)
            {
                await traffic._clients[index].WatchAsync(traffic.Next(index), cancellation);
                var joined = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                traffic._joined.Add(joined);
                traffic._receiving.Add(traffic.ReceiveAsync(traffic._clients[index], traffic.Next(index), joined));
            }

            await Task.WhenAll(traffic._joined.Select(static joined => joined.Task)).WaitAsync(_patience, time, cancellation);
            return traffic;
        }
        catch (Exception error) when (error is TimeoutException or GatewayException)
        {
            await traffic.DisposeAsync();
            throw new BenchException($"Bulk beside the merges cannot begin: {error.Message}", ExitCode.CannotReach, error);
        }
        catch
        {
            await traffic.DisposeAsync();
            throw;
        }
    }

    /// <summary>Lets it flow, until the links are full and steady.</summary>
    public async Task BeginAsync(CancellationToken cancellation)
    {
        _flows = true;
        _sending = [.. _clients.Select((client, index) => SendAsync(client, Next(index), cancellation))];
        await Task.WhenAny([.. _sending, Task.Delay(_hasSettled ? _settling : _settlingAtFirst, _time, cancellation)]);
        await ThrowIfEndedAsync(cancellation);
        _hasSettled = true;
    }

    /// <summary>Stops it, and waits until nothing of it is under way.</summary>
    public async Task EndAsync(CancellationToken cancellation)
    {
        _flows = false;
        await Task.WhenAll(_sending).WaitAsync(_patience, _time, cancellation);
        var began = _time.GetTimestamp();
        while (BytesTaken < Interlocked.Read(ref _sent))
        {
            if (_time.GetElapsedTime(began) > _patience)
            {
                throw new BenchException($"Bulk did not arrive within {_patience.TotalSeconds:0} s.", ExitCode.JobFailed);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(10), _time, cancellation);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _flows = false;
        foreach (var client in _clients)
        {
            await client.DisposeAsync();
        }

        await Task.WhenAll([.. _sending, .. _receiving]).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static EndpointAddress AddressAt(string island) => new(island, "bulk");

    private EndpointAddress Next(int index) => _clients[(index + 1) % _clients.Count].Self;

    private async Task SendAsync(GatewayClient from, EndpointAddress to, CancellationToken cancellation)
    {
        var message = new byte[MessageBytes];
        while (_flows)
        {
            if (!await from.SendAsync(to, TrafficClass.Bulk, MessageOrder.Unordered, message, default, cancellation))
            {
                throw new BenchException($"Bulk from {from.Self.Site} ended: {to.Site} is gone.", ExitCode.JobFailed);
            }

            Interlocked.Add(ref _sent, MessageBytes);
        }
    }

    private async Task ReceiveAsync(GatewayClient client, EndpointAddress next, TaskCompletionSource joined)
    {
        await foreach (var happened in client.Events.ReadAllAsync())
        {
            switch (happened)
            {
                case GatewayEvent.EndpointUp up when up.Address == next:
                    joined.TrySetResult();
                    break;
                case GatewayEvent.Delivered delivered:
                    Interlocked.Add(ref _taken, delivered.Message.Length);
                    delivered.Release();
                    break;
            }
        }
    }

    private async Task ThrowIfEndedAsync(CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        foreach (var sending in _sending.Where(static sending => sending.IsFaulted))
        {
            await sending;
        }
    }
}
