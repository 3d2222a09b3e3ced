using System.Text.Json;
using Superfactory.Model;

namespace Superfactory.Cli.Chaos.Checking;

/// <summary>A contribution as its trainer wrote it down.</summary>
/// <param name="Island">Whose.</param>
/// <param name="Round">To which round.</param>
/// <param name="Base">The hash of the run's parameters that the trainer had when it began the round.</param>
/// <param name="Samples">The samples that are merged with it: what its steps' batches held, in streaming those of its round's steps that so are in every part now.</param>
/// <param name="Tokens">How many tokens it was said to have.</param>
/// <param name="At">When it was given, in milliseconds of the machine's monotonic clock.</param>
internal sealed record Contribution(string Island, long Round, string Base, IReadOnlyList<long> Samples, long Tokens, double At)
{
    /// <summary>What its trainer heard of it; null where the trainer ended before.</summary>
    public Taken? Heard { get; set; }
}

/// <summary>A result as a trainer took it.</summary>
/// <param name="Island">Whose trainer.</param>
/// <param name="Round">The newest round in it.</param>
/// <param name="Hash">The hash of the trainer's own parameters with it.</param>
/// <param name="Tokens">Tokens of all contributions to that round.</param>
/// <param name="Refused">Whether the trainer's own contribution is said not to be in it.</param>
/// <param name="At">When, in milliseconds of the machine's monotonic clock.</param>
/// <param name="Restored">Whether the trainer took another one's state, and heard nothing of the result.</param>
internal sealed record Taken(string Island, long Round, string Hash, long Tokens, bool Refused, double At, bool Restored);

/// <summary>What one trainer process did, from its own file.</summary>
internal sealed class TrainerRecord
{
    private TrainerRecord(TrainerLine begin) => Begin = begin;

    /// <summary>Where it began.</summary>
    public TrainerLine Begin { get; }

    /// <summary>Where it ended; null where it was killed.</summary>
    public TrainerLine? End { get; private set; }

    /// <summary>Rounds of streaming in which every parameter is merged once, as its last contribution says; 1 in other modes.</summary>
    public int Parts { get; private set; } = 1;

    /// <summary>What it contributed, in order.</summary>
    public List<Contribution> Contributions { get; } = [];

    /// <summary>What it took, in order.</summary>
    public List<Taken> Results { get; } = [];

    /// <summary>Reads every trainer's file of a directory, in the order of their beginning.</summary>
    /// <returns>The records, and what in the files makes no sense.</returns>
    public static (List<TrainerRecord> Records, List<string> Problems) Load(string directory)
    {
        var (records, problems) = (new List<TrainerRecord>(), new List<string>());
        foreach (var file in Directory.EnumerateFiles(directory, "*.jsonl").Order(StringComparer.Ordinal))
        {
            // A trainer that was killed before it began to train wrote nothing.
            var lines = Lines(file);
            if (lines.Count > 0 && Read(lines, Path.GetFileName(file), problems) is { } record)
            {
                records.Add(record);
            }
        }

        records.Sort(static (one, other) => one.Begin.At.CompareTo(other.Begin.At));
        return (records, problems);
    }

    /// <summary>Reads one trainer's lines.</summary>
    public static TrainerRecord? Read(IReadOnlyList<TrainerLine> lines, string name, List<string> problems)
    {
        if (lines[0].Type != "begin")
        {
            problems.Add($"The trainer's record {name} starts with '{lines[0].Type}'.");
            return null;
        }

        var record = new TrainerRecord(lines[0]);
        var (hash, samples, steps, spans, parts) = (lines[0].Hash, new List<long>(), 0, new List<List<long>>(), 1);
        foreach (var line in lines.Skip(1))
        {
            switch (line.Type)
            {
                case "step":
                    samples.AddRange(line.Samples);
                    steps += line.Last ? 1 : 0;
                    break;
                case "give":
                    if (line.Steps != steps || line.Tokens != (long)samples.Count * lines[0].Context)
                    {
                        problems.Add($"{name}: a contribution to round {line.Round} has {line.Steps} steps and {line.Tokens} tokens, and its trainer took {steps} with {samples.Count} samples.");
                    }

                    if (line.Parts != parts)
                    {
                        // The run changed to streaming or out of it, with nothing left that is merged in some parts alone.
                        spans.Clear();
                        parts = line.Parts;
                    }

                    record.Parts = parts;
                    spans.Add(samples);
                    record.Contributions.Add(new Contribution(line.Island, line.Round, hash, Merged(spans, parts), line.Tokens, line.At));
                    (samples, steps) = ([], 0);
                    break;
                case "merged":
                    var taken = new Taken(line.Island, line.Next - 1, line.Hash, line.Tokens, line.Refused, line.At, line.Restored);
                    record.Results.Add(taken);
                    if (record.Contributions.Count == 0)
                    {
                        problems.Add($"{name}: a trainer that contributed nothing took result {line.Next - 1}.");
                        return null;
                    }

                    record.Contributions[^1].Heard = taken;
                    hash = line.Hash;
                    if (line.Refused)
                    {
                        // In streaming steps of the next round are taken meanwhile: they are dealt again, with all that was not merged in every part.
                        (samples, steps) = ([], 0);
                        spans.Clear();
                    }

                    break;
                case "end":
                    record.End = line;
                    break;
            }
        }

        return record;
    }

    /// <summary>
    /// What becomes merged with the newest of a trainer's contributions: in streaming, where what a round's steps learned goes into part after part,
    /// what the first of so many contributions without a break held.
    /// </summary>
    private static List<long> Merged(List<List<long>> spans, int parts) => spans.Count < parts ? [] : spans[^parts];

    /// <summary>The whole lines of a file: a process that is killed may leave a last one without its end.</summary>
    private static List<TrainerLine> Lines(string file)
    {
        var text = File.ReadAllText(file);
        return [.. text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(static line => JsonSerializer.Deserialize<TrainerLine>(line, FactoryJson.Options)!)];
    }
}
