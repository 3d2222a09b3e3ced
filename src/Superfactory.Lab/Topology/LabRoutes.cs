using System.Collections.Immutable;

namespace Superfactory.Lab.Topology;

/// <summary>
/// Static routes through a laboratory: to a site at the other end of a link over that link, to any other by the least sum of round trips,
/// of equal sums by the fewest links, then by the order of sites. Pure and safe to call from any thread.
/// </summary>
public static class LabRoutes
{
    /// <summary>
    /// The site that comes next on the way from each site to each other one; itself where there is no way or none is needed.
    /// <c>[from][to]</c> by place in <see cref="LabTopology.Sites"/>.
    /// </summary>
    /// <remarks>
    /// One tree of shortest ways to each target, by Dijkstra's algorithm with neighbours of the target fixed at their own link. Along a way
    /// (round trips left, links left) falls strictly, so that no packet goes round in circles.
    /// </remarks>
    public static ImmutableArray<ImmutableArray<int>> NextSites(LabTopology topology)
    {
        ArgumentNullException.ThrowIfNull(topology);
        var count = topology.Sites.Length;
        var next = new int[count][];
        for (var from = 0; from < count; from++)
        {
            next[from] = [.. Enumerable.Repeat(from, count)];
        }

        for (var target = 0; target < count; target++)
        {
            var tree = TreeTo(topology, target);
            for (var from = 0; from < count; from++)
            {
                next[from][target] = tree[from];
            }
        }

        return [.. next.Select(static row => row.ToImmutableArray())];
    }

    /// <summary>The sites from one to another in order, both included; empty where there is no way.</summary>
    public static ImmutableArray<string> Path(LabTopology topology, string from, string to)
    {
        ArgumentNullException.ThrowIfNull(topology);
        var next = NextSites(topology);
        var (here, target) = (topology.Sites.IndexOf(from), topology.Sites.IndexOf(to));
        var path = ImmutableArray.CreateBuilder<string>();
        path.Add(from);
        while (here != target)
        {
            var step = next[here][target];
            if (step == here)
            {
                return [];
            }

            here = step;
            path.Add(topology.Sites[here]);
        }

        return path.ToImmutable();
    }

    private static int[] TreeTo(LabTopology topology, int target)
    {
        var count = topology.Sites.Length;
        var next = Enumerable.Range(0, count).ToArray();
        var distance = new (long Ticks, int Links)[count];
        Array.Fill(distance, (long.MaxValue, int.MaxValue));
        var (done, isNeighbour) = (new bool[count], new bool[count]);
        distance[target] = (0, 0);
        for (var round = 0; round < count; round++)
        {
            var here = Nearest(distance, done);
            if (here < 0)
            {
                break;
            }

            done[here] = true;
            foreach (var link in topology.Links)
            {
                var (a, b) = (topology.Sites.IndexOf(link.A), topology.Sites.IndexOf(link.B));
                if (a != here && b != here)
                {
                    continue;
                }

                var there = a == here ? b : a;
                isNeighbour[there] |= here == target;
                var through = (distance[here].Ticks + link.RoundTrip.Ticks, distance[here].Links + 1);
                if (!done[there] && (here == target || !isNeighbour[there]) && IsNearer(through, here, distance[there], next[there], there))
                {
                    (distance[there], next[there]) = (through, here);
                }
            }
        }

        return next;
    }

    private static bool IsNearer((long Ticks, int Links) offered, int by, (long Ticks, int Links) known, int knownBy, int site) =>
        offered.CompareTo(known) is var order && (order < 0 || (order == 0 && (knownBy == site || by < knownBy)));

    private static int Nearest((long Ticks, int Links)[] distance, bool[] done)
    {
        var best = -1;
        for (var site = 0; site < distance.Length; site++)
        {
            if (!done[site] && distance[site].Links != int.MaxValue && (best < 0 || distance[site].CompareTo(distance[best]) < 0))
            {
                best = site;
            }
        }

        return best;
    }
}
