using System.Collections.Immutable;

namespace Superfactory.Cli.Bench.Merge;

/// <summary>What merges and control messages take while bulk fills the links, and control messages without it. For one measurement.</summary>
internal sealed class BesideBulk : IAsyncDisposable
{
    private readonly BulkTraffic _traffic;
    private readonly ControlProbe _probe;
    private readonly TimeProvider _time;
    private readonly int _islands;
    private readonly List<double> _seconds = [];
    private readonly List<double> _bulk = [];

    private BesideBulk(BulkTraffic traffic, ControlProbe probe, TimeProvider time, int islands) => (_traffic, _probe, _time, _islands) = (traffic, probe, time, islands);

    /// <summary>Connects to the gateways of a stage; nothing flows yet.</summary>
    /// <exception cref="BenchException">A gateway does not take it.</exception>
    public static async Task<BesideBulk> JoinAsync(MergeStage stage, TimeProvider time, CancellationToken cancellation)
    {
        var traffic = await BulkTraffic.JoinAsync(stage, time, cancellation);
        try
        {
            return new BesideBulk(traffic, await ControlProbe.JoinAsync(stage, time, cancellation), time, stage.Islands.Length);
        }
        catch
        {
            await traffic.DisposeAsync();
            throw;
        }
    }

    /// <summary>Makes a merge while bulk flows.</summary>
    /// <param name="merge">Makes it and tells how many seconds it took.</param>
    /// <param name="counts">Whether it counts; the first one warms up.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The seconds.</returns>
    public async Task<double> MergeAsync(Func<CancellationToken, Task<double>> merge, bool counts, CancellationToken cancellation)
    {
        await _traffic.BeginAsync(cancellation);
        var taken = _traffic.BytesTaken;
        var seconds = await merge(cancellation);
        var bulk = (_traffic.BytesTaken - taken) * 8 / seconds / _islands;
        await _traffic.EndAsync(cancellation);
        if (counts)
        {
            _seconds.Add(seconds);
            _bulk.Add(bulk);
        }

        return seconds;
    }

    /// <summary>Times control messages on the idle links and beside bulk, after all merges.</summary>
    public async Task<BulkMeasurement> ControlAsync(CancellationToken cancellation)
    {
        var idle = await _probe.MeasureAsync(cancellation);
        await _traffic.BeginAsync(cancellation);
        var (taken, began) = (_traffic.BytesTaken, _time.GetTimestamp());
        var beside = await _probe.MeasureAsync(cancellation);
        var rate = (_traffic.BytesTaken - taken) * 8 / _time.GetElapsedTime(began).TotalSeconds / _islands;
        await _traffic.EndAsync(cancellation);
        return new BulkMeasurement([.. _seconds], [.. _bulk], [.. idle], [.. beside], rate);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _probe.DisposeAsync();
        await _traffic.DisposeAsync();
    }
}

/// <summary>What was measured beside bulk.</summary>
/// <param name="Seconds">Of each merge, in turn.</param>
/// <param name="BulkBesideMerges">What each link carried of bulk in a direction during each of these merges, bits of payload per second.</param>
/// <param name="ControlIdle">Milliseconds of control messages on idle links.</param>
/// <param name="ControlBeside">Milliseconds of control messages beside bulk.</param>
/// <param name="BulkBitsPerSecond">What each link carried of bulk in a direction meanwhile, without any header.</param>
internal sealed record BulkMeasurement(
    ImmutableArray<double> Seconds, ImmutableArray<double> BulkBesideMerges, ImmutableArray<double> ControlIdle, ImmutableArray<double> ControlBeside, double BulkBitsPerSecond);
