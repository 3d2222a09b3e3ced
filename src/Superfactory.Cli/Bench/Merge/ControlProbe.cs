using Superfactory.Cli.CommandLine;
using Superfactory.Model.Wan;
using Superfactory.Wan;

namespace Superfactory.Cli.Bench.Merge;

/// <summary>How long messages of class control take from the first island to the second, one at a time, now and then. For one caller.</summary>
internal sealed class ControlProbe : IAsyncDisposable
{
    /// <summary>Messages of a measurement; about four seconds' worth.</summary>
    public const int Messages = 100;

    private const int MessageBytes = 200;
    private const int PauseMilliseconds = 37;

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    private readonly GatewayClient _from;
    private readonly GatewayClient _to;
    private readonly TimeProvider _time;

    private ControlProbe(GatewayClient from, GatewayClient to, TimeProvider time) => (_from, _to, _time) = (from, to, time);

    /// <summary>Connects an endpoint at the first two islands.</summary>
    /// <exception cref="GatewayException">There is no gateway.</exception>
    public static async Task<ControlProbe> JoinAsync(MergeStage stage, TimeProvider time, CancellationToken cancellation)
    {
        var from = await ConnectAsync(stage, stage.Islands[0], cancellation);
        try
        {
            var probe = new ControlProbe(from, await ConnectAsync(stage, stage.Islands[1], cancellation), time);
            await probe.HearAsync(cancellation);
            return probe;
        }
        catch
        {
            await from.DisposeAsync();
            throw;
        }
    }

    /// <summary>Sends <see cref="Messages"/> messages.</summary>
    /// <returns>Milliseconds that each took, in turn.</returns>
    /// <exception cref="BenchException">One did not arrive.</exception>
    public async Task<double[]> MeasureAsync(CancellationToken cancellation)
    {
        var message = new byte[MessageBytes];
        var milliseconds = new double[Messages];
        for (var index = 0; index < Messages; index++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(PauseMilliseconds), _time, cancellation);
            var began = _time.GetTimestamp();
            if (!await _from.SendAsync(_to.Self, TrafficClass.Control, message, default, cancellation))
            {
                throw new BenchException($"A control message cannot be sent: {_to.Self.Site} is not there.", ExitCode.JobFailed);
            }

            await DeliveredAsync(cancellation);
            milliseconds[index] = _time.GetElapsedTime(began).TotalMilliseconds;
        }

        return milliseconds;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _from.DisposeAsync();
        await _to.DisposeAsync();
    }

    private static Task<GatewayClient> ConnectAsync(MergeStage stage, string island, CancellationToken cancellation) =>
        GatewayClient.ConnectAsync(stage.GatewaySocket(island), new EndpointAddress(island, "control"), cancellation);

    // Sending goes by the events that were read, so the other endpoint's coming has to be read first.
    private async Task HearAsync(CancellationToken cancellation)
    {
        await _from.WatchAsync(_to.Self, cancellation);
        try
        {
            while (await _from.Events.ReadAsync(cancellation).AsTask().WaitAsync(_patience, _time, cancellation) is not GatewayEvent.EndpointUp)
            {
            }
        }
        catch (TimeoutException error)
        {
            throw new BenchException($"The gateway of {_from.Self.Site} does not hear of {_to.Self.Site}.", ExitCode.CannotReach, error);
        }
    }

    private async Task DeliveredAsync(CancellationToken cancellation)
    {
        try
        {
            while (true)
            {
                if (await _to.Events.ReadAsync(cancellation).AsTask().WaitAsync(_patience, _time, cancellation) is GatewayEvent.Delivered delivered)
                {
                    delivered.Release();
                    return;
                }
            }
        }
        catch (TimeoutException error)
        {
            throw new BenchException($"A control message did not arrive within {_patience.TotalSeconds:0} s.", ExitCode.JobFailed, error);
        }
    }
}
