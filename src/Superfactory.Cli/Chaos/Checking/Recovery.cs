namespace Superfactory.Cli.Chaos.Checking;

/// <summary>Says from what trainers wrote down when results became final. Pure.</summary>
internal static class Recovery
{
    /// <summary>
    /// When a result was final for certain: the last of those who contributed to the next one had taken it. Both times are milliseconds of the monotonic
    /// clock; <c>Given</c> is the newest contribution in it.
    /// </summary>
    public static List<(double Given, double Final)> Finals(IReadOnlyList<ResultInHistory> newestFirst)
    {
        var finals = new List<(double, double)>();
        ResultInHistory? next = null;
        foreach (var result in newestFirst)
        {
            var goOn = next?.Merged.Select(static given => given.Island).ToHashSet();
            var members = result.Held.Where(taken => goOn is null || goOn.Contains(taken.Island)).DefaultIfEmpty(result.Held.FirstOrDefault()).OfType<Taken>().ToList();
            if (members.Count > 0 && result.Merged.Count > 0)
            {
                finals.Add((result.Merged.Max(static given => given.At), members.Max(static taken => taken.At)));
            }

            next = result;
        }

        finals.Reverse();
        return finals;
    }

    /// <summary>Milliseconds from a fault to the next final result that took a contribution made after it; null where none came.</summary>
    public static double? After(double fault, List<(double Given, double Final)> finals)
    {
        double? first = null;
        foreach (var (given, final) in finals)
        {
            if (given > fault && final > fault && (first is null || final < first))
            {
                first = final;
            }
        }

        return first - fault;
    }
}
