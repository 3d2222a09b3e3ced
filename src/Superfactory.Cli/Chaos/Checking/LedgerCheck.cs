using System.Globalization;

namespace Superfactory.Cli.Chaos.Checking;

/// <summary>Adds up which samples the results of a run's history hold, and compares them with the plan. Pure.</summary>
internal static class LedgerCheck
{
    /// <summary>The most open contributions to one result: each island may have started its trainer more than once.</summary>
    private const int OpenMax = 16;

    /// <summary>Every sample of the plan as often as it was planned, less those that were merged: all zeros where each was merged exactly once.</summary>
    /// <param name="results">The history.</param>
    /// <param name="planned">Samples in the plan.</param>
    /// <param name="count">Samples of the dataset.</param>
    /// <param name="seed">The seed of the order.</param>
    /// <returns>What is not as planned, in sentences.</returns>
    public static List<string> Of(IReadOnlyList<ResultInHistory> results, long planned, long count, ulong seed)
    {
        var due = new int[count];
        for (var position = 0L; position < planned; position++)
        {
            due[SampleOrder.At(position, count, seed)]++;
        }

        foreach (var sample in results.SelectMany(static result => result.Merged).SelectMany(static given => given.Samples))
        {
            due[sample]--;
        }

        var problems = new List<string>();
        foreach (var result in results.Where(static result => result.Held.Count > 0))
        {
            Settle(result, due, problems);
        }

        // Of a result that only trainers took which are gone, no tokens are known, and contributions at the end of streaming have none: what is still due
        // says what was in it.
        foreach (var given in results.SelectMany(static result => result.Open.Where(given => result.Held.Count == 0 || given.Tokens == 0)).Where(given => Fits(given, due)))
        {
            Take(given, due);
        }

        var (missing, doubled) = (due.Where(static times => times > 0).Sum(static times => (long)times), due.Where(static times => times < 0).Sum(static times => (long)-times));
        if (missing + doubled > 0)
        {
            problems.Add($"Of {Text(planned)} planned samples {Text(missing)} were not merged, and {Text(doubled)} were merged once too often.");
        }

        return problems;
    }

    /// <summary>Finds the open contributions that a result holds besides the certain ones: their tokens make up its own.</summary>
    private static void Settle(ResultInHistory result, int[] due, List<string> problems)
    {
        var rest = result.Held[0].Tokens - result.Merged.Sum(static given => given.Tokens);
        var open = result.Open.Where(given => given.Tokens > 0 && Fits(given, due)).Take(OpenMax).ToList();
        for (var choice = 0; choice < 1 << open.Count; choice++)
        {
            var chosen = open.Where((_, index) => (choice >> index & 1) != 0).ToList();
            if (chosen.Sum(static given => given.Tokens) == rest && chosen.Select(static given => given.Island).Distinct().Count() == chosen.Count)
            {
                chosen.ForEach(given => Take(given, due));
                return;
            }
        }

        problems.Add($"Result {Text(result.Round)} holds {Text(result.Held[0].Tokens)} tokens; contributions of {Text(result.Merged.Sum(static given => given.Tokens))} are in it for certain, and no others make up the rest.");
    }

    private static bool Fits(Contribution given, int[] due) => given.Samples.CountBy(static sample => sample).All(times => due[times.Key] >= times.Value);

    private static void Take(Contribution given, int[] due)
    {
        foreach (var sample in given.Samples)
        {
            due[sample]--;
        }
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
