using System.CommandLine;
using System.Globalization;
using Superfactory.Cli.Bench.Merge;
using Superfactory.Cli.CommandLine;

namespace Superfactory.Cli.Bench.Scheduling;

/// <summary><c>superfactory bench schedule</c>: how quick the scheduler is.</summary>
internal static class ScheduleBenchCommand
{
    private const string Fleet = "fleet", Slurm = "slurm";
    private const long AcceleratorsMin = 40_000, AcceleratorsMax = 4_000_000;

    /// <summary>Makes the command.</summary>
    public static Command Create(Terminal terminal)
    {
        var accelerators = Settings.Whole("--accelerators", "Accelerators of the fleet, spares included.", AcceleratorsMin, AcceleratorsMax, 320_112);
        var churn = Settings.Whole("--churn", "Starts and ends before anything is measured.", 1000, 10_000_000, 200_000);
        var jobs = Settings.Whole("--jobs", "Jobs that wait while rounds are measured.", 1000, 1_000_000, 50_000);
        var seconds = Settings.Whole("--seconds", "How long placements are sustained.", 1, 3600, 60);
        var seed = Settings.Whole("--seed", "The seed of the jobs that come and go.", 0, int.MaxValue / 2, 1);
        var scenario = new Option<string>("--scenario") { Description = "What is measured: fleet, or slurm (16,000 nodes of 4, gangs of 1 to 64 nodes).", DefaultValueFactory = static _ => Fleet };
        scenario.AcceptOnlyFromAmong(Fleet, Slurm);
        var timed = new Option<bool>("--durations") { Description = "Jobs of the backlog say how long they run, so that starts are reserved." };
        var json = Settings.Text("--json", "FILE", "Write the report to this file as JSON.");
        var command = new Command("schedule", "Measure how quickly the scheduler places gangs and jobs.") { scenario, accelerators, churn, jobs, seconds, seed, timed, json };
        command.SetAction((parsed, cancellation) => parsed.GetValue(scenario) == Slurm
            ? RunAsync(terminal, parsed.GetValue(json), progress => SlurmBench.RunAsync((int)parsed.GetValue(seconds), (int)parsed.GetValue(seed), progress, terminal.Time, cancellation), SlurmBench.Lines)
            : RunAsync(terminal, parsed.GetValue(json), progress => Task.Run(
                () => ScheduleBench.Run(
                    parsed.GetValue(accelerators), (int)parsed.GetValue(churn), (int)parsed.GetValue(jobs), (int)parsed.GetValue(seconds), (int)parsed.GetValue(seed), parsed.GetValue(timed), progress, cancellation),
                cancellation), Lines));
        return command;
    }

    private static async Task<int> RunAsync<T>(Terminal terminal, string? file, Func<Action<string>, Task<T>> measure, Func<T, IEnumerable<string>> lines)
    {
        if (ReportFile.Check(file) is { } problem)
        {
            return terminal.Fail([problem], ExitCode.BadInput);
        }

        try
        {
            var report = await measure(what => terminal.ErrorLine($"measuring {what}"));
            ReportFile.Write(file, report);
            foreach (var line in lines(report))
            {
                terminal.Line(line);
            }

            return ExitCode.Done;
        }
        catch (BenchException exception)
        {
            return terminal.Fail(exception.Message, exception.ExitCode);
        }
    }

    private static IEnumerable<string> Lines(ScheduleReport report) =>
    [
        string.Create(CultureInfo.InvariantCulture, $"{report.Accelerators:#,0} accelerators, {report.Schedulable:#,0} schedulable, after a churn of {report.Churn:#,0}"),
        string.Create(CultureInfo.InvariantCulture, $"gang of {report.GangAccelerators:#,0}: {report.GangMs!.Median:0.00} ms median, {report.GangMs.P99:0.00} ms p99, at least {report.CleanRacksMin} clean racks a site"),
        string.Create(CultureInfo.InvariantCulture, $"with {report.VictimsMedian} victims: {report.GangPreemptingMs!.Median:0.00} ms median, {report.GangPreemptingMs.P99:0.00} ms p99"),
        string.Create(CultureInfo.InvariantCulture, $"{report.Jobs:#,0} wait in {report.Queues} queues: cold round {report.RoundColdMs!.Median:0.00} ms median, {report.RoundColdMs!.P99:0.00} ms p99; after an event {report.RoundAfterEventMs!.Median:0.00} and {report.RoundAfterEventMs!.P99:0.00} ms"),
        string.Create(CultureInfo.InvariantCulture, $"lost node: {report.EventMs!.Median:0.00} ms median, {report.EventMs!.P99:0.00} ms p99 until its jobs are decided on ({report.LossesWithoutSpare} of {report.EventMs!.Samples:#,0} without a spare); steps {report.StepMs!.P99:0.00} ms p99, {report.StepMs!.Max:0.00} ms at most"),
        string.Create(CultureInfo.InvariantCulture, $"{report.ReservedStarts} starts reserved; {report.SlowSteps.Count} of {report.StepMs.Samples:#,0} steps over 3 ms, the collector in {report.SlowSteps.Paused} of them: {report.SlowSteps.PauseMsMax:0.00} ms of a step at most, the rest of a step {report.SlowSteps.OwnMsMax:0.00} ms at most"),
        string.Create(CultureInfo.InvariantCulture, $"placements: {report.PlacementsPerSecond:#,0}/s over {report.Seconds:0} s at {report.Occupancy[0] * 100:0.0} to {report.Occupancy[1] * 100:0.0} % busy"),
        string.Create(CultureInfo.InvariantCulture, $"scaling {report.Scaling:0.00}, {report.MemoryMb:0} MB at most"),
    ];
}
