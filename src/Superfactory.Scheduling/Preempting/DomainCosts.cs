using Superfactory.Model.Fleet;
using Superfactory.Scheduling.Capacity;

namespace Superfactory.Scheduling.Preempting;

/// <summary>What is lost by making room in domains, and in which of them the least is. Changes nothing. Not safe for concurrent use: it keeps its buffers.</summary>
internal sealed class DomainCosts(FleetState state)
{
    // More than all borrowed jobs together can lose.
    private static readonly Int128 _ownedCost = Int128.One << 80;

    private readonly List<(Int128 Cost, int Domain)> _costs = [];
    private readonly int[] _candidates = new int[state.Layout.Domains.Length];
    private readonly long[] _least = new long[state.Layout.Domains.Length];
    private readonly List<RunningJob> _jobs = [];
    private readonly List<int> _counts = [];

    /// <summary>The domains of a pool that cost the least to clear, near each other as the request wants; null where there are too few.</summary>
    public int[]? Cheapest(int pool, int slices, int slice, Within within, VictimRules rules, long now, out Int128 cost)
    {
        cost = 0;
        if (!rules.MayHave(pool, slices, slice))
        {
            return null;
        }

        var place = state.Layout.Pools[pool];
        if (slices == 1 || within == Within.Site)
        {
            return CheapestAnywhere(place, slices, slice, rules, now, out cost);
        }

        _costs.Clear();
        for (var domain = place.First; domain < place.First + place.Count; domain++)
        {
            if (CostOf(domain, slice, rules, now) is var each && each >= 0)
            {
                _costs.Add((each, domain));
            }
        }

        if (_costs.Count < slices)
        {
            return null;
        }

        _costs.Sort(Compare);
        return InOneGroup(slices, within, out cost);
    }

    /// <summary>Who may be stopped in a domain, the first to give way first. Valid until the next call.</summary>
    public List<RunningJob> InDomain(int domain, VictimRules rules, long now)
    {
        _jobs.Clear();
        _counts.Clear();
        foreach (ref readonly var held in state.SlicesIn(domain))
        {
            if (!rules.MayStop(held.Job))
            {
                continue;
            }

            // A handful: put in its place at once.
            var at = _jobs.Count;
            while (at > 0 && VictimRules.Compare(held.Job, _jobs[at - 1], now) < 0)
            {
                at--;
            }

            _jobs.Insert(at, held.Job);
            _counts.Insert(at, held.Count);
        }

        return _jobs;
    }

    private static int Compare((Int128 Cost, int Domain) one, (Int128 Cost, int Domain) other) =>
        one.Cost.CompareTo(other.Cost) is var order && order != 0 ? order : one.Domain.CompareTo(other.Domain);

    /// <summary>The cheapest domains wherever they are. Those that could lose the least are looked at first, and no others than could still be among the cheapest.</summary>
    private int[]? CheapestAnywhere(PoolPlace place, int slices, int slice, VictimRules rules, long now, out Int128 cost)
    {
        cost = 0;
        var count = GatherLeast(place, slice, rules, now);
        if (count < slices)
        {
            return null;
        }

        if (slices > 1)
        {
            Array.Sort(_least, _candidates, 0, count);
        }
        else
        {
            PutLeastFirst(count);
        }

        _costs.Clear();
        for (var at = 0; at < count; at++)
        {
            if (_costs.Count == slices && _least[at] > _costs[^1].Cost)
            {
                continue;
            }

            var each = (Cost: CostOf(_candidates[at], slice, rules, now), Domain: _candidates[at]);
            if (each.Cost >= 0 && (_costs.Count < slices || Compare(each, _costs[^1]) < 0))
            {
                Keep(each, slices);
            }
        }

        return _costs.Count < slices ? null : Sum(_costs, slices, out cost);
    }
    /// <summary>Fills the candidates with the domains that could have room, and no more than clearing each of them costs.</summary>
    private int GatherLeast(PoolPlace place, int slice, VictimRules rules, long now)
    {
        var count = 0;
        for (var domain = place.First; domain < place.First + place.Count; domain++)
        {
            var free = state.Domains.Free(domain);
            if (free >= slice)
            {
                (_candidates[count], _least[count++]) = (domain, 0);
            }
            else if (rules.MayHave(domain, slice))
            {
                (_candidates[count], _least[count++]) = (domain, rules.HasOwnIn(domain) ? 0 : state.LeastLoss(domain, slice - free, now));
            }
        }

        return count;
    }

    private void PutLeastFirst(int count)
    {
        var best = 0;
        for (var at = 1; at < count; at++)
        {
            best = _least[at] < _least[best] ? at : best;
        }

        (_least[0], _least[best], _candidates[0], _candidates[best]) = (_least[best], _least[0], _candidates[best], _candidates[0]);
    }

    /// <summary>Puts a domain in its place among the cheapest, of which there are no more than so many.</summary>
    private void Keep((Int128 Cost, int Domain) each, int most)
    {
        if (_costs.Count == most)
        {
            _costs.RemoveAt(most - 1);
        }

        var (low, high) = (0, _costs.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = Compare(_costs[middle], each) < 0 ? (middle + 1, high) : (low, middle);
        }

        _costs.Insert(low, each);
    }

    /// <summary>The cheapest group that has enough; of equally cheap ones the first.</summary>
    private int[]? InOneGroup(int slices, Within within, out Int128 cost)
    {
        int[]? best = null;
        cost = 0;
        foreach (var group in _costs.GroupBy(entry => GroupOf(entry.Domain, within)).OrderBy(static group => group.Key).Where(group => group.Count() >= slices))
        {
            var domains = Sum(group.Take(slices), slices, out var sum);
            if (best is null || sum < cost)
            {
                (best, cost) = (domains, sum);
            }
        }

        return best;
    }

    private static int[] Sum(IEnumerable<(Int128 Cost, int Domain)> chosen, int slices, out Int128 cost)
    {
        cost = 0;
        var domains = new int[slices];
        var filled = 0;
        foreach (var (each, domain) in chosen)
        {
            cost += each;
            domains[filled++] = domain;
        }

        return domains;
    }

    private int GroupOf(int domain, Within within)
    {
        var rack = state.Layout.Domains[domain].Rack;
        var row = state.Layout.Racks[rack].Row;
        return within switch { Within.Rack => rack, Within.Row => row, _ => state.Layout.Rows[row].Floor };
    }

    /// <summary>What is lost by making room in a domain; −1 where even all possible victims leave too little.</summary>
    private Int128 CostOf(int domain, int slice, VictimRules rules, long now)
    {
        var free = state.Domains.Free(domain);
        if (free >= slice)
        {
            return 0;
        }

        if (!rules.MayHave(domain, slice))
        {
            return -1;
        }

        InDomain(domain, rules, now);
        state.Tighten(domain);
        var cost = Int128.Zero;
        for (var next = 0; next < _jobs.Count; next++)
        {
            // A borrowed job's loss never weighs as much as an owned one's.
            cost += _jobs[next].Loss(now) + (_jobs[next].IsOwned ? _ownedCost : Int128.Zero);
            free += _counts[next];
            if (free >= slice)
            {
                return cost;
            }
        }

        return -1;
    }
}
