using System.CommandLine;
using System.Globalization;
using Superfactory.Cli.CommandLine;
using Superfactory.Simulation;
using Superfactory.Simulation.Planted;

namespace Superfactory.Cli.Soak;

/// <summary><c>superfactory soak</c>: many simulated runs under faults, each checked from outside.</summary>
internal static class SoakCommand
{
    private const long SchedulesMax = 100_000_000;
    private const int ThreadsMax = 256;
    private const int ViolationsShown = 5;
    private const string ListOfBugs = "list";

    /// <summary>The schedules within which a planted bug is to be caught, whatever the seed.</summary>
    private const long PlantedSchedules = 2_000;

    /// <summary>Makes the command.</summary>
    public static Command Create(Terminal terminal)
    {
        var seed = Settings.Whole("--seed", "The seed that everything follows from.", 0, long.MaxValue, 1);
        var schedules = Settings.Whole("--schedules", "How many schedules; 10000, or with --planted 2000.", 1, SchedulesMax);
        var schedule = Settings.Whole("--schedule", "Run this schedule alone, from 0.", 0, SchedulesMax, -1);
        var trace = new Option<bool>("--trace") { Description = "With --schedule: write everything that happens." };
        var threads = Settings.Whole("--threads", "Threads; as many as the machine has processors.", 1, ThreadsMax);
        var planted = Settings.Text("--planted", "NAME|list", "Run with a planted bug, to see the checkers catch it; 'list' names the bugs.");
        var json = Settings.Text("--json", "FILE", "Write the report to this file as JSON.");
        var command = new Command("soak", "Run simulated trainings under faults and check that nothing is lost, doubled or stuck.")
        {
            seed, schedules, schedule, trace, threads, planted, json,
        };
        command.SetAction((parsed, cancellation) => Task.Run(
            () =>
            {
                var options = new SoakOptions(
                    (ulong)parsed.GetValue(seed), parsed.GetValue(schedules), parsed.GetValue(schedule), parsed.GetValue(trace),
                    parsed.GetValue(threads) is > 0 and var given ? (int)given : Environment.ProcessorCount, parsed.GetValue(json));
                return parsed.GetValue(planted) switch
                {
                    null => Run(terminal, options, PlantedBug.None, cancellation),
                    ListOfBugs => List(terminal),
                    var name when PlantedBugs.Find(name) is { } bug => Plant(terminal, options, name, bug, cancellation),
                    var name => terminal.Fail(
                        $"--planted: '{name}' is no planted bug: expected one of {string.Join(", ", PlantedBugs.All.Select(each => each.Name))}.", ExitCode.BadInput),
                };
            },
            cancellation));
        return command;
    }

    private static int List(Terminal terminal)
    {
        foreach (var (name, _) in PlantedBugs.All)
        {
            terminal.Line(name);
        }

        return ExitCode.Done;
    }

    private static int Run(Terminal terminal, SoakOptions options, PlantedBug bug, CancellationToken cancellation)
    {
        if (ReportFile.Check(options.Json) is { } problem)
        {
            return terminal.Fail([problem], ExitCode.BadInput);
        }

        if (options.Schedule >= 0)
        {
            return Replay(terminal, options, bug);
        }

        using var totals = new SoakTotals();
        var schedules = options.Schedules > 0 ? options.Schedules : SoakOptions.SchedulesDefault;
        var began = terminal.Time.GetTimestamp();
        SoakRunner.Run(options.Seed, schedules, options.Threads, bug, totals, stopAtViolation: false, cancellation);
        var report = totals.Report(terminal.Time.GetElapsedTime(began).TotalSeconds);
        ReportFile.Write(options.Json, report);
        foreach (var line in SoakText.Lines(report))
        {
            terminal.Line(line);
        }

        foreach (var violation in totals.Violations.Take(ViolationsShown))
        {
            terminal.ErrorLine($"superfactory: schedule {violation.Schedule} of seed {options.Seed}: {violation.Violation}");
            terminal.ErrorLine($"  Again, with all that happens: superfactory soak --seed {options.Seed} --schedule {violation.Schedule} --trace");
        }

        var shortcomings = totals.Shortcomings().ToList();
        foreach (var shortcoming in shortcomings)
        {
            terminal.ErrorLine($"superfactory: {shortcoming}");
        }

        return totals.Violations.Count == 0 && shortcomings.Count == 0 ? ExitCode.Done : ExitCode.JobFailed;
    }

    private static int Replay(Terminal terminal, SoakOptions options, PlantedBug bug)
    {
        var result = Schedule.Run(options.Seed, options.Schedule, bug, options.Trace ? terminal.Line : null);
        terminal.Line(string.Create(
            CultureInfo.InvariantCulture,
            $"Schedule {options.Schedule} of seed {options.Seed}: {result.ResultsFinal} final results, {result.EpochChanges} epoch changes, {result.Faults.Sum()} faults in {result.Milliseconds / 1000.0:0.0} s of virtual time; trace {result.Trace:x16}."));
        return result.Violation is null ? ExitCode.Done : terminal.Fail(result.Violation, ExitCode.JobFailed);
    }

    private static int Plant(Terminal terminal, SoakOptions options, string name, PlantedBug bug, CancellationToken cancellation)
    {
        if (options.Schedule >= 0)
        {
            return Run(terminal, options, bug, cancellation);
        }

        if (ReportFile.Check(options.Json) is { } problem)
        {
            return terminal.Fail([problem], ExitCode.BadInput);
        }

        using var totals = new SoakTotals();
        var schedules = options.Schedules > 0 ? options.Schedules : PlantedSchedules;
        var began = terminal.Time.GetTimestamp();
        SoakRunner.Run(options.Seed, schedules, options.Threads, bug, totals, stopAtViolation: true, cancellation);
        ReportFile.Write(options.Json, totals.Report(terminal.Time.GetElapsedTime(began).TotalSeconds));
        if (totals.Violations is not [var first, ..])
        {
            return terminal.Fail($"{name} was not caught in {totals.Schedules} schedules of seed {options.Seed}.", ExitCode.JobFailed);
        }

        terminal.Line($"{name} was caught after {first.Schedule + 1} schedules of seed {options.Seed}: {first.Violation}");
        terminal.Line($"Again, with all that happens: superfactory soak --seed {options.Seed} --planted {name} --schedule {first.Schedule} --trace");
        return ExitCode.Done;
    }
}
