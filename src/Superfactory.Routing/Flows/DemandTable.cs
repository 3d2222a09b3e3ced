using Superfactory.Model.Wan;

namespace Superfactory.Routing.Flows;

/// <summary>
/// The demands that some way leads to, numbered by class, sender and receiver, so that the numbers do not depend on the order of the
/// input. Immutable.
/// </summary>
internal sealed class DemandTable
{
    private DemandTable(Network network, (WanDemand Demand, int Index)[] demands)
    {
        InputIndex = Array.ConvertAll(demands, entry => entry.Index);
        From = Array.ConvertAll(demands, entry => network.Numbers[entry.Demand.From]);
        To = Array.ConvertAll(demands, entry => network.Numbers[entry.Demand.To]);
        Class = Array.ConvertAll(demands, entry => entry.Demand.Class);
        Wanted = Array.ConvertAll(
            demands,
            entry => entry.Demand.BytesPerSecond == WanDemand.Unlimited ? double.PositiveInfinity : entry.Demand.BytesPerSecond / network.Unit);
        BySource = new int[network.Sites][];
        for (var site = 0; site < network.Sites; site++)
        {
            BySource[site] = [.. Enumerable.Range(0, demands.Length).Where(number => From[number] == site)];
        }
    }

    /// <summary>How many there are.</summary>
    public int Count => From.Length;

    /// <summary>The place of each in the problem's demands.</summary>
    public int[] InputIndex { get; }

    /// <summary>The sending site of each.</summary>
    public int[] From { get; }

    /// <summary>The receiving site of each.</summary>
    public int[] To { get; }

    /// <summary>The class of each; ascending.</summary>
    public TrafficClass[] Class { get; }

    /// <summary>What each wants, in the network's unit, over 0; infinite where it wants as much as there is.</summary>
    public double[] Wanted { get; }

    /// <summary>The demands of each sending site, ascending.</summary>
    public int[][] BySource { get; }

    /// <summary>Takes the demands that want something and that the links can carry at all.</summary>
    public static DemandTable Of(WanProblem problem, Network network)
    {
        var reached = new bool[network.Sites, network.Sites];
        var search = new ShortestPaths(network);
        for (var source = 0; source < network.Sites; source++)
        {
            search.Search(source, network.Delay);
            for (var site = 0; site < network.Sites; site++)
            {
                reached[source, site] = !double.IsPositiveInfinity(search.Distance(site));
            }
        }

        return new DemandTable(network,
        [
            .. problem.Demands.Select((demand, index) => (demand, index))
                .Where(entry => entry.demand.BytesPerSecond > 0 && reached[network.Numbers[entry.demand.From], network.Numbers[entry.demand.To]])
                .OrderBy(entry => entry.demand.Class).ThenBy(entry => network.Numbers[entry.demand.From]).ThenBy(entry => network.Numbers[entry.demand.To]),
        ]);
    }
}
