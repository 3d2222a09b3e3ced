namespace Superfactory.Routing.Flows;

/// <summary>How far the entering variable can grow before another would fall below 0, and which that is. Not safe for several threads.</summary>
internal sealed class RatioTest(FlowBasis basis, int rows, int demands)
{
    // A variable may fall this far below 0, of the largest link, so that among those that reach 0 at about the same time
    // the one with the steadiest pivot can leave (Harris, 1973). 1e-13 of 100 Gbit/s is a thousandth of a byte per second.
    private const double Feasibility = 1e-13;

    // What changes less than this per unit of the entering variable is taken as not changing: rounding errors are some 1e-13.
    private const double PivotMin = 1e-9;

    private readonly double[] _sum = new double[demands];
    private readonly double[] _change = new double[demands];
    private readonly int[] _touched = new int[rows + 1];
    private readonly bool[] _isTouched = new bool[demands];
    private int _count;

    /// <summary>How far the entering variable goes.</summary>
    public double Step { get; private set; }

    /// <summary>The row whose variable leaves; −1 where it is a key, the level at its limit, or nothing.</summary>
    public int Row { get; private set; }

    /// <summary>The demand whose key leaves; −1 where it is none.</summary>
    public int KeyDemand { get; private set; }

    /// <summary>How fast the leaving key falls: the pivot where it takes a row.</summary>
    public double KeyPivot { get; private set; }

    /// <summary>What the leaving key carries before the step.</summary>
    public double KeyFlow { get; private set; }

    /// <summary>Whether the level comes to its limit first.</summary>
    public bool LevelAtLimit { get; private set; }

    /// <summary>Tests a column.</summary>
    /// <param name="column">The inverse times the entering column.</param>
    /// <param name="entering">The demand whose path enters; −1 where it is no path.</param>
    /// <param name="levelEnters">Whether the level enters.</param>
    /// <param name="limit">How far the level may rise; infinite where nothing limits it.</param>
    public void Test(double[] column, int entering, bool levelEnters, double limit)
    {
        var levelRate = levelEnters ? 1 : basis.LevelRow >= 0 ? -column[basis.LevelRow] : 0;
        Gather(column, entering, levelRate);
        var bound = double.PositiveInfinity;
        var values = basis.Values;
        for (var row = 0; row < column.Length; row++)
        {
            if (column[row] > PivotMin && row != basis.LevelRow)
            {
                var reach = (values[row] > 0 ? values[row] : 0) + Feasibility;
                bound = reach < bound * column[row] ? reach / column[row] : bound;
            }
        }

        for (var index = 0; index < _count; index++)
        {
            var demand = _touched[index];
            if (_change[demand] > PivotMin)
            {
                bound = Math.Min(bound, (Math.Max(0, _sum[demand]) + Feasibility) / _change[demand]);
            }
        }

        Choose(column, bound);
        LevelAtLimit = levelRate > PivotMin && (limit - basis.Level) / levelRate <= Step;
        if (LevelAtLimit)
        {
            Step = Math.Max(0, (limit - basis.Level) / levelRate);
            (Row, KeyDemand) = (-1, -1);
        }
    }

    /// <summary>The row of the path of a demand that carries most, not the key; −1 where there is none.</summary>
    public int FullestRow(int demand)
    {
        var best = -1;
        for (var row = 0; row < rows; row++)
        {
            if (basis.DemandOfRow[row] == demand && (best < 0 || basis.Values[row] > basis.Values[best]))
            {
                best = row;
            }
        }

        return best;
    }

    // Flow of the keys that change otherwise than by growing, and how fast they fall.
    private void Gather(double[] column, int entering, double levelRate)
    {
        for (var index = 0; index < _count; index++)
        {
            _isTouched[_touched[index]] = false;
        }

        _count = 0;
        if (entering >= 0)
        {
            Touch(entering, levelRate);
            _change[entering] += 1;
        }

        var (demands, values) = (basis.DemandOfRow, basis.Values);
        for (var row = 0; row < demands.Length; row++)
        {
            var demand = demands[row];
            if (demand >= 0)
            {
                Touch(demand, levelRate);
                _sum[demand] -= values[row];
                _change[demand] -= column[row];
            }
        }
    }

    private void Touch(int demand, double levelRate)
    {
        if (_isTouched[demand])
        {
            return;
        }

        _isTouched[demand] = true;
        _touched[_count++] = demand;
        _sum[demand] = basis.Rate[demand] + (basis.Growth[demand] * basis.Level);
        _change[demand] = -basis.Growth[demand] * levelRate;
    }

    private void Choose(double[] column, double bound)
    {
        (Row, KeyDemand, Step) = (-1, -1, double.PositiveInfinity);
        var pivot = PivotMin;
        var values = basis.Values;
        for (var row = 0; row < column.Length; row++)
        {
            if (column[row] > pivot && Math.Max(0, values[row]) <= bound * column[row] && row != basis.LevelRow)
            {
                pivot = column[row];
                (Row, Step) = (row, Math.Max(0, values[row]) / column[row]);
            }
        }

        for (var index = 0; index < _count; index++)
        {
            var demand = _touched[index];
            var change = _change[demand];
            if (change > pivot && Math.Max(0, _sum[demand]) <= bound * change)
            {
                pivot = change;
                (Row, KeyDemand, KeyPivot, KeyFlow) = (-1, demand, change, _sum[demand]);
                Step = Math.Max(0, _sum[demand]) / change;
            }
        }
    }
}
