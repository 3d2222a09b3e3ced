using System.Collections.Immutable;
using Superfactory.Wan.Frames;

namespace Superfactory.Wan.Routes;

/// <summary>
/// Finds the live way with the least round trip, by Dijkstra's algorithm (E. W. Dijkstra, "A note on two problems in connexion with
/// graphs", Numerische Mathematik 1, 1959). Of equals the one with fewer sites, then the one whose names sort first. Pure.
/// </summary>
internal static class PathFinder
{
    /// <summary>What a site between costs beside the links' time, in microseconds: a frame is taken in whole before it goes on.</summary>
    private const int RelayMicroseconds = 2000;

    /// <summary>The best way.</summary>
    /// <param name="from">The site that sends.</param>
    /// <param name="to">The destination.</param>
    /// <param name="links">A site's links that are up.</param>
    /// <returns>The sites, both ends included; null where there is no way, or none short enough for a route.</returns>
    public static ImmutableArray<string>? Best(string from, string to, Func<string, IEnumerable<LiveLink>> links)
    {
        var best = new Dictionary<string, Reached>(StringComparer.Ordinal) { [from] = new Reached(0, [from]) };
        var done = new HashSet<string>(StringComparer.Ordinal);
        while (Nearest(best, done) is { } site)
        {
            var reached = best[site];
            if (site == to)
            {
                return reached.Sites.Length - 2 <= FrameLimits.RouteSitesMax ? reached.Sites : null;
            }

            done.Add(site);
            foreach (var link in links(site))
            {
                var candidate = new Reached(reached.Cost + link.RoundTripMicroseconds + RelayMicroseconds, reached.Sites.Add(link.Peer));
                if (!done.Contains(link.Peer) && (!best.TryGetValue(link.Peer, out var known) || candidate.CompareTo(known) < 0))
                {
                    best[link.Peer] = candidate;
                }
            }
        }

        return null;
    }

    private static string? Nearest(Dictionary<string, Reached> best, HashSet<string> done)
    {
        string? nearest = null;
        foreach (var (site, reached) in best)
        {
            if (!done.Contains(site) && (nearest is null || reached.CompareTo(best[nearest]) < 0))
            {
                nearest = site;
            }
        }

        return nearest;
    }

    private sealed record Reached(long Cost, ImmutableArray<string> Sites) : IComparable<Reached>
    {
        public int CompareTo(Reached? other)
        {
            var order = Cost.CompareTo(other!.Cost);
            order = order != 0 ? order : Sites.Length.CompareTo(other.Sites.Length);
            for (var index = 0; order == 0 && index < Sites.Length; index++)
            {
                order = string.CompareOrdinal(Sites[index], other.Sites[index]);
            }

            return order;
        }
    }
}
