using System.Globalization;

namespace Superfactory.Cli.Chaos.Checking;

/// <summary>
/// Finds the one history of a run in what its trainers wrote down, and whether they agree on it. It goes backwards: the run's last result is the one that the
/// trainers ended with; whoever contributed to a result began from the result before it. Results that only islands had which were lost
/// with them, or that a restart of the run took back, are in no such chain. Pure.
/// </summary>
internal sealed class HistoryCheck
{
    private readonly IReadOnlyList<TrainerRecord> _records;
    private readonly ILookup<long, Taken> _taken;
    private readonly ILookup<long, Contribution> _given;

    private HistoryCheck(IReadOnlyList<TrainerRecord> records)
    {
        _records = records;
        _taken = records.SelectMany(static record => record.Results).ToLookup(static taken => taken.Round);
        _given = records.SelectMany(static record => record.Contributions).ToLookup(static given => given.Round);
    }

    /// <summary>The results of the run's history, the newest first.</summary>
    public List<ResultInHistory> Results { get; } = [];

    /// <summary>What trainers do not agree on, in sentences.</summary>
    public List<string> Disagreements { get; } = [];

    /// <summary>Follows the history.</summary>
    public static HistoryCheck Of(IReadOnlyList<TrainerRecord> records)
    {
        var check = new HistoryCheck(records);

        // Who had no part in the last result, and so takes nothing but the final model, has said nothing of it.
        var last = records.Where(static record => record.End is not null && record.Results is not [.., { Restored: true }]).Select(static record => Last(record)).Distinct().ToList();
        if (last.Count == 1)
        {
            check.Follow(last[0].Round, last[0].Hash);
        }
        else
        {
            check.Disagreements.Add(last.Count == 0 ? "No trainer came to the run's end." : $"Trainers ended with different results: {string.Join(", ", last.Select(static end => Name(end.Round, end.Hash)))}.");
        }

        return check;
    }

    private static (long Round, string Hash) Last(TrainerRecord record) =>
        record.Results.Count > 0 ? (record.Results[^1].Round, record.Results[^1].Hash) : (record.Begin.Round - 1, record.Begin.Hash);

    private void Follow(long newest, string newestHash)
    {
        var hash = newestHash;
        for (var round = newest; round >= 0; round--)
        {
            var held = _taken[round].Where(taken => taken.Hash == hash && !taken.Restored).ToList();
            var merged = _given[round].Where(given => given.Heard is { Refused: false } heard && heard.Round == round && heard.Hash == hash).ToList();
            var before = BaseOf(round, merged);
            var open = _given[round].Where(given => given.Base == before && !merged.Contains(given)).ToList();
            Results.Add(new ResultInHistory(round, hash, held, merged, open));
            Agree(round, held);
            if (before is null)
            {
                Disagreements.Add($"What result {Text(round)} began from cannot be told: trainers had {string.Join(", ", Candidates(round).Select(Short))}.");
                return;
            }

            hash = before;
        }
    }

    /// <summary>The state that a result was made from: what those who are in it began with.</summary>
    private string? BaseOf(long round, List<Contribution> merged)
    {
        var bases = merged.Select(static given => given.Base).Distinct().ToList();
        if (bases.Count > 1)
        {
            Disagreements.Add($"Contributions in result {Text(round)} began from different parameters: {string.Join(", ", merged.Select(static given => $"{given.Island} {Short(given.Base)}"))}.");
        }

        // Nobody is left who heard that its contribution is in it: then whoever took the result before it says what that was.
        return bases.Count > 0 ? bases[0] : Candidates(round).ToList() is [var only] ? only : null;
    }

    private IEnumerable<string> Candidates(long round) =>
        _taken[round - 1].Select(static taken => taken.Hash)
            .Concat(_records.Where(record => record.Begin.Round == round).Select(static record => record.Begin.Hash)).Distinct();

    private void Agree(long round, List<Taken> held)
    {
        if (held.Select(static taken => taken.Tokens).Distinct().Count() > 1)
        {
            Disagreements.Add($"Trainers heard different tokens of result {Text(round)}: {string.Join(", ", held.Select(static taken => $"{taken.Island} {Text(taken.Tokens)}"))}.");
        }
    }

    private static string Name(long round, string hash) => $"{Text(round)} ({Short(hash)})";

    private static string Short(string hash) => hash[..Math.Min(8, hash.Length)];

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>A result of the run's history.</summary>
/// <param name="Round">Its round.</param>
/// <param name="Hash">The hash of the parameters with it.</param>
/// <param name="Held">Trainers that took it.</param>
/// <param name="Merged">Contributions that are in it, as their trainers heard.</param>
/// <param name="Open">Contributions to it of which no trainer heard for certain: the process was killed first, or the bridge had dropped what it kept.</param>
internal sealed record ResultInHistory(long Round, string Hash, List<Taken> Held, List<Contribution> Merged, List<Contribution> Open);
