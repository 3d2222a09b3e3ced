using Superfactory.Model.Wan;
using Superfactory.Routing.Flows;

namespace Superfactory.Routing.Filling;

/// <summary>
/// Max-min fair rates by filling: all demands of a class rise together until links hold some of them back; those keep their rate and
/// the others rise on. Where a demand is held back is read off the links' prices at the highest level (complementary slackness).
/// </summary>
internal static class WaterFilling
{
    // Floors are asked for by this much less, so that together they fit beyond doubt.
    private const double FloorSlack = 1e-10;

    /// <summary>Fills the classes in priority.</summary>
    /// <param name="network">The links.</param>
    /// <param name="demands">The demands.</param>
    /// <param name="floors">What each class keeps.</param>
    /// <param name="workMax">The most work for each of up to three sets of flows, in pivots × links.</param>
    /// <param name="optimal">Whether the work sufficed.</param>
    /// <returns>The flows; rates are the sums of each demand's.</returns>
    public static FlowSimplex Fill(Network network, DemandTable demands, ClassFloors floors, long workMax, out bool optimal)
    {
        int[][] classes =
        [
            .. demands.Class.Distinct().Order().Select(trafficClass => Enumerable.Range(0, demands.Count).Where(demand => demands.Class[demand] == trafficClass).ToArray()),
        ];
        var simplex = new FlowSimplex(network, demands, network.Capacity, workMax);
        optimal = KeepFloors(network, demands, floors, classes, simplex, workMax);
        foreach (var members in classes)
        {
            FillClass(simplex, demands, members);
        }

        simplex.Shorten();
        optimal &= !simplex.GaveUp;
        return simplex;
    }

    // The first class is served before all others and needs no floor.
    private static bool KeepFloors(Network network, DemandTable demands, ClassFloors floors, int[][] classes, FlowSimplex simplex, long workMax)
    {
        var optimal = true;
        foreach (var members in classes.Skip(1))
        {
            var floor = floors.Of(demands.Class[members[0]]);
            if (floor > 0)
            {
                var share = new FlowSimplex(network, demands, Array.ConvertAll(network.Capacity, capacity => capacity * floor / 1000), workMax);
                FillClass(share, demands, members);
                optimal &= !share.GaveUp;
                simplex.BeginLike(share, members);
                foreach (var demand in members)
                {
                    simplex.Growth[demand] = share.Rate[demand] * (1 - FloorSlack);
                }
            }
        }

        int[] kept = [.. Enumerable.Range(0, demands.Count).Where(demand => simplex.Growth[demand] > 0)];
        if (kept.Length == 0)
        {
            return optimal;
        }

        if (simplex.Raise(1, out _))
        {
            simplex.EndBlocked();
        }

        Array.Clear(simplex.Growth);
        return optimal;
    }

    private static void FillClass(FlowSimplex simplex, DemandTable demands, int[] members)
    {
        simplex.Begin(members);
        var waiting = new List<int>(members.Where(demand => simplex.Rate[demand] < demands.Wanted[demand]));
        var rising = new List<int>();
        var level = 0.0;
        while (true)
        {
            Join(simplex, waiting, rising, level);
            Leave(simplex, rising, demand => demands.Wanted[demand] <= level);
            if (rising.Count == 0)
            {
                if (waiting.Count == 0)
                {
                    return;
                }

                level = waiting.Min(demand => simplex.Rate[demand]);
                continue;
            }

            var next = rising.Min(demand => demands.Wanted[demand]);
            foreach (var demand in waiting)
            {
                next = Math.Min(next, simplex.Rate[demand]);
            }

            if (simplex.Raise(next - level, out var raised))
            {
                level += raised;
                var most = simplex.MostBlocked();
                Leave(simplex, rising, demand => demand == most || simplex.Blocked(demand), mayChange: false);
                simplex.EndBlocked();
                foreach (var demand in members)
                {
                    simplex.Growth[demand] = 0;
                }

                rising.ForEach(demand => simplex.Growth[demand] = 1);
            }
            else
            {
                level = next;
            }
        }
    }

    private static void Join(FlowSimplex simplex, List<int> waiting, List<int> rising, double level)
    {
        foreach (var demand in waiting)
        {
            if (simplex.Rate[demand] <= level)
            {
                rising.Add(demand);
                simplex.Growth[demand] = 1;
            }
        }

        waiting.RemoveAll(demand => simplex.Rate[demand] <= level);
    }

    private static void Leave(FlowSimplex simplex, List<int> rising, Predicate<int> leaves, bool mayChange = true)
    {
        if (mayChange)
        {
            rising.ForEach(demand => simplex.Growth[demand] = leaves(demand) ? 0 : 1);
        }

        rising.RemoveAll(leaves);
    }
}
