using System.Collections.Immutable;
using System.Globalization;
using Superfactory.Cli.Bench.Merge;
using Superfactory.Cli.CommandLine;
using Superfactory.Model;
using Superfactory.Model.Views;
using Superfactory.Site.Data;
using Superfactory.Site.Gangs;

namespace Superfactory.Cli.Chaos;

/// <summary><c>superfactory chaos</c> from its options to its verdict.</summary>
internal sealed class ChaosRun(Terminal terminal, ChaosOptions options, string directory)
{
    /// <summary>How long the job may merge nothing once nothing is done to it any more: a run that waits for something forever is found by that.</summary>
    private static readonly TimeSpan _endLimit = TimeSpan.FromMinutes(2);

    /// <summary>How much longer than the faults the job trains, so that none comes when it is already over.</summary>
    private static readonly TimeSpan _beyondFaults = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan _look = TimeSpan.FromMilliseconds(250);

    private readonly List<string> _violations = [];
    private readonly List<InjectedFault> _faults = [];
    private readonly Lock _lock = new();

    /// <summary>Where trainers write their records.</summary>
    private string Records => Path.Combine(directory, "trainers");

    private string Hurry => Path.Combine(directory, "hurry");

    /// <summary>Runs it and returns the exit code.</summary>
    public static async Task<int> RunAsync(Terminal terminal, ChaosOptions options, CancellationToken cancellation)
    {
        if (ReportFile.Check(options.JsonFile) is { } problem)
        {
            return terminal.Fail([problem], ExitCode.BadInput);
        }

        var directory = Directory.CreateTempSubdirectory("sf-chaos-").FullName;
        try
        {
            return await new ChaosRun(terminal, options, directory).RunAsync(cancellation);
        }
        catch (BenchException error)
        {
            return terminal.Fail(error.Message, error.ExitCode);
        }
        finally
        {
            if (options.Keep)
            {
                terminal.Line($"Directory: {directory}");
            }
            else
            {
                Directory.Delete(directory, recursive: true);
            }
        }
    }

    private async Task<int> RunAsync(CancellationToken cancellation)
    {
        var (job, planned, targets, began) = (default(JobView), 0L, default(ChaosTargets), 0.0);
        var corpus = CorpusBuilder.Build(new CorpusOptions { Name = ChaosJob.Corpus, DataDirectory = Path.Combine(directory, "corpora") }, progress: null, cancellation);
        if (!corpus.Succeeded)
        {
            throw new BenchException(corpus.Problems[0].ToString(), ExitCode.CannotReach);
        }

        await using (var stage = await ChaosStage.UpAsync(options, directory, Violate, terminal.Time, cancellation))
        {
            targets = stage.Targets;
            if (stage.Laboratory is null && options.Kinds.Any(ChaosPlan.NeedsLaboratory))
            {
                throw new BenchException("Links can be cut and degraded only in the laboratory, which needs root: ask for other kinds with --only.", ExitCode.CannotReach);
            }

            terminal.Line(stage.Laboratory is null
                ? $"On loopback, with emulated links of {ChaosStage.Link}: no link can be cut or degraded."
                : $"In the laboratory, with links of {ChaosStage.Link}.");
            var python = await PythonLocator.FindAsync(null, cancellation);
            var made = python.Succeeded ? ChaosJob.Make(stage.Names, options.Mode, options.Duration + _beyondFaults, options.Seed, python.Value, Records, Hurry) : new(python.Problems);
            if (!made.Succeeded)
            {
                throw new BenchException(made.Problems[0].ToString(), ExitCode.CannotReach);
            }

            planned = made.Value.Planned;
            Directory.CreateDirectory(Records);
            var id = await SubmitAsync(stage, made.Value, cancellation);
            began = ChaosInjector.Now;
            await InjectAsync(stage, id, cancellation);
            await File.WriteAllTextAsync(Hurry, string.Empty, cancellation);
            job = await EndAsync(stage, id, cancellation);
            await ChaosVerdict.GangsEndAsync(targets, Violate, terminal.Time);
            await ChaosVerdict.CopiesEndAsync(directory, terminal.Time);
        }

        var report = new ChaosVerdict(directory, Records, options.Mode, planned, _faults, began, _violations).Of(job, targets.Alive());
        ReportFile.Write(options.JsonFile, report);
        ChaosText.Write(terminal, report, _violations);
        return report is { Violations: 0, ReplicasIdentical: true, LedgerExact: true } ? ExitCode.Done : ExitCode.JobFailed;
    }

    /// <summary>Submits the job and waits until its first result is there.</summary>
    private async Task<long> SubmitAsync(ChaosStage stage, ChaosJob job, CancellationToken cancellation)
    {
        var submitted = await stage.Control.SubmitAsync("chaos.yaml", directory, job.Text, cancellation);
        if (!submitted.Succeeded)
        {
            throw new BenchException(submitted.Problems[0].ToString(), ExitCode.CannotReach);
        }

        while (true)
        {
            var now = await stage.Control.JobAsync(submitted.Value.Id, cancellation);
            if (now is { Succeeded: true, Value.Progress: > 0 })
            {
                return submitted.Value.Id;
            }

            if (now is { Succeeded: true, Value.EndedUnixMilliseconds: not null })
            {
                throw new BenchException($"The job ended before its first result: {now.Value.Reason}", ExitCode.JobFailed);
            }

            await Task.Delay(_look, terminal.Time, cancellation);
        }
    }

    private async Task InjectAsync(ChaosStage stage, long job, CancellationToken cancellation)
    {
        var injector = new ChaosInjector(stage, terminal, Violate);
        var began = terminal.Time.GetTimestamp();
        foreach (var fault in ChaosPlan.Draw(options.Seed, options.Duration, KindsOf(stage)))
        {
            if (fault.At - terminal.Time.GetElapsedTime(began) is { Ticks: > 0 } rest)
            {
                await Task.Delay(rest, terminal.Time, cancellation);
            }

            if (await stage.Control.JobAsync(job, cancellation) is { Succeeded: true, Value: { EndedUnixMilliseconds: not null } ended })
            {
                Violate($"The job ended while faults were still to come: {ended.State}, {ended.Reason}");
                break;
            }

            var done = await injector.InjectAsync(fault, cancellation);
            if (done is null)
            {
                Violate($"Nobody was there for {ChaosText.Name(fault.Kind)}, at no site, for seconds.");
                continue;
            }

            _faults.Add(done);
            terminal.Line(string.Create(CultureInfo.InvariantCulture, $"{terminal.Time.GetElapsedTime(began).TotalSeconds,6:0.0} s  {ChaosText.Name(done.Kind)} {done.Target}, for {fault.Length.TotalSeconds:0.0} s"));
        }

        await injector.UndoAsync();
    }

    private ImmutableArray<ChaosKind> KindsOf(ChaosStage stage) =>
        options.Kinds.Length > 0 ? options.Kinds : stage.Laboratory is null ? ChaosPlan.WithoutLinks : ChaosPlan.Usual;

    private async Task<JobView?> EndAsync(ChaosStage stage, long id, CancellationToken cancellation)
    {
        var moved = terminal.Time.GetTimestamp();
        JobView? last = null;
        while (terminal.Time.GetElapsedTime(moved) < _endLimit)
        {
            if (await stage.Control.JobAsync(id, cancellation) is { Succeeded: true } answer)
            {
                moved = answer.Value.Progress > last?.Progress ? terminal.Time.GetTimestamp() : moved;
                last = answer.Value;
                if (last.EndedUnixMilliseconds is not null)
                {
                    return last;
                }
            }

            await Task.Delay(_look, terminal.Time, cancellation);
        }

        Violate($"The job merged nothing for {_endLimit.TotalMinutes:0} minutes after the last fault: {last?.State}, {last?.Progress:P0}, {last?.Reason}");
        return last;
    }

    private void Violate(string sentence)
    {
        lock (_lock)
        {
            _violations.Add(sentence);
        }
    }
}
