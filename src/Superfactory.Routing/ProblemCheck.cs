using System.Collections.Immutable;
using Superfactory.Model;
using Superfactory.Model.Wan;

namespace Superfactory.Routing;

/// <summary>Finds everything that is wrong with a problem.</summary>
internal static class ProblemCheck
{
    // Enough to see what is wrong, and no flood where one site is misspelt in every demand.
    private const int ProblemsMax = 20;

    public static ImmutableArray<Problem> Check(WanProblem problem)
    {
        if (problem.Sites.IsDefault || problem.Links.IsDefault || problem.Demands.IsDefault)
        {
            return [new Problem("Sites, links and demands are lists, each of which may be empty; one of them is missing.")];
        }

        return [.. Sizes(problem).Concat(Sites(problem)).Concat(Links(problem)).Concat(Demands(problem)).Concat(Floors(problem.Floors)).Take(ProblemsMax)];
    }

    private static IEnumerable<Problem> Sizes(WanProblem problem)
    {
        (string What, int Count, int Max)[] sizes =
            [("sites", problem.Sites.Length, WanProblem.MaxSites), ("links", problem.Links.Length, WanProblem.MaxLinks), ("demands", problem.Demands.Length, WanProblem.MaxDemands)];
        return sizes.Where(size => size.Count > size.Max).Select(size => new Problem($"There are {size.Count} {size.What}; at most {size.Max} can be routed at once."));
    }

    private static IEnumerable<Problem> Sites(WanProblem problem) =>
        problem.Sites.GroupBy(site => site, StringComparer.Ordinal).Where(group => string.IsNullOrEmpty(group.Key) || group.Count() > 1)
            .Select(group => string.IsNullOrEmpty(group.Key) ? new Problem("A site has no name.") : new Problem($"Site '{group.Key}' is listed {group.Count()} times; each site is listed once."));

    private static IEnumerable<Problem> Links(WanProblem problem)
    {
        var sites = problem.Sites.ToHashSet(StringComparer.Ordinal);
        var seen = new HashSet<(string, string)>();
        foreach (var link in problem.Links)
        {
            foreach (var end in Ends($"Link {link.From} → {link.To}", link.From, link.To, sites))
            {
                yield return end;
            }

            if (!seen.Add((link.From, link.To)))
            {
                yield return new Problem($"Link {link.From} → {link.To} is listed more than once; give the sum of what they carry.");
            }

            if (link.BytesPerSecond is < 0 or > WanLink.MaxBytesPerSecond)
            {
                yield return new Problem($"Link {link.From} → {link.To} carries {link.BytesPerSecond} bytes/s; expected 0 to {WanLink.MaxBytesPerSecond}.");
            }

            if (!(link.RoundTripMilliseconds >= 0 && double.IsFinite(link.RoundTripMilliseconds) && link.Loss is >= 0 and <= 1))
            {
                yield return new Problem($"Link {link.From} → {link.To} has a round trip of {link.RoundTripMilliseconds} ms and a loss of {link.Loss}; expected 0 ms or more, and 0 to 1.");
            }
        }
    }

    private static IEnumerable<Problem> Demands(WanProblem problem)
    {
        var sites = problem.Sites.ToHashSet(StringComparer.Ordinal);
        var seen = new HashSet<(string, string, TrafficClass)>();
        foreach (var demand in problem.Demands)
        {
            var name = $"Demand {demand.From} → {demand.To}";
            foreach (var end in Ends(name, demand.From, demand.To, sites))
            {
                yield return end;
            }

            if (demand.Class > TrafficClass.Bulk)
            {
                yield return new Problem($"{name} is of class {(byte)demand.Class}; expected 0 to {(byte)TrafficClass.Bulk}.");
            }

            if (!seen.Add((demand.From, demand.To, demand.Class)))
            {
                yield return new Problem($"{name} of class {demand.Class} is listed more than once; give the sum of what they want.");
            }

            if (demand.BytesPerSecond < 0)
            {
                yield return new Problem($"{name} wants {demand.BytesPerSecond} bytes/s; expected 0 or more.");
            }
        }
    }

    private static IEnumerable<Problem> Ends(string name, string from, string to, HashSet<string> sites)
    {
        foreach (var site in new[] { from, to }.Where(site => !sites.Contains(site)))
        {
            yield return new Problem($"{name} names site '{site}', which is not among the sites.");
        }

        if (string.Equals(from, to, StringComparison.Ordinal))
        {
            yield return new Problem($"{name} leads to where it begins; expected two different sites.");
        }
    }

    private static IEnumerable<Problem> Floors(ClassFloors floors)
    {
        if (floors is null || Math.Min(floors.Control, Math.Min(floors.Merge, floors.Bulk)) < 0 || (long)floors.Control + floors.Merge + floors.Bulk > 1000)
        {
            yield return new Problem("The classes' floors are thousandths of a link, each 0 or more and together at most 1000.");
        }
    }
}
