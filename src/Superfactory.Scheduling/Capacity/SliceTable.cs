namespace Superfactory.Scheduling.Capacity;

/// <summary>
/// Who holds what in each domain, and the least that stopping somebody of them loses. References that lie side by side: taking a slice out
/// touches no other one. Not safe for concurrent use.
/// </summary>
internal sealed class SliceTable
{
    private const int FirstRoom = 4;

    private readonly Slice[][] _slices;
    private readonly int[] _counts;
    private readonly Bound[] _bounds;

    /// <summary>A table of nothing held.</summary>
    public SliceTable(int domains)
    {
        (_slices, _counts, _bounds) = (new Slice[domains][], new int[domains], new Bound[domains]);
        Array.Fill(_slices, []);
        Array.Fill(_bounds, Bound.None);
    }

    /// <summary>What is held of a domain, in no order. Valid until the next change.</summary>
    public ReadOnlySpan<Slice> In(int domain) => _slices[domain].AsSpan(0, _counts[domain]);

    /// <summary>A slice is held.</summary>
    public void Add(Slice slice)
    {
        ref var slices = ref _slices[slice.Domain];
        var count = _counts[slice.Domain]++;
        if (count == slices.Length)
        {
            Array.Resize(ref slices, Math.Max(FirstRoom, count * 2));
        }

        slices[count] = slice;
        Widen(slice);
    }

    /// <summary>A slice is held no longer.</summary>
    public void Remove(Slice slice)
    {
        var (slices, count) = (_slices[slice.Domain], --_counts[slice.Domain]);
        var place = Array.IndexOf(slices, slice, 0, count + 1);
        (slices[place], slices[count]) = (slices[count], null!);
        if (count == 0)
        {
            _bounds[slice.Domain] = Bound.None;
        }
    }

    /// <summary>A borrowed job's slice counts for the least that a stop loses.</summary>
    public void Widen(Slice slice)
    {
        if (!slice.Job.IsOwned)
        {
            ref var bound = ref _bounds[slice.Domain];
            bound = new Bound(Math.Max(bound.Newest, slice.Job.CheckpointMilliseconds - slice.Job.StopCost), Math.Min(bound.Least, slice.Job.Accelerators));
        }
    }

    /// <summary>Looks anew at the jobs of a domain, of which some have gone.</summary>
    public void Tighten(int domain)
    {
        _bounds[domain] = Bound.None;
        foreach (var slice in In(domain))
        {
            Widen(slice);
        }
    }

    /// <summary>
    /// No more than is lost where so many accelerators of borrowed jobs are freed in a domain: at least the smallest job stops, and each of its accelerators loses
    /// what the one that loses the least does.
    /// </summary>
    public long LeastLoss(int domain, int accelerators, long now)
    {
        ref readonly var bound = ref _bounds[domain];
        return bound.Least == int.MaxValue ? 0 : Math.Max(accelerators, bound.Least) * Math.Max(0, now - bound.Newest);
    }

    /// <summary>Of a domain's borrowed jobs: the latest checkpoint less the cost of stopping, and the fewest accelerators. May be of jobs that have gone.</summary>
    private readonly record struct Bound(long Newest, int Least)
    {
        public static readonly Bound None = new(long.MinValue / 2, int.MaxValue);
    }
}
