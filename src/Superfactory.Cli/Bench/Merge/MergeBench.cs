using System.Collections.Immutable;
using Superfactory.Cli.CommandLine;
using Superfactory.Model.Jobs;

namespace Superfactory.Cli.Bench.Merge;

/// <summary>One measurement: bridges on a stage, a trainer's stand-in for each, and merges in turn with the peer's. For one run.</summary>
internal sealed class MergeBench
{
    /// <summary>What a merge may take at least, however small it is.</summary>
    private static readonly TimeSpan _limitMin = TimeSpan.FromSeconds(60);

    /// <summary>How many times as long as on a full link a merge may take before it is given up.</summary>
    private const int LimitFactor = 20;

    private readonly MergeBenchOptions _options;
    private readonly MergeStage _stage;
    private readonly TimeProvider _time;
    private readonly Action<string> _say;
    private readonly int[] _sizes;
    private readonly MergeOracle _oracle;
    private readonly List<TrainerStandIn> _trainers = [];
    private readonly List<double> _seconds = [];
    private readonly Dictionary<int, List<double>> _peerSeconds = [];
    private TimeSpan _processorTime;

    /// <summary>A measurement on a stage that is up.</summary>
    /// <param name="options">What is asked for.</param>
    /// <param name="stage">Where.</param>
    /// <param name="time">The clock.</param>
    /// <param name="say">Told how far it is.</param>
    public MergeBench(MergeBenchOptions options, MergeStage stage, TimeProvider time, Action<string> say)
    {
        (_options, _stage, _time, _say) = (options, stage, time, say);
        _sizes = ModelSizes.Of(options.Elements);
        _oracle = new MergeOracle(_sizes, options.Islands, options.Format, stage.ResultFormat);
    }

    /// <summary>Measures.</summary>
    /// <exception cref="BenchException">Something failed, or a result is wrong.</exception>
    public async Task<MergeMeasurement> RunAsync(CancellationToken cancellation)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var measuring = MeasureAsync(ending.Token);
        var failing = _stage.FirstFailureAsync();
        if (await Task.WhenAny(measuring, failing) == failing)
        {
            await ending.CancelAsync();
            await ((Task)measuring).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw await failing;
        }

        return await measuring;
    }

    private async Task<MergeMeasurement> MeasureAsync(CancellationToken cancellation)
    {
        GlooPeer? peer = null;
        BesideBulk? bulk = null;
        try
        {
            foreach (var island in _stage.Islands)
            {
                _trainers.Add(await TrainerStandIn.ConnectAsync(island, _stage.TrainerSocket(island), _sizes, cancellation));
            }

            await Task.WhenAll(_trainers.Select(trainer => trainer.StartAsync(cancellation)));
            if (_options.WithGloo)
            {
                _say("Starting Gloo.");
                peer = await GlooPeer.StartAsync(_stage, _trainers, _stage.Root, _options.Elements, cancellation);
            }

            bulk = _options.WithBulk ? await BesideBulk.JoinAsync(_stage, _time, cancellation) : null;
            for (var merge = 0; merge <= _options.Repeat; merge++)
            {
                await TurnAsync(merge, peer, cancellation);
                if (bulk is not null)
                {
                    await BesideAsync(merge, bulk, cancellation);
                }
            }

            return new MergeMeasurement([.. _seconds], _processorTime, _peerSeconds.ToImmutableSortedDictionary(
                static pair => pair.Key, static pair => pair.Value.ToImmutableArray()))
            {
                Bulk = bulk is null ? null : await bulk.ControlAsync(cancellation),
            };
        }
        finally
        {
            if (bulk is not null)
            {
                await bulk.DisposeAsync();
            }

            if (peer is not null)
            {
                await peer.DisposeAsync();
            }

            foreach (var trainer in _trainers)
            {
                trainer.Dispose();
            }
        }
    }

    /// <summary>One merge of ours and one of the peer's for each number of operations, of the same numbers. The first turn warms up and does not count.</summary>
    private async Task TurnAsync(int merge, GlooPeer? peer, CancellationToken cancellation)
    {
        Fill(merge);
        await _stage.BeforeMergeAsync(merge, cancellation);
        var (seconds, processor) = await MergeAsync(cancellation);
        await _stage.AfterMergeAsync(merge, seconds, cancellation);
        Check($"Merge {merge}");
        var said = Said(merge);
        _say($"{said}: {seconds:0.000} s, processor {processor.TotalSeconds:0.000} s.");
        if (merge > 0)
        {
            _seconds.Add(seconds);
            _processorTime += processor;
        }

        foreach (var operations in peer is null ? [] : GlooPeer.Operations)
        {
            var taken = (await peer!.MergeAsync(operations, _time, cancellation)).TotalSeconds;
            _say($"{said}, Gloo with {operations} at once: {taken:0.000} s.");
            if (merge > 0)
            {
                (_peerSeconds.TryGetValue(operations, out var list) ? list : _peerSeconds[operations] = []).Add(taken);
            }
        }
    }

    /// <summary>One merge beside bulk, of numbers that no other turn has.</summary>
    private async Task BesideAsync(int merge, BesideBulk bulk, CancellationToken cancellation)
    {
        Fill(merge + _options.Repeat + 1);
        var seconds = await bulk.MergeAsync(async ending => (await MergeAsync(ending)).Seconds, counts: merge > 0, cancellation);
        Check($"Merge {merge} beside bulk");
        _say($"{Said(merge)}, beside bulk: {seconds:0.000} s.");
    }

    private string Said(int merge) => merge == 0 ? "Warmed up" : $"Merge {merge} of {_options.Repeat}";

    private void Fill(int turn)
    {
        for (var island = 0; island < _trainers.Count; island++)
        {
            SeededNormals.Fill(_trainers[island].Local, _options.Seed, island, turn);
        }
    }

    private void Check(string what)
    {
        var difference = _oracle.FirstDifference(
            [.. _trainers.Select(trainer => (ReadOnlyMemory<float>)trainer.Local)], [.. _trainers.Select(trainer => (ReadOnlyMemory<float>)trainer.Merged)]);
        if (difference is not null)
        {
            throw new BenchException($"{what} is wrong: {difference}.", ExitCode.JobFailed);
        }
    }

    /// <summary>From the word to the first bridge to the answer of the last: contributions are in shared memory before, results after.</summary>
    private async Task<(double Seconds, TimeSpan Processor)> MergeAsync(CancellationToken cancellation)
    {
        var limit = Limit();
        var processor = ProcessorTime.Of(_stage.Measured);
        var began = _time.GetTimestamp();
        try
        {
            await Task.WhenAll(_trainers.Select(trainer => trainer.MergeAsync(cancellation))).WaitAsync(limit, _time, cancellation);
        }
        catch (TimeoutException error)
        {
            throw new BenchException($"A merge did not end within {limit.TotalSeconds:0} s.", ExitCode.JobFailed, error);
        }

        var seconds = _time.GetElapsedTime(began).TotalSeconds;
        return (seconds, ProcessorTime.Of(_stage.Measured) - processor);
    }

    private TimeSpan Limit()
    {
        var bits = MergeFigures.BitsSent(_options.Islands, _options.Mib, MergeFigures.BitsPerNumber(NumberFormat.Fp32), MergeFigures.BitsPerNumber(NumberFormat.Fp32));
        return _limitMin + (_options.Wan is { } wan ? TimeSpan.FromSeconds(LimitFactor * bits / wan.Rate.BitsPerSecond) : TimeSpan.Zero);
    }
}

/// <summary>What was measured.</summary>
/// <param name="Seconds">Of each merge, in turn.</param>
/// <param name="ProcessorTime">Of all bridges and gateways, in all of them.</param>
/// <param name="PeerSeconds">The peer's, by the number of concurrent operations; empty without a peer.</param>
internal sealed record MergeMeasurement(
    ImmutableArray<double> Seconds, TimeSpan ProcessorTime, ImmutableSortedDictionary<int, ImmutableArray<double>> PeerSeconds)
{
    /// <summary>What was measured beside bulk; null where that was not asked for.</summary>
    public BulkMeasurement? Bulk { get; init; }
}
