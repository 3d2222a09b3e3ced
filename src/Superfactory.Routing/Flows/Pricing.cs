namespace Superfactory.Routing.Flows;

/// <summary>What links cost, and which path or slack would make the flows better. Not safe for several threads.</summary>
internal sealed class Pricing
{
    // Of the highest price: what is better by less is rounding.
    private const double Tolerance = 1e-10;

    // Of the highest price: a way that costs less is free.
    private const double FreeMax = 1e-8;

    // Added to a length for each part of a link's delay in the delays of all, so that of equally cheap ways the quick one is tried first.
    private const double DelayWeight = 1e-12;

    // A better path goes before a link's slack, which mostly undoes what the last path overdid; a search of so many senders for one costs less than that.
    private const int SourcesFirst = 4;

    private readonly Network _network;
    private readonly DemandTable _demands;
    private readonly FlowBasis _basis;
    private readonly ShortestPaths _search;
    private readonly double[] _prices;
    private readonly double[] _costs;
    private readonly double[] _lengths;
    private readonly double _allDelays;
    private double _highest;
    private int _source;

    public Pricing(Network network, DemandTable demands, FlowBasis basis)
    {
        (_network, _demands, _basis) = (network, demands, basis);
        _search = new ShortestPaths(network);
        _prices = new double[network.Links];
        _costs = new double[network.Links];
        _lengths = new double[network.Links];
        _allDelays = Math.Max(1, network.Delay.Sum());
    }

    /// <summary>Prices for the highest level: what one more unit of each link would raise it by.</summary>
    public void ReadLevelPrices()
    {
        _basis.ReadRow(_basis.LevelRow, _prices);
        _prices.CopyTo(_costs, 0);
        SetLengths();
    }

    /// <summary>Prices for the shortest time under way: what one more unit of each link would save, and that added to its delay as cost.</summary>
    public void ReadDelayPrices()
    {
        _basis.ReadDelayPrices(_network.Delay, _prices);
        for (var link = 0; link < _prices.Length; link++)
        {
            _costs[link] = _prices[link] + _network.Delay[link];
        }

        SetLengths();
    }

    /// <summary>Finds a path or a slack that makes the flows better.</summary>
    /// <returns>False where there is none: they are the best.</returns>
    public bool FindEntering(out FlowPath? path, out int slack)
    {
        slack = -1;
        path = BestPath(Math.Min(SourcesFirst, _network.Sites));
        if (path is not null)
        {
            return true;
        }

        var lowest = -Tolerance * _highest;
        for (var link = 0; link < _prices.Length; link++)
        {
            if (_prices[link] < lowest && _basis.SlackRow[link] < 0)
            {
                (slack, lowest) = (link, _prices[link]);
            }
        }

        if (slack < 0)
        {
            path = BestPath(_network.Sites - SourcesFirst);
        }

        return slack >= 0 || path is not null;
    }

    /// <summary>Whether the cheapest way of a demand costs something. Keys are cheapest ways when <see cref="FindEntering"/> finds nothing.</summary>
    public bool HasPrice(int demand) => _basis.Keys[demand]!.Cost(_prices) > FreeMax * _highest;

    /// <summary>The growing demand whose way costs most.</summary>
    public int Dearest()
    {
        var (best, cost) = (-1, double.NegativeInfinity);
        for (var demand = 0; demand < _demands.Count; demand++)
        {
            if (_basis.Growth[demand] != 0 && _basis.Keys[demand]!.Cost(_prices) > cost)
            {
                (best, cost) = (demand, _basis.Keys[demand]!.Cost(_prices));
            }
        }

        return best;
    }

    /// <summary>The full link with the highest price.</summary>
    public int DearestLink()
    {
        var best = -1;
        for (var link = 0; link < _prices.Length; link++)
        {
            if (_basis.SlackRow[link] < 0 && (best < 0 || _prices[link] > _prices[best]))
            {
                best = link;
            }
        }

        return best;
    }

    private void SetLengths()
    {
        _highest = 0;
        foreach (var price in _costs)
        {
            _highest = price > _highest ? price : _highest;
        }

        var weight = DelayWeight * _highest / _allDelays;
        for (var link = 0; link < _lengths.Length; link++)
        {
            _lengths[link] = (_costs[link] > 0 ? _costs[link] : 0) + (weight * _network.Delay[link]);
        }
    }

    // The best path of the next senders in turn, of the first that has one.
    private FlowPath? BestPath(int senders)
    {
        FlowPath? path = null;
        for (var tried = 0; tried < senders && path is null; tried++)
        {
            path = BestPathFrom(_source);
            _source = _source + 1 == _network.Sites ? 0 : _source + 1;
        }

        return path;
    }

    private FlowPath? BestPathFrom(int source)
    {
        var searched = false;
        var (best, gain) = (-1, Tolerance * _highest);
        foreach (var demand in _demands.BySource[source])
        {
            if (_basis.Rate[demand] <= 0 && _basis.Growth[demand] <= 0)
            {
                continue;
            }

            var cost = _basis.Keys[demand]!.Cost(_costs);
            if (cost <= gain)
            {
                continue;
            }

            if (!searched)
            {
                searched = true;
                _search.Search(source, _lengths);
            }

            if (cost - _search.Distance(_demands.To[demand]) > gain)
            {
                (best, gain) = (demand, cost - _search.Distance(_demands.To[demand]));
            }
        }

        return best < 0 ? null : new FlowPath(best, _search.LinksTo(_demands.To[best]));
    }
}
