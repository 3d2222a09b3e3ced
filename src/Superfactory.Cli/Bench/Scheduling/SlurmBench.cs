using System.Diagnostics;
using System.Globalization;
using Superfactory.Cli.Bench.Merge;
using Superfactory.Model.Fleet;
using Superfactory.Scheduling;
using Superfactory.Scheduling.Quotas;

namespace Superfactory.Cli.Bench.Scheduling;

/// <summary>
/// Gangs of 1 to 64 nodes on 16,000 nodes of four accelerators, as they are measured of cluster schedulers: filled from empty, then steady with completions.
/// </summary>
internal static class SlurmBench
{
    /// <summary>Nodes.</summary>
    public const int Nodes = 16_000;

    /// <summary>Accelerators of a node.</summary>
    public const int PerNode = 4;

    /// <summary>The largest gang, in nodes.</summary>
    public const int GangNodesMax = 64;

    private const int NodesPerRack = 500;

    /// <summary>Measures both lines, one after the other.</summary>
    public static async Task<SlurmReport> RunAsync(int seconds, int seed, Action<string> progress, TimeProvider time, CancellationToken cancellation)
    {
        progress("decisions");
        var decisions = Decide(seconds, seed, cancellation);
        progress("submissions over HTTP to allocations on disk");
        return new SlurmReport
        {
            Nodes = Nodes, AcceleratorsPerNode = PerNode, Seed = seed, Decisions = decisions,
            Durable = await SlurmFactory.MeasureAsync(seconds, seed, time, cancellation), Machine = Machine.Describe(),
        };
    }

    /// <summary>The lines for people.</summary>
    public static IEnumerable<string> Lines(SlurmReport report) =>
    [
        string.Create(CultureInfo.InvariantCulture, $"{report.Nodes:#,0} nodes of {report.AcceleratorsPerNode}, gangs of 1 to {GangNodesMax} nodes"),
        string.Create(CultureInfo.InvariantCulture, $"decisions alone: {report.Decisions.FillPerSecond:#,0} gangs/s from empty, {report.Decisions.SteadyPerSecond:#,0} steady at {report.Decisions.Occupancy[0] * 100:0} to {report.Decisions.Occupancy[1] * 100:0} % busy; each {report.Decisions.DecisionMs.Median:0.000} ms median, {report.Decisions.DecisionMs.P99:0.000} ms p99"),
        string.Create(CultureInfo.InvariantCulture, $"from HTTP to disk: {report.Durable.FillPerSecond:#,0} gangs/s from empty ({report.Durable.FirstFillPerSecond:#,0} just after its start), {report.Durable.GangsPerSecond:#,0} steady over {report.Durable.Seconds:0} s ({report.Durable.Queued} waited); each {report.Durable.SubmitMs.Median:0.0} ms median, {report.Durable.SubmitMs.P99:0.0} ms p99"),
    ];

    private static SlurmDecisions Decide(int seconds, int seed, CancellationToken cancellation)
    {
        var random = new Random(seed);
        var fleet = FleetFile.Parse(
            string.Create(CultureInfo.InvariantCulture, $"name: slurm\nsites:\n  - name: cluster\n    racks: {{hardware: cpu, count: {Nodes / NodesPerRack}, nodes: {NodesPerRack}, slots: {PerNode}}}\n"), null).Value!;
        var state = new FleetState(fleet, QueueTree.Create([new QueueSpecification { Name = "default" }], fleet).Value!);
        var scheduler = new Scheduler(state);
        List<long> running = [];
        List<double> times = [];
        var (jobs, now) = (0L, 1_000_000L);
        bool Start()
        {
            var request = new GangRequest { Job = ++jobs, Queue = "default", Hardware = [HardwareCatalogue.Cpu], AcceleratorsPerIsland = PerNode * (1 + random.Next(GangNodesMax)), SubmittedMilliseconds = ++now };
            var start = Stopwatch.GetTimestamp();
            var started = state.Apply(scheduler.Decide(request, now), now) is not null;
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            if (started)
            {
                running.Add(request.Job);
            }

            return started;
        }

        var begin = Stopwatch.GetTimestamp();
        while (Start())
        {
        }

        var (fill, filled) = (running.Count, Stopwatch.GetElapsedTime(begin).TotalSeconds);
        var (steady, least, most) = (0, 1.0, 0.0);
        times.Clear();
        begin = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(begin).TotalSeconds < seconds)
        {
            cancellation.ThrowIfCancellationRequested();
            var place = random.Next(running.Count);
            state.Stop(running[place]);
            running[place] = running[^1];
            running.RemoveAt(running.Count - 1);
            while (Start())
            {
                steady++;
            }

            var busy = 1 - (state.Free(HardwareCatalogue.Cpu) / (double)(Nodes * PerNode));
            (least, most) = (Math.Min(least, busy), Math.Max(most, busy));
        }

        return new SlurmDecisions(fill, fill / filled, steady, steady / Stopwatch.GetElapsedTime(begin).TotalSeconds, [least, most], Spread.Of(times));
    }
}
