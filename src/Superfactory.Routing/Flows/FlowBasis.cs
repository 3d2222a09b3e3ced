using System.Numerics;
using System.Runtime.InteropServices;

namespace Superfactory.Routing.Flows;

/// <summary>
/// The basis of the revised simplex method on path variables. Of each demand one path, its <em>key</em>, carries what its other paths do not, so
/// that demands need no rows (generalized upper bounds: Dantzig and Van Slyke, 1967). What is left is one row for each link:
/// Σ (links of path − links of key) · flow + (links of growing keys) · level + slack = capacity − Σ rate · links of key.
/// Holds the inverse of the basic columns and the basic values. Not safe for several threads.
/// </summary>
internal sealed class FlowBasis
{
    private readonly int _rows;
    private readonly double[] _capacity;
    private readonly double[] _rest;
    private readonly int[] _sameDemand;
    private double[][] _inverse;

    public FlowBasis(Network network, double[] capacity, int demands)
    {
        _rows = network.Links;
        _capacity = capacity;
        _rest = new double[_rows];
        _sameDemand = new int[_rows];
        _inverse = Identity(_rows);
        Values = [.. capacity];
        Paths = new FlowPath?[_rows];
        DemandOfRow = new int[_rows];
        Array.Fill(DemandOfRow, -1);
        Slack = [.. Enumerable.Range(0, _rows)];
        SlackRow = [.. Slack];
        Keys = new FlowPath?[demands];
        Rate = new double[demands];
        Growth = new double[demands];
    }

    /// <summary>The value of the variable in each row.</summary>
    public double[] Values { get; }

    /// <summary>The path in each row; null where a slack or the level stands there.</summary>
    public FlowPath?[] Paths { get; }

    /// <summary>The demand whose path stands in each row; −1 where there is none.</summary>
    public int[] DemandOfRow { get; }

    /// <summary>The link whose slack stands in each row; −1 where it is none.</summary>
    public int[] Slack { get; }

    /// <summary>The row in which each link's slack stands; −1 where the link is full.</summary>
    public int[] SlackRow { get; }

    /// <summary>The row of the level; −1 where the level is 0 and not basic.</summary>
    public int LevelRow { get; private set; } = -1;

    /// <summary>The key path of each demand; null before it is carried.</summary>
    public FlowPath?[] Keys { get; }

    /// <summary>The rate of each demand at level 0.</summary>
    public double[] Rate { get; }

    /// <summary>How much each demand's rate grows when the level grows by 1.</summary>
    public double[] Growth { get; }

    /// <summary>How often the inverse was changed since it was computed anew.</summary>
    public int Changes { get; private set; }

    /// <summary>The level.</summary>
    public double Level => LevelRow < 0 ? 0 : Values[LevelRow];

    /// <summary>Row <paramref name="row"/> of the inverse.</summary>
    public void ReadRow(int row, double[] target)
    {
        for (var link = 0; link < _rows; link++)
        {
            target[link] = _inverse[link][row];
        }
    }

    /// <summary>What one more unit of each link would save, in the flow's delay: − (delays of path − of key) times the inverse.</summary>
    public void ReadDelayPrices(double[] delays, double[] target)
    {
        for (var row = 0; row < _rows; row++)
        {
            _rest[row] = Paths[row] is { } path ? Keys[path.Demand]!.Cost(delays) - path.Cost(delays) : 0;
        }

        for (var link = 0; link < _rows; link++)
        {
            var (column, sum) = (_inverse[link], 0.0);
            for (var row = 0; row < _rows; row++)
            {
                sum += column[row] * _rest[row];
            }

            target[link] = sum;
        }
    }

    /// <summary>The inverse times the column of a path.</summary>
    public void PathColumn(FlowPath path, double[] target)
    {
        Array.Clear(target);
        foreach (var link in path.Links)
        {
            Add(target, _inverse[link], 1);
        }

        foreach (var link in Keys[path.Demand]!.Links)
        {
            Add(target, _inverse[link], -1);
        }
    }

    /// <summary>The inverse times the column of a slack.</summary>
    public void SlackColumn(int link, double[] target) => _inverse[link].CopyTo(target, 0);

    /// <summary>The inverse times the column of the level.</summary>
    public void LevelColumn(double[] target)
    {
        LoadOfKeys(Growth);
        Array.Clear(target);
        for (var link = 0; link < _rows; link++)
        {
            if (_rest[link] != 0)
            {
                Add(target, _inverse[link], _rest[link]);
            }
        }
    }

    /// <summary>The path of a demand that carries most.</summary>
    public FlowPath FullestPath(int demand)
    {
        var (best, most, key) = (Keys[demand]!, double.NegativeInfinity, Rate[demand]);
        for (var row = 0; row < _rows; row++)
        {
            if (Paths[row] is { } path && path.Demand == demand)
            {
                key -= Values[row];
                if (Values[row] > most)
                {
                    (best, most) = (path, Values[row]);
                }
            }
        }

        return key >= most ? Keys[demand]! : best;
    }

    /// <summary>Puts a path into a row in place of what stands there.</summary>
    public void EnterPath(int row, double[] column, FlowPath path, double value)
    {
        Replace(row, column, value);
        Paths[row] = path;
        DemandOfRow[row] = path.Demand;
    }

    /// <summary>Puts a slack into a row in place of what stands there.</summary>
    public void EnterSlack(int row, double[] column, int link, double value)
    {
        Replace(row, column, value);
        Slack[row] = link;
        SlackRow[link] = row;
    }

    /// <summary>Puts the level into a row in place of what stands there.</summary>
    public void EnterLevel(int row, double[] column, double value)
    {
        Replace(row, column, value);
        LevelRow = row;
    }

    /// <summary>The level's column has changed, and this is the inverse times the new one. Its value stays.</summary>
    public void ChangeLevelColumn(double[] column) => EnterLevel(LevelRow, column, Level);

    /// <summary>
    /// Makes the path in <paramref name="row"/> the key of its demand; the old key takes its row, with <paramref name="keyFlow"/>.
    /// New column of the row: the old one negated; of the demand's other paths: that one subtracted; of the level: growth times it added.
    /// The rows of the inverse change by the inverse of that.
    /// </summary>
    public void SwapKey(int row, double keyFlow)
    {
        var path = Paths[row]!;
        var growth = LevelRow >= 0 ? Growth[path.Demand] : 0;
        var count = 0;
        for (var other = 0; other < _rows; other++)
        {
            if (DemandOfRow[other] == path.Demand)
            {
                _sameDemand[count++] = other;
            }
        }

        foreach (var column in _inverse)
        {
            var sum = 0.0;
            for (var index = 0; index < count; index++)
            {
                sum += column[_sameDemand[index]];
            }

            column[row] = growth == 0 ? -sum : (growth * column[LevelRow]) - sum;
        }

        Paths[row] = Keys[path.Demand];
        Keys[path.Demand] = path;
        Values[row] = keyFlow;
        Changes++;
    }

    /// <summary>Moves the level's part of each rate into the rate, so that the level is 0.</summary>
    public void AbsorbLevel(double level)
    {
        for (var demand = 0; demand < Rate.Length; demand++)
        {
            if (Growth[demand] != 0)
            {
                Rate[demand] += Growth[demand] * level;
            }
        }

        if (LevelRow >= 0)
        {
            Values[LevelRow] = 0;
        }
    }

    /// <summary>Computes inverse and values anew from the basic variables, so that rounding errors do not add up.</summary>
    public void Refactor(double[] column)
    {
        var (paths, level) = (Paths.ToArray(), LevelRow);
        var slackBasic = SlackRow.Select(row => row >= 0).ToArray();
        _inverse = Identity(_rows);
        Array.Clear(Paths);
        Array.Fill(DemandOfRow, -1);
        LevelRow = -1;
        for (var link = 0; link < _rows; link++)
        {
            (Slack[link], SlackRow[link]) = (link, link);
        }

        for (var row = 0; row < _rows; row++)
        {
            if (paths[row] is { } path)
            {
                PathColumn(path, column);
                EnterPath(BestPlace(column, slackBasic), column, path, 0);
            }
        }

        if (level >= 0)
        {
            LevelColumn(column);
            EnterLevel(BestPlace(column, slackBasic), column, 0);
        }

        Changes = 0;
        LoadOfKeys(Rate);
        Array.Clear(Values);
        for (var link = 0; link < _rows; link++)
        {
            Add(Values, _inverse[link], _capacity[link] - _rest[link]);
        }
    }

    private static double[][] Identity(int rows)
    {
        var columns = new double[rows][];
        for (var link = 0; link < rows; link++)
        {
            columns[link] = new double[rows];
            columns[link][link] = 1;
        }

        return columns;
    }

    // The largest number among the rows whose slack is not basic and still stands there only as a beginning.
    private int BestPlace(double[] column, bool[] slackBasic)
    {
        var best = -1;
        for (var row = 0; row < _rows; row++)
        {
            if (Slack[row] >= 0 && !slackBasic[Slack[row]] && (best < 0 || Math.Abs(column[row]) > Math.Abs(column[best])))
            {
                best = row;
            }
        }

        return best;
    }

    private void LoadOfKeys(double[] rates)
    {
        Array.Clear(_rest);
        for (var demand = 0; demand < rates.Length; demand++)
        {
            if (rates[demand] != 0)
            {
                foreach (var link in Keys[demand]!.Links)
                {
                    _rest[link] += rates[demand];
                }
            }
        }
    }

    private void Replace(int row, double[] column, double value)
    {
        if (Slack[row] >= 0)
        {
            SlackRow[Slack[row]] = -1;
            Slack[row] = -1;
        }

        if (LevelRow == row)
        {
            LevelRow = -1;
        }

        Paths[row] = null;
        DemandOfRow[row] = -1;
        Values[row] = value;
        var pivot = 1 / column[row];
        for (var link = 0; link < _rows; link++)
        {
            var inverse = _inverse[link];
            if (inverse[row] != 0)
            {
                var factor = inverse[row] * pivot;
                Add(inverse, column, -factor);
                inverse[row] = factor;
            }
        }

        Changes++;
    }

    // Product and sum are rounded one by one, so that the result does not depend on the width of the machine's vectors.
    private static void Add(double[] target, double[] source, double factor)
    {
        var scale = new Vector<double>(factor);
        var targets = MemoryMarshal.Cast<double, Vector<double>>(target.AsSpan());
        var sources = MemoryMarshal.Cast<double, Vector<double>>(source.AsSpan())[..targets.Length];
        for (var index = 0; index < targets.Length; index++)
        {
            targets[index] += sources[index] * scale;
        }

        for (var index = targets.Length * Vector<double>.Count; index < target.Length; index++)
        {
            target[index] += source[index] * factor;
        }
    }
}
