namespace Superfactory.Routing.Flows;

/// <summary>
/// Paths and rates that fill links no further than they carry, improved step by step by the revised simplex method; new paths are found
/// by shortest ways under the links' prices (column generation: Ford and Fulkerson, 1958). Not safe for several threads.
/// </summary>
internal sealed class FlowSimplex
{
    // The inverse is computed anew after this many changes: about as long as errors stay below 1e-12.
    private const int ChangesMax = 200;

    private readonly Network _network;
    private readonly long _workMax;
    private readonly FlowBasis _basis;
    private readonly RatioTest _ratio;
    private readonly Pricing _pricing;
    private readonly FirstPaths _first;
    private readonly double[] _column;
    private double _raised;

    public FlowSimplex(Network network, DemandTable demands, double[] capacity, long workMax)
    {
        _network = network;
        _workMax = workMax;
        _basis = new FlowBasis(network, capacity, demands.Count);
        _ratio = new RatioTest(_basis, network.Links, demands.Count);
        _pricing = new Pricing(network, demands, _basis);
        _first = new FirstPaths(network, demands, _basis);
        _column = new double[network.Links];
    }

    /// <summary>The rate of each demand.</summary>
    public double[] Rate => _basis.Rate;

    /// <summary>How fast each demand grows; to be changed only between two calls of <see cref="Raise"/>.</summary>
    public double[] Growth => _basis.Growth;

    /// <summary>How many pivots there were.</summary>
    public int Pivots { get; private set; }

    /// <summary>
    /// Whether the work came to its limit, counted in pivots × links. From then on nothing is rerouted any more, so that each demand keeps
    /// to the ways that it has: what is found still fits the links and is no longer the optimum.
    /// </summary>
    public bool GaveUp => (long)Pivots * _network.Links > _workMax;

    /// <summary>Gives each of these demands that carry nothing yet a way, so that together they share the links about evenly.</summary>
    public void Begin(ReadOnlySpan<int> demands) => _first.Choose(demands);

    /// <summary>Gives each of these demands that carry nothing yet the fullest way that it has in other flows over the same links.</summary>
    public void BeginLike(FlowSimplex other, ReadOnlySpan<int> demands)
    {
        foreach (var demand in demands)
        {
            _basis.Keys[demand] = other._basis.FullestPath(demand);
        }
    }

    /// <summary>
    /// Raises the level, and each rate by its growth times as much, rerouting everything as needed, until it has risen by
    /// <paramref name="limit"/> or the links allow no more.
    /// </summary>
    /// <param name="limit">How far to raise, over 0; may be infinite.</param>
    /// <param name="raised">How far it was raised.</param>
    /// <returns>
    /// True where the links allow no more; then <see cref="Blocked"/> tells which demands that is true of, until
    /// <see cref="EndBlocked"/>, which must be called before anything else.
    /// </returns>
    public bool Raise(double limit, out double raised)
    {
        _raised = 0;
        while (true)
        {
            RefactorWhenDue();
            FlowPath? path = null;
            var slack = -1;
            var levelEnters = _basis.LevelRow < 0;
            if (levelEnters)
            {
                _basis.LevelColumn(_column);
            }
            else
            {
                _pricing.ReadLevelPrices();
                if (GaveUp || !_pricing.FindEntering(out path, out slack))
                {
                    raised = _raised + _basis.Level;
                    return true;
                }

                ReadColumn(path, slack);
            }

            _ratio.Test(_column, path?.Demand ?? -1, levelEnters, limit - _raised);
            if (double.IsPositiveInfinity(_ratio.Step))
            {
                throw new InvalidOperationException("Rates could grow without end, which no links of finite capacity allow.");
            }

            Pivots++;
            if (_ratio.LevelAtLimit)
            {
                FinishAtLimit(path, slack, levelEnters);
                raised = _raised;
                return false;
            }

            Take(path, slack, levelEnters);
        }
    }

    /// <summary>Whether a growing demand cannot grow while no other shrinks: its way has a price wherever it leads.</summary>
    public bool Blocked(int demand) => _pricing.HasPrice(demand);

    /// <summary>The growing demand whose way has the highest price.</summary>
    public int MostBlocked() => _pricing.Dearest();

    /// <summary>Ends what a blocked <see cref="Raise"/> left open.</summary>
    public void EndBlocked() => DropLevel();

    /// <summary>Reroutes, at the same rates, until the bytes are the shortest time under way.</summary>
    public void Shorten()
    {
        // Each pivot is a better way for somebody, and rates are the same wherever this ends.
        while (!GaveUp)
        {
            RefactorWhenDue();
            _pricing.ReadDelayPrices();
            if (!_pricing.FindEntering(out var path, out var slack))
            {
                return;
            }

            ReadColumn(path, slack);
            _ratio.Test(_column, path?.Demand ?? -1, levelEnters: false, double.PositiveInfinity);
            if (double.IsPositiveInfinity(_ratio.Step))
            {
                throw new InvalidOperationException("A way could take more and more of a finite rate.");
            }

            Pivots++;
            Take(path, slack, levelEnters: false);
        }
    }

    /// <summary>Every path that carries something, with what it carries; of one demand in any order.</summary>
    public IEnumerable<(FlowPath Path, double Flow)> Flows()
    {
        _basis.Refactor(_column);
        var keys = _basis.Rate.ToArray();
        for (var row = 0; row < _network.Links; row++)
        {
            if (_basis.Paths[row] is { } path)
            {
                keys[path.Demand] -= _basis.Values[row];
                yield return (path, _basis.Values[row]);
            }
        }

        for (var demand = 0; demand < keys.Length; demand++)
        {
            if (_basis.Keys[demand] is { } key)
            {
                yield return (key, keys[demand]);
            }
        }
    }

    private void ReadColumn(FlowPath? path, int slack)
    {
        if (path is not null)
        {
            _basis.PathColumn(path, _column);
        }
        else
        {
            _basis.SlackColumn(slack, _column);
        }
    }

    private void RefactorWhenDue()
    {
        if (_basis.Changes >= ChangesMax)
        {
            _basis.Refactor(_column);
        }
    }

    private void Move(double step)
    {
        for (var row = 0; row < _column.Length; row++)
        {
            _basis.Values[row] -= _column[row] * step;
        }
    }

    // The level leaves at its limit, and what entered takes its row.
    private void FinishAtLimit(FlowPath? path, int slack, bool levelEnters)
    {
        Move(_ratio.Step);
        var level = levelEnters ? _ratio.Step : _basis.Level;
        _basis.AbsorbLevel(level);
        _raised += level;
        if (!levelEnters)
        {
            Enter(_basis.LevelRow, path, slack, levelEnters: false);
        }
    }

    private void Take(FlowPath? path, int slack, bool levelEnters)
    {
        var row = _ratio.Row;
        var step = _ratio.Step;
        Move(step);
        if (row >= 0)
        {
            Enter(row, path, slack, levelEnters);
            return;
        }

        row = _ratio.FullestRow(_ratio.KeyDemand);
        if (row < 0)
        {
            ReplaceKey(path!);
            return;
        }

        // What the old key carries now is nearly 0, and it leaves at once.
        _basis.SwapKey(row, 0);
        _column[row] = _ratio.KeyPivot;
        Enter(row, path, slack, levelEnters);
    }

    private void Enter(int row, FlowPath? path, int slack, bool levelEnters)
    {
        if (levelEnters)
        {
            _basis.EnterLevel(row, _column, _ratio.Step);
        }
        else if (path is not null)
        {
            _basis.EnterPath(row, _column, path, _ratio.Step);
        }
        else
        {
            _basis.EnterSlack(row, _column, slack, _ratio.Step);
        }
    }

    // The whole rate of a demand goes over to another path. The level's column follows where the demand grows.
    private void ReplaceKey(FlowPath path)
    {
        if (_basis.LevelRow >= 0 && _basis.Growth[path.Demand] != 0)
        {
            var row = _basis.LevelRow;
            var growth = _basis.Growth[path.Demand];
            for (var index = 0; index < _column.Length; index++)
            {
                _column[index] *= growth;
            }

            _column[row] += 1;
            if (_column[row] > 1e-7)
            {
                _basis.ChangeLevelColumn(_column);
            }
            else
            {
                DropLevel();
            }
        }

        _basis.Keys[path.Demand] = path;
    }

    // The level starts from 0 again and leaves its row to the slack of a link that has a price and stays full.
    private void DropLevel()
    {
        var level = _basis.Level;
        _basis.AbsorbLevel(level);
        _raised += level;
        var link = _pricing.DearestLink();
        _basis.SlackColumn(link, _column);
        _basis.EnterSlack(_basis.LevelRow, _column, link, 0);
    }
}
