using System.Collections.Immutable;
using System.Globalization;
using Superfactory.Cli.Chaos.Checking;
using Superfactory.Model.Jobs;
using Superfactory.Model.Views;

namespace Superfactory.Cli.Chaos;

/// <summary>Judges a run by what its trainers wrote down and by what lies on disk. What the control plane counted is looked at only for whether the job ended.</summary>
internal sealed class ChaosVerdict(string directory, string records, SyncMode mode, long planned, IReadOnlyList<InjectedFault> faults, double began, List<string> violations)
{
    /// <summary>How long after the job's end its gangs may take to be gone.</summary>
    private static readonly TimeSpan _gangsLimit = TimeSpan.FromSeconds(20);

    /// <summary>Waits until no gang's process is left while the factory is still up; names those that stay.</summary>
    public static async Task GangsEndAsync(ChaosTargets targets, Action<string> violate, TimeProvider time)
    {
        var since = time.GetTimestamp();
        while (true)
        {
            var left = targets.Alive().Where(static process => process.Command.Contains(" gang --spec ", StringComparison.Ordinal)
                || process.Command.Contains(" bridge --config ", StringComparison.Ordinal) || process.Command.Contains("chaos_trainer.py", StringComparison.Ordinal)).ToList();
            if (left.Count == 0)
            {
                return;
            }

            if (time.GetElapsedTime(since) > _gangsLimit)
            {
                left.ForEach(process => violate($"Process {process.Id} was left of a gang after the job's end: {process.Command}"));
                return;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(200), time);
        }
    }

    /// <summary>Waits until no file is being copied between sites any more, while the factory is still up; one that stays is found when everything is judged.</summary>
    public static async Task CopiesEndAsync(string directory, TimeProvider time)
    {
        for (var since = time.GetTimestamp(); DiskCheck.Copies(Path.Combine(directory, "state")) && time.GetElapsedTime(since) < _gangsLimit;)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(200), time);
        }
    }

    /// <summary>Judges, when everything has been stopped.</summary>
    /// <param name="job">The job as it ended.</param>
    /// <param name="alive">What still runs of the factory.</param>
    public ChaosReport Of(JobView? job, ImmutableArray<(int Id, string Command)> alive)
    {
        if (job is not { State: JobState.Completed })
        {
            violations.Add($"The job is {job?.State.ToString() ?? "unknown"}: {job?.Reason}");
        }

        violations.AddRange(alive.Select(static process => $"Process {process.Id} was left when everything had been stopped: {process.Command}"));
        violations.AddRange(DiskCheck.Of(Path.Combine(directory, "state")));
        var (trainers, unreadable) = TrainerRecord.Load(records);
        violations.AddRange(unreadable);
        var history = HistoryCheck.Of(trainers);
        violations.AddRange(history.Disagreements);
        var models = Models(trainers);
        var ledger = Ledger(trainers, history);
        violations.AddRange([.. models, .. ledger]);
        Learned(trainers);
        var finals = Recovery.Finals(history.Results);
        var told = faults.Select(fault => new ChaosFault(
            Math.Round((fault.At - began) / 1000, 3), fault.Kind, fault.Target, Recovery.After(fault.At, finals) is { } after ? Math.Round(after / 1000, 3) : null)).ToImmutableArray();
        violations.AddRange(told.Where(static fault => fault.Seconds is null)
            .Select(static fault => string.Create(CultureInfo.InvariantCulture, $"No result became final after {ChaosText.Name(fault.Kind)} {fault.Target} at {fault.Time:0.0} s.")));
        return new ChaosReport
        {
            Faults = told,
            RecoverySeconds = RecoverySeconds.Of(told),
            ReplicasIdentical = history is { Disagreements.Count: 0, Results.Count: > 0 } && models.Count == 0,
            LedgerExact = history.Results.Count > 0 && ledger.Count == 0,
            Violations = violations.Count,
        };
    }

    /// <summary>The models that the trainers ended with, by their own word and on disk.</summary>
    private static List<string> Models(List<TrainerRecord> trainers)
    {
        var problems = new List<string>();
        var ends = trainers.Select(static trainer => trainer.End).OfType<TrainerLine>().ToList();
        foreach (var end in ends)
        {
            var (hash, problem) = ModelFile.Hash(Path.Combine(end.Output, "model.safetensors"));
            if (problem is not null || hash != end.Hash)
            {
                problems.Add(problem ?? $"The model that {end.Island} saved has the hash {hash}; its trainer ended with {end.Hash}.");
            }
        }

        if (ends.Select(static end => end.Hash).Distinct().Count() > 1)
        {
            problems.Add($"Trainers ended with different models: {string.Join(", ", ends.Select(static end => $"{end.Island} {end.Hash[..8]}"))}.");
        }

        return problems;
    }

    private List<string> Ledger(List<TrainerRecord> trainers, HistoryCheck history)
    {
        if (trainers.Count == 0)
        {
            return ["No trainer left a record."];
        }

        var begin = trainers[0].Begin;
        var problems = LedgerCheck.Of(history.Results, planned, begin.Count, begin.Seed);

        // A ledger of streaming counts pairs of a sample and a part.
        var parts = mode == SyncMode.Streaming ? trainers[0].Parts : 1;
        var onDisk = DiskCheck.MergedAtTheEnd(Path.Combine(directory, "state")) / parts;
        if (onDisk != planned)
        {
            problems.Add($"The run's last checkpoint says that {onDisk?.ToString(CultureInfo.InvariantCulture) ?? "no"} samples are merged; {planned} were planned.");
        }

        return problems;
    }

    private void Learned(List<TrainerRecord> trainers)
    {
        var initial = trainers.Where(static trainer => trainer.Begin.Round == 0).Select(static trainer => trainer.Begin.Loss).DefaultIfEmpty(double.NaN).First();
        foreach (var end in trainers.Select(static trainer => trainer.End).OfType<TrainerLine>().Where(end => !(end.Loss < initial)))
        {
            violations.Add(string.Create(CultureInfo.InvariantCulture, $"{end.Island} ended with a validation loss of {end.Loss:0.0000}; it was {initial:0.0000} before the first step."));
        }
    }
}
