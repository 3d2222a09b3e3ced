using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using Superfactory.Cli.Api;
using Superfactory.Cli.Bench.Merge;
using Superfactory.Cli.CommandLine;
using Superfactory.Cli.Factory;
using Superfactory.Model;
using Superfactory.Model.Agents;
using Superfactory.Model.Views;

namespace Superfactory.Cli.Bench.Scheduling;

/// <summary>
/// A control plane as <c>superfactory control</c> runs it, a process of its own with HTTP on loopback and its journal on disk, and agents that only say what
/// real ones would: that they are there, and that gangs have finished. Safe for the threads of one measurement.
/// </summary>
internal sealed class SlurmFactory : IDisposable
{
    private const int Sites = 16;
    private const int Submitters = 128;

    // A gang of any size finds a site with room for it below this; above it gangs end before more are submitted.
    private const double BusyMost = 0.93;

    private const int SlotsPerSite = SlurmBench.Nodes * SlurmBench.PerNode / Sites;

    // Fillings from empty: the first has the control plane compile itself, and is told apart.
    private const int Fills = 4;
    private static readonly TimeSpan _reportEvery = TimeSpan.FromMilliseconds(100);

    private readonly ControlClient _control;
    private readonly HttpClient _agents;
    private readonly TimeProvider _time;
    private readonly ConcurrentQueue<Gang>[] _running;
    private readonly Lock _counts = new();
    private readonly List<double> _times = [];
    private long _busy;
    private int _allocated, _queued, _submitting, _ending;
    private volatile Phase _phase = Phase.Emptying;

    private SlurmFactory(Uri address, TimeProvider time)
    {
        (_control, _time) = (new ControlClient(address), time);
        _agents = new HttpClient { BaseAddress = address };
        _running = [.. Enumerable.Range(0, Sites).Select(static _ => new ConcurrentQueue<Gang>())];
    }

    private double Busy => Volatile.Read(ref _busy) / (double)(Sites * SlotsPerSite);

    /// <summary>Measures from an empty fleet to a full one, and then so many seconds more.</summary>
    /// <exception cref="BenchException">The control plane cannot be started, or refuses.</exception>
    public static async Task<SlurmDurable> MeasureAsync(int seconds, int seed, TimeProvider time, CancellationToken cancellation)
    {
        var directory = Directory.CreateTempSubdirectory("superfactory-slurm-");
        try
        {
            var options = new LocalFactoryOptions { Listen = "127.0.0.1:0", StateDirectory = directory.FullName, DataDirectory = directory.FullName, Sites = [], Wan = "none", InsecureWan = true };
            var started = await LocalFactory.StartAsync(options, time, cancellation);
            if (!started.Succeeded)
            {
                throw new BenchException(started.Problems[0].ToString(), started.ExitCode);
            }

            await using var factory = started.Value;
            using var stage = new SlurmFactory(factory.Control.Address, time);
            return await stage.MeasureAsync(seconds, seed, cancellation);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _control.Dispose();
        _agents.Dispose();
    }

    private static string Session(int site) => $"bench-{Site(site)}";

    private static string Site(int site) => string.Create(CultureInfo.InvariantCulture, $"cluster-{site:00}");

    private static string JobFile(int nodes) => string.Create(
        CultureInfo.InvariantCulture, $"name: gang\nsites: 1\naccelerators: {nodes * SlurmBench.PerNode}\ncommand: [\"true\"]\nsync: {{mode: diloco, every: 1}}\nbudget: {{steps: 1}}\n");

    private async Task<SlurmDurable> MeasureAsync(int seconds, int seed, CancellationToken cancellation)
    {
        for (var site = 0; site < Sites; site++)
        {
            await JoinAsync(site, cancellation);
        }

        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var reporting = Enumerable.Range(0, Sites).Select(site => ReportAsync(site, ending.Token)).ToArray();
        var submitting = Enumerable.Range(0, Submitters).Select(submitter => SubmitAsync(new Random(unchecked((seed * Submitters) + submitter)), ending.Token)).ToArray();
        var all = Task.WhenAll([.. reporting, .. submitting]);
        var cold = await FillAsync(all, cancellation);
        var (filled, filling) = (0, 0.0);
        for (var again = 1; again < Fills && !all.IsCompleted; again++)
        {
            await EmptyAsync(all, cancellation);
            var warm = await FillAsync(all, cancellation);
            (filled, filling) = (filled + warm.Gangs, filling + warm.Seconds);
        }

        _phase = Phase.Steady;
        lock (_counts)
        {
            _times.Clear();
        }

        var begin = Stopwatch.GetTimestamp();
        var fill = Volatile.Read(ref _allocated);
        var queued = Volatile.Read(ref _queued);
        await Task.WhenAny(all, Task.Delay(TimeSpan.FromSeconds(seconds), _time, cancellation));
        var (gangs, waited, elapsed) = (Volatile.Read(ref _allocated) - fill, Volatile.Read(ref _queued) - queued, Stopwatch.GetElapsedTime(begin).TotalSeconds);
        await ending.CancelAsync();
        await all.WaitAsync(cancellation);
        return new SlurmDurable(Sites, Submitters, filled, filled / filling, cold.Gangs / cold.Seconds, elapsed, gangs, gangs / elapsed, waited, Spread.Of(_times));
    }

    /// <summary>Fills the fleet, which is empty.</summary>
    /// <returns>How many gangs were allocated, and in how many seconds.</returns>
    private async Task<(int Gangs, double Seconds)> FillAsync(Task all, CancellationToken cancellation)
    {
        var (before, begin) = (Volatile.Read(ref _allocated), Stopwatch.GetTimestamp());
        _phase = Phase.Filling;
        while (Busy < BusyMost && !all.IsCompleted)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(1), _time, cancellation);
        }

        return (Volatile.Read(ref _allocated) - before, Stopwatch.GetElapsedTime(begin).TotalSeconds);
    }

    /// <summary>Lets every gang end, with nothing submitted meanwhile.</summary>
    private async Task EmptyAsync(Task all, CancellationToken cancellation)
    {
        _phase = Phase.Emptying;
        while ((Volatile.Read(ref _submitting) > 0 || _running.Any(static site => !site.IsEmpty) || Volatile.Read(ref _ending) > 0) && !all.IsCompleted)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(1), _time, cancellation);
        }
    }

    private async Task JoinAsync(int site, CancellationToken cancellation)
    {
        var hello = new AgentHello
        {
            Protocol = FactoryJson.ProtocolVersion, Session = Session(site), Host = Environment.MachineName, ProcessId = Environment.ProcessId,
            Gateway = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{20_000 + site}"), Slots = SlotsPerSite, Version = "bench",
        };
        using var answer = await _agents.PostAsJsonAsync($"v1/agents/{Site(site)}/session", hello, FactoryJson.Options, cancellation);
        await CheckAsync(answer, cancellation);
    }

    private static async Task CheckAsync(HttpResponseMessage answer, CancellationToken cancellation)
    {
        if (!answer.IsSuccessStatusCode)
        {
            throw new BenchException($"The control plane answered {(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync(cancellation)}", ExitCode.CannotReach);
        }
    }

    /// <summary>Submits gangs of random sizes one after another while there is room.</summary>
    private async Task SubmitAsync(Random random, CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            if (Busy >= BusyMost || _phase == Phase.Emptying)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(1), _time, CancellationToken.None);
                continue;
            }

            Interlocked.Increment(ref _submitting);
            var nodes = 1 + random.Next(SlurmBench.GangNodesMax);
            Interlocked.Add(ref _busy, nodes * SlurmBench.PerNode);
            var start = Stopwatch.GetTimestamp();
            var answer = await _control.SubmitAsync("gang.yaml", null, JobFile(nodes), CancellationToken.None);
            if (!answer.Succeeded)
            {
                throw new BenchException(answer.Problems[0].ToString(), ExitCode.CannotReach);
            }

            Count(answer.Value, nodes, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            Interlocked.Decrement(ref _submitting);
        }
    }

    private void Count(JobView job, int nodes, double milliseconds)
    {
        if (job.Islands.Length == 0)
        {
            // It is cancelled by nobody and starts when there is room; its end is not reported, so the accelerators stay counted as busy.
            Interlocked.Increment(ref _queued);
            return;
        }

        Interlocked.Increment(ref _allocated);
        var site = int.Parse(job.Islands[0].Site.AsSpan("cluster-".Length), CultureInfo.InvariantCulture);
        _running[site].Enqueue(new Gang(job.Id, nodes * SlurmBench.PerNode));
        lock (_counts)
        {
            _times.Add(milliseconds);
        }
    }

    /// <summary>Says that a site is there, and once the fleet is full that the older half of its gangs has finished.</summary>
    private async Task ReportAsync(int site, CancellationToken cancellation)
    {
        for (var number = 1L; !cancellation.IsCancellationRequested; number++)
        {
            List<Gang> finished = [];
            var phase = _phase;
            Interlocked.Increment(ref _ending);
            for (var left = phase == Phase.Emptying ? int.MaxValue : phase == Phase.Steady && Busy >= BusyMost * 0.9 ? (_running[site].Count + 1) / 2 : 0; left > 0 && _running[site].TryDequeue(out var gang); left--)
            {
                finished.Add(gang);
            }

            var report = new AgentReport { Session = Session(site), Number = number, Gangs = [.. finished.Select(static gang => Finished(gang.Job))] };
            using var answer = await _agents.PostAsJsonAsync($"v1/agents/{Site(site)}/report", report, FactoryJson.Options, CancellationToken.None);
            await CheckAsync(answer, CancellationToken.None);
            Interlocked.Add(ref _busy, -finished.Sum(static gang => (long)gang.Slots));
            Interlocked.Decrement(ref _ending);
            await Task.Delay(_reportEvery, _time, CancellationToken.None);
        }
    }

    private static GangReport Finished(long job) => new()
    {
        Job = job, Incarnation = 1, State = GangState.Finished,
        Result = new IslandResult { ParametersSha256 = "00", Steps = 1, Tokens = 1, TrainingSeconds = 1, WallSeconds = 1, Rounds = 1, ParameterBytes = 4 },
    };

    /// <summary>What the fleet does: fills, without an end of a gang; empties, without a submission; or goes on with both.</summary>
    private enum Phase
    {
        Filling,
        Emptying,
        Steady,
    }

    private sealed record Gang(long Job, int Slots);
}
