namespace Superfactory.Sync.Merging.Dealing;

/// <summary>A set of positions as sorted ranges that neither touch nor overlap.</summary>
internal sealed class RangeSet
{
    private readonly List<PositionRange> _ranges = [];

    /// <summary>The ranges by rising start.</summary>
    public IReadOnlyList<PositionRange> Ranges => _ranges;

    /// <summary>Positions in the set.</summary>
    public long Count { get; private set; }

    /// <summary>Adds positions that are not in the set yet; false, and nothing changed, where one of them is.</summary>
    public bool TryAdd(PositionRange added)
    {
        if (added.End <= added.Start)
        {
            return added.End == added.Start;
        }

        var index = FirstEndingAfter(added.Start);
        if (index < _ranges.Count && _ranges[index].Start < added.End)
        {
            return false;
        }

        Count += added.End - added.Start;
        var joinsLeft = index > 0 && _ranges[index - 1].End == added.Start;
        var joinsRight = index < _ranges.Count && _ranges[index].Start == added.End;
        if (joinsLeft && joinsRight)
        {
            _ranges[index - 1] = new PositionRange(_ranges[index - 1].Start, _ranges[index].End);
            _ranges.RemoveAt(index);
        }
        else if (joinsLeft)
        {
            _ranges[index - 1] = _ranges[index - 1] with { End = added.End };
        }
        else if (joinsRight)
        {
            _ranges[index] = _ranges[index] with { Start = added.Start };
        }
        else
        {
            _ranges.Insert(index, added);
        }

        return true;
    }

    /// <summary>The first range whose end lies after <paramref name="position"/>.</summary>
    private int FirstEndingAfter(long position)
    {
        var (low, high) = (0, _ranges.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = _ranges[middle].End > position ? (low, middle) : (middle + 1, high);
        }

        return low;
    }
}
