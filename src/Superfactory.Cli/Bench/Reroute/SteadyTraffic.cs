using System.Buffers.Binary;
using Superfactory.Cli.Bench.Merge;
using Superfactory.Cli.CommandLine;
using Superfactory.Model.Wan;
using Superfactory.Wan;

namespace Superfactory.Cli.Bench.Reroute;

/// <summary>Ordered messages of class merge from one island to another at a steady rate, each with the time at which it was sent. For one caller.</summary>
internal sealed class SteadyTraffic : IAsyncDisposable
{
    /// <summary>A message.</summary>
    public const int MessageBytes = 20_000;

    /// <summary>Messages a second: 32 Mbit/s, more than nothing and less than a link of 100 Mbit/s.</summary>
    public const int MessagesPerSecond = 200;

    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(1.0 / MessagesPerSecond);
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    private readonly GatewayClient _from;
    private readonly GatewayClient _to;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private Task _flow = Task.CompletedTask;
    private long _since = long.MaxValue;
    private TaskCompletionSource<long> _arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private SteadyTraffic(GatewayClient from, GatewayClient to, TimeProvider time) => (_from, _to, _time) = (from, to, time);

    /// <summary>Lets it flow from the first island to the second.</summary>
    /// <exception cref="BenchException">The endpoints do not hear of each other.</exception>
    public static async Task<SteadyTraffic> BeginAsync(MergeStage stage, TimeProvider time, CancellationToken cancellation)
    {
        var from = await ConnectAsync(stage, stage.Islands[0], cancellation);
        SteadyTraffic traffic;
        try
        {
            traffic = new SteadyTraffic(from, await ConnectAsync(stage, stage.Islands[1], cancellation), time);
        }
        catch
        {
            await from.DisposeAsync();
            throw;
        }

        try
        {
            await from.WatchAsync(traffic._to.Self, cancellation);
            while (await from.Events.ReadAsync(cancellation).AsTask().WaitAsync(_patience, time, cancellation) is not GatewayEvent.EndpointUp)
            {
            }
        }
        catch (Exception error) when (error is TimeoutException or GatewayException)
        {
            await traffic.DisposeAsync();
            throw new BenchException($"Traffic cannot begin: {error.Message}", ExitCode.CannotReach, error);
        }

        traffic._flow = Task.WhenAll(traffic.SendAsync(), traffic.TakeAsync());
        return traffic;
    }

    /// <summary>Waits for a message that is sent from now on.</summary>
    /// <returns>When it arrived, by the clock's time stamps.</returns>
    /// <exception cref="BenchException">None came.</exception>
    public async Task<long> NextAsync(CancellationToken cancellation)
    {
        Task<long> arrived;
        lock (_gate)
        {
            _since = _time.GetTimestamp();
            _arrived = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
            arrived = _arrived.Task;
        }

        try
        {
            await Task.WhenAny(arrived, _flow).WaitAsync(_patience, _time, cancellation);
        }
        catch (TimeoutException error)
        {
            throw new BenchException($"Nothing arrived for {_patience.TotalSeconds:0} s.", ExitCode.JobFailed, error);
        }

        if (!arrived.IsCompleted)
        {
            await _flow;
        }

        return await arrived;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _from.DisposeAsync();
        await _to.DisposeAsync();
        await _flow.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private static Task<GatewayClient> ConnectAsync(MergeStage stage, string island, CancellationToken cancellation) =>
        GatewayClient.ConnectAsync(stage.GatewaySocket(island), new EndpointAddress(island, "traffic"), cancellation);

    private async Task SendAsync()
    {
        var message = new byte[MessageBytes];
        while (true)
        {
            BinaryPrimitives.WriteInt64LittleEndian(message, _time.GetTimestamp());
            if (!await _from.SendAsync(_to.Self, TrafficClass.Merge, message, default, _stop.Token))
            {
                throw new BenchException($"Traffic ended: {_to.Self.Site} is gone.", ExitCode.JobFailed);
            }

            await Task.Delay(_pause, _time, _stop.Token);
        }
    }

    private async Task TakeAsync()
    {
        await foreach (var happened in _to.Events.ReadAllAsync(_stop.Token))
        {
            if (happened is not GatewayEvent.Delivered delivered)
            {
                continue;
            }

            var sentAt = BinaryPrimitives.ReadInt64LittleEndian(delivered.Message.Span);
            delivered.Release();
            lock (_gate)
            {
                if (sentAt >= _since)
                {
                    _since = long.MaxValue;
                    _arrived.TrySetResult(_time.GetTimestamp());
                }
            }
        }
    }
}
