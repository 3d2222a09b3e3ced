using System.Collections.Immutable;
using System.Globalization;
using Superfactory.Cli.Display;
using Superfactory.Model.Agents;
using Superfactory.Model.Views;

namespace Superfactory.Cli.Jobs;

/// <summary>Writes what was refused in a run as lines of text, as the island that has seen most of it tells it. Pure.</summary>
internal static class RefusalText
{
    /// <summary>How many contributions were refused, and the newest of them; nothing where there were none.</summary>
    public static ImmutableArray<string> Of(JobView job)
    {
        var total = job.Islands.Max(static island => island.Progress?.ContributionsRefused) ?? 0;
        if (total == 0)
        {
            return [];
        }

        var newest = job.Islands.Select(static island => island.Progress).Where(static progress => progress is not null)
            .MaxBy(static progress => progress!.RefusalCounts.Sum(static count => count.Count))!.Refusals;
        return [$"  refused    {RunDisplayText.Number(total)} contributions", .. newest.Select(Line)];
    }

    private static string Line(ContributionRefusal refusal)
    {
        var fragment = refusal.Fragment is { } number ? string.Create(CultureInfo.InvariantCulture, $", fragment {number}") : string.Empty;
        return string.Create(CultureInfo.InvariantCulture, $"    {refusal.Island} step {refusal.Step}, round {refusal.Round}{fragment}: {Why(refusal)}");
    }

    private static string Why(ContributionRefusal refusal) => refusal.Cause switch
    {
        RefusalCause.Norm => string.Create(CultureInfo.InvariantCulture, $"norm {refusal.Norm:G4}, where the median of those accepted before is {refusal.Median:G4}"),
        RefusalCause.Base => "started from another state; its replica was repaired",
        RefusalCause.Belied => "its numbers were not what its header said",
        _ => refusal.Fragment is null ? "its loss was not finite" : "numbers that are not finite",
    };
}
