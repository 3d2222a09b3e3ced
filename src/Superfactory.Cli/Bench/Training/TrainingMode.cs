using System.Collections.Immutable;
using System.Text.Json;
using Superfactory.Model;
using Superfactory.Model.Jobs;

namespace Superfactory.Cli.Bench.Training;

/// <summary>A mode under measurement: its name and what the job file's defaults make of it. Immutable.</summary>
/// <param name="Name">As a job file writes it.</param>
/// <param name="Sync">How the islands merge.</param>
internal sealed record TrainingMode(string Name, SyncSpecification Sync)
{
    /// <summary>The modes that are never overlapped.</summary>
    private static readonly string[] _waiting = ["every-step", "diloco", "auto"];

    /// <summary>The modes that this build's job file has.</summary>
    public static ImmutableArray<string> Known { get; } =
        [.. Enum.GetNames<SyncMode>().Select(static name => JsonNamingPolicy.KebabCaseLower.ConvertName(name))];

    /// <summary>Reads a list such as <c>every-step,diloco</c>; what is not known or contradicts itself is a problem. Never throws.</summary>
    /// <param name="text">What the user wrote.</param>
    /// <param name="steps">Steps of each island: five rounds have to fit.</param>
    /// <param name="overlap">Whether that is all; otherwise modes that overlap merges with training follow once more without that.</param>
    public static Outcome<ImmutableList<TrainingMode>> Parse(string text, int steps, bool overlap)
    {
        ArgumentNullException.ThrowIfNull(text);
        var modes = ImmutableList<TrainingMode>.Empty;
        foreach (var name in text.Split(',', StringSplitOptions.TrimEntries))
        {
            if (!Known.Contains(name))
            {
                return new([new Problem($"'{name}' is no mode of this build: expected {string.Join(", ", Known)}.", Field: "--modes", Hint: NearMatch.Hint(name, Known))]);
            }

            if (modes.Exists(mode => mode.Name == name))
            {
                return new([new Problem($"'{name}' stands there twice.", Field: "--modes")]);
            }

            var read = Read(name, steps);
            if (!read.Succeeded)
            {
                return new(read.Problems);
            }

            modes = modes.Add(read.Value);
            if (!overlap && !_waiting.Contains(name))
            {
                // The same merges in the same run, and nothing beside them but the wait.
                modes = modes.Add(new TrainingMode($"{name}, no overlap", read.Value.Sync with { Overlap = false }));
            }
        }

        return overlap || modes.Exists(static mode => !_waiting.Contains(mode.Name))
            ? new(modes)
            : new([new Problem("None of the modes overlaps its merges with training.", Field: "--no-overlap", Hint: "Leave it out.")]);
    }

    private static Outcome<TrainingMode> Read(string name, int steps)
    {
        // By the job file, so that a mode has the defaults that a user's job has.
        var job = JobFile.Parse($"name: bench\nsites: 2\ncommand: [bench]\nsync: {{mode: {name}}}\nbudget: {{steps: {steps}}}\n", "--modes");
        if (!job.Succeeded)
        {
            return new(job.Problems);
        }

        var every = Math.Min(job.Value.Sync.Every, steps / TrainingBenchOptions.BlocksMin);
        return new(new TrainingMode(name, job.Value.Sync with { Every = every }));
    }
}
