namespace Superfactory.Sync.Bridge.Measuring;

/// <summary>The newest of a series of values. For one thread.</summary>
/// <param name="most">How many are kept, at least 1.</param>
internal sealed class NewestValues(int most)
{
    private readonly long[] _values = new long[most];
    private long _added;

    private int Count => (int)Math.Min(_added, _values.Length);

    /// <summary>Their median, the lower one of two; 0 where there are none.</summary>
    public long Median => Count == 0 ? 0 : Sorted()[(Count - 1) / 2];

    /// <summary>The smallest; 0 where there are none.</summary>
    public long Least => Count == 0 ? 0 : Sorted()[0];

    /// <summary>Adds a value in the place of the oldest.</summary>
    public void Add(long value) => _values[_added++ % _values.Length] = value;

    /// <summary>Forgets all.</summary>
    public void Clear() => _added = 0;

    private long[] Sorted()
    {
        var sorted = _values[..Count];
        Array.Sort(sorted);
        return sorted;
    }
}
