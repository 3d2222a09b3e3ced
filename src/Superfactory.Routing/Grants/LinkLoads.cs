using System.Collections.Immutable;

namespace Superfactory.Routing.Grants;

/// <summary>What a plan puts on each link, and whose it is. Immutable.</summary>
internal sealed class LinkLoads
{
    private readonly Dictionary<(string From, string To), long> _capacity = [];
    private readonly Dictionary<(string From, string To), long> _load = [];
    private readonly Dictionary<(string From, string To), HashSet<string>> _senders = [];

    public LinkLoads(WanPlan plan, ImmutableArray<WanLink> links)
    {
        foreach (var link in links)
        {
            _capacity[(link.From, link.To)] = link.BytesPerSecond;
        }

        foreach (var allocation in plan.Allocations)
        {
            foreach (var path in allocation.Paths)
            {
                for (var hop = 1; hop < path.Sites.Length; hop++)
                {
                    var link = (path.Sites[hop - 1], path.Sites[hop]);
                    _load[link] = _load.GetValueOrDefault(link) + path.BytesPerSecond;
                    if (!_senders.TryGetValue(link, out var senders))
                    {
                        _senders[link] = senders = new HashSet<string>(StringComparer.Ordinal);
                    }

                    senders.Add(allocation.Demand.From);
                }
            }
        }
    }

    /// <summary>What the link carries when it is full.</summary>
    public long Capacity((string From, string To) link) => _capacity[link];

    /// <summary>Whether at least so many thousandths of it are used.</summary>
    public bool IsFull((string From, string To) link, int thousandths) => _load.GetValueOrDefault(link) >= _capacity[link] / 1000.0 * thousandths;

    /// <summary>Whether it carries traffic of any other site.</summary>
    public bool HasOtherSender((string From, string To) link, string sender) => _senders[link].Count > 1 || !_senders[link].Contains(sender);
}
