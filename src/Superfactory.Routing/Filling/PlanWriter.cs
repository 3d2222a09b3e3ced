using System.Collections.Immutable;
using Superfactory.Model.Wan;
using Superfactory.Routing.Flows;

namespace Superfactory.Routing.Filling;

/// <summary>Turns flows into whole bytes per second that no link is over its capacity with.</summary>
internal static class PlanWriter
{
    public static WanPlan Write(WanProblem problem, Network network, DemandTable demands, FlowSimplex flows)
    {
        List<Share> shares =
        [
            .. flows.Flows().Select(flow => new Share(flow.Path, Round(flow.Flow * network.Unit))).Where(share => share.BytesPerSecond > 0)
                .OrderBy(share => share.Path.Demand).ThenByDescending(share => share.BytesPerSecond).ThenBy(share => string.Join(',', share.Path.Links), StringComparer.Ordinal),
        ];
        Limit(problem, demands, shares);
        Fit(network, shares);
        var paths = new ImmutableArray<WanPath>.Builder?[problem.Demands.Length];
        foreach (var share in shares.Where(share => share.BytesPerSecond > 0))
        {
            (paths[demands.InputIndex[share.Path.Demand]] ??= ImmutableArray.CreateBuilder<WanPath>()).Add(new WanPath
            {
                Sites = [network.SiteNames[network.From[share.Path.Links[0]]], .. share.Path.Links.Select(link => network.SiteNames[network.To[link]])],
                BytesPerSecond = share.BytesPerSecond,
            });
        }

        return new WanPlan(
        [
            .. problem.Demands.Select((demand, index) => paths[index] is { } ways
                ? new WanAllocation(demand, ways.Sum(way => way.BytesPerSecond), ways.ToImmutable())
                : new WanAllocation(demand, 0, [])),
        ]);
    }

    private static long Round(double bytesPerSecond) => (long)Math.Round(Math.Max(0, bytesPerSecond), MidpointRounding.ToEven);

    // Paths that are rounded up together may be a byte over what was wanted.
    private static void Limit(WanProblem problem, DemandTable demands, List<Share> shares)
    {
        foreach (var group in shares.GroupBy(share => share.Path.Demand))
        {
            var over = group.Sum(share => share.BytesPerSecond) - problem.Demands[demands.InputIndex[group.Key]].BytesPerSecond;
            foreach (var share in group.Reverse().TakeWhile(_ => over > 0))
            {
                var less = Math.Min(over, share.BytesPerSecond);
                share.BytesPerSecond -= less;
                over -= less;
            }
        }
    }

    // Paths that are rounded up together may be some bytes over a link: each of them gives one byte in turn, lower classes first.
    private static void Fit(Network network, List<Share> shares)
    {
        var load = new long[network.Links];
        foreach (var share in shares)
        {
            foreach (var link in share.Path.Links)
            {
                load[link] += share.BytesPerSecond;
            }
        }

        for (var link = 0; link < network.Links; link++)
        {
            while (load[link] > network.BytesPerSecond[link])
            {
                for (var index = shares.Count - 1; index >= 0 && load[link] > network.BytesPerSecond[link]; index--)
                {
                    if (shares[index].BytesPerSecond > 0 && shares[index].Path.Links.Contains(link))
                    {
                        shares[index].BytesPerSecond--;
                        foreach (var crossed in shares[index].Path.Links)
                        {
                            load[crossed]--;
                        }
                    }
                }
            }
        }
    }

    private sealed class Share(FlowPath path, long bytesPerSecond)
    {
        public FlowPath Path { get; } = path;

        public long BytesPerSecond { get; set; } = bytesPerSecond;
    }
}
