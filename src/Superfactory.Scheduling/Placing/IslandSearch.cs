using System.Numerics;
using Superfactory.Model.Fleet;
using Superfactory.Scheduling.Capacity;

namespace Superfactory.Scheduling.Placing;

/// <summary>A place for an island in one pool. Immutable.</summary>
internal sealed record IslandCandidate(int Pool, int Slice, int[] Domains, long WattsPerSlice, PlacementScore Score);

/// <summary>
/// Finds places for islands: one slice into the fullest domain that has room; several equal slices on the fewest floors and rows. Looks at the state and
/// never changes it. Not safe for concurrent use: it keeps its buffers.
/// </summary>
internal sealed class IslandSearch
{
    private readonly FleetState _state;
    private readonly SplitTable _splits = new();
    private readonly ulong[] _eligible;
    private readonly int[] _members;
    private readonly List<Group> _groups = [];
    private readonly List<int> _floorTotals = [];
    private long[] _keys = new long[64];
    private long[] _order = new long[64];

    /// <summary>A search of that state.</summary>
    public IslandSearch(FleetState state)
    {
        _state = state;
        var largest = state.Layout.Pools.Select(static pool => pool.Count).DefaultIfEmpty(0).Max();
        (_eligible, _members) = (new ulong[(largest + 63) / 64], new int[largest]);
    }

    /// <summary>The most accelerators in equal slices that the last search that failed found room for, whatever the slices' number.</summary>
    public long Found { get; private set; }

    /// <summary>What the last search that failed lacks in power where it found room; null where it lacks room.</summary>
    public PendingReason.Power? PowerShort { get; private set; }

    /// <summary>Finds a place in a pool; null where there is none.</summary>
    public IslandCandidate? Find(int pool, GangRequest request, int preference, long toCopy)
    {
        var place = _state.Layout.Pools[pool];
        var wanted = request.AcceleratorsPerIsland;
        (Found, PowerShort) = (0, null);
        if (place.IsCounted)
        {
            var free = _state.Domains.Free(place.First);
            Found = Math.Max(0, free);
            return wanted > free ? null : new IslandCandidate(pool, wanted, [place.First], Watts(place, wanted, request), new PlacementScore(preference, toCopy, 1, 1, 0, free - wanted, 0, request.Spread));
        }

        foreach (var slices in _splits.Of(place, wanted))
        {
            var slice = wanted / slices;
            var domains = slices == 1 ? FindOne(pool, slice, request) : FindSeveral(pool, slices, slice, request);
            if (domains is not null)
            {
                return new IslandCandidate(pool, slice, domains, Watts(place, slice, request), Score(place, pool, domains, slice, request.Spread) with { Preference = preference, ToCopy = toCopy });
            }
        }

        return null;
    }

    private static long Watts(PoolPlace pool, int count, GangRequest request) => FleetState.Watts(pool.Hardware, count, request.PeakThousandths);

    private PlacementScore Score(PoolPlace place, int pool, int[] domains, int slice, bool spread)
    {
        var (floors, rows, opened, left) = (0, 0, 0, 0);
        var (lastFloor, lastRow) = (-1, -1);
        foreach (var domain in domains)
        {
            // Domains come floor by floor and row by row.
            var row = _state.Layout.Racks[_state.Layout.Domains[domain].Rack].Row;
            var floor = _state.Layout.Rows[row].Floor;
            (floors, rows) = (floors + (floor == lastFloor ? 0 : 1), rows + (row == lastRow ? 0 : 1));
            (lastFloor, lastRow) = (floor, row);
            var free = _state.Domains.Free(domain);
            opened += free == place.Capacity ? 1 : 0;
            left += free - slice;
        }

        return new PlacementScore(0, 0, floors, rows, opened, left, (_state.Domains.Index(pool)?.CountAt(place.Capacity) ?? 0) - opened, spread);
    }

    private int[]? FindOne(int pool, int slice, GangRequest request)
    {
        var place = _state.Layout.Pools[pool];
        var watts = Watts(place, slice, request);
        if (_state.Domains.Index(pool) is not { } index)
        {
            Found = Math.Max(Found, _state.Domains.Free(place.First));
            return _state.Domains.Free(place.First) >= slice && Feeds(place.First, watts) ? [place.First] : null;
        }

        Found = Math.Max(Found, index.Highest());
        if (request.Spread)
        {
            for (var level = index.Highest(); level >= slice; level--)
            {
                if (index.CountAt(level) > 0 && FirstFed(index.At(level), place.First, watts) is var emptiest and >= 0)
                {
                    return [emptiest];
                }
            }

            return null;
        }

        for (var level = index.NextLevel(slice); level >= 0; level = index.NextLevel(level + 1))
        {
            if (FirstFed(index.At(level), place.First, watts) is var fullest and >= 0)
            {
                return [fullest];
            }
        }

        return null;
    }

    /// <summary>The first domain of a set that has the power; −1 where none has.</summary>
    private int FirstFed(ReadOnlySpan<ulong> set, int first, long watts)
    {
        for (var word = 0; word < set.Length; word++)
        {
            for (var bits = set[word]; bits != 0; bits &= bits - 1)
            {
                var domain = first + (word << 6) + BitOperations.TrailingZeroCount(bits);
                if (Feeds(domain, watts))
                {
                    return domain;
                }
            }
        }

        return -1;
    }

    private bool Feeds(int domain, long watts)
    {
        var rack = _state.Layout.Domains[domain].Rack;
        if (_state.Power.FitsRack(rack, watts))
        {
            return true;
        }

        Lacks(rack, watts, _state.Power.Left(PowerLevel.Rack, rack), _state.Power.Left(PowerLevel.Row, _state.Layout.Racks[rack].Row));
        return false;
    }

    /// <summary>Remembers what a rack or its row lacks, if it is the least so far.</summary>
    private void Lacks(int rack, long watts, long rackLeft, long rowLeft)
    {
        var missing = watts - Math.Min(rackLeft, rowLeft);
        if (PowerShort is null || missing < PowerShort.Watts)
        {
            var name = _state.Layout.RackNames[rack];
            PowerShort = new PendingReason.Power(missing, rackLeft <= rowLeft ? name : name[..name.LastIndexOf('/')]);
        }
    }

    private int[]? FindSeveral(int pool, int slices, int slice, GangRequest request)
    {
        if (_state.Domains.Index(pool) is not { } index)
        {
            return null;
        }

        var (within, eligible) = (request.Within, index.CountFrom(slice));
        if (eligible < slices && within == Within.Site)
        {
            Found = Math.Max(Found, (long)eligible * slice);
            return null;
        }

        index.Collect(slice, _eligible);
        var count = Gather(pool, index.Words, Watts(_state.Layout.Pools[pool], slice, request), within == Within.Rack);
        Found = Math.Max(Found, (long)Shared(count, within) * slice);
        return within switch
        {
            Within.Rack or Within.Row => Smallest(slices) is var group and >= 0 ? InGroups([(group, slices)], slices, request.Spread) : null,
            Within.Floor => SmallestFloor(slices) is var floor and >= 0 ? InGroups(Rows(floor, slices), slices, request.Spread) : null,
            _ => count < slices ? null : InGroups(Anywhere(slices), slices, request.Spread),
        };
    }

    /// <summary>The most of the domains gathered that share what slices must.</summary>
    private int Shared(int count, Within within) =>
        within == Within.Site ? count : within == Within.Floor ? _floorTotals.DefaultIfEmpty(0).Max() : _groups.Select(static group => group.Count).DefaultIfEmpty(0).Max();

    /// <summary>Gathers the domains that have room and power, group by group, as many of each rack and row as its budget feeds.</summary>
    private int Gather(int pool, int words, long watts, bool byRack)
    {
        var layout = _state.Layout;
        var first = layout.Pools[pool].First;
        var (count, rack, row, floor) = (0, -1, -1, -1);
        var (rackLeft, rowLeft) = (0L, 0L);
        _groups.Clear();
        _floorTotals.Clear();
        for (var word = 0; word < words; word++)
        {
            for (var bits = _eligible[word]; bits != 0; bits &= bits - 1)
            {
                var domain = first + (word << 6) + BitOperations.TrailingZeroCount(bits);
                var at = layout.Domains[domain].Rack;
                if (at != rack)
                {
                    var newRow = layout.Racks[at].Row;
                    if (newRow != row || byRack)
                    {
                        rowLeft = newRow == row ? rowLeft : _state.Power.Left(PowerLevel.Row, newRow);
                        if (layout.Rows[newRow].Floor != floor)
                        {
                            floor = layout.Rows[newRow].Floor;
                            _floorTotals.Add(0);
                        }

                        _groups.Add(new Group(_floorTotals.Count - 1, count, 0));
                        row = newRow;
                    }

                    (rack, rackLeft) = (at, _state.Power.Left(PowerLevel.Rack, at));
                }

                if (watts > rackLeft || watts > rowLeft)
                {
                    Lacks(at, watts, rackLeft, rowLeft);
                    continue;
                }

                (rackLeft, rowLeft) = (rackLeft - watts, rowLeft - watts);
                _members[count++] = domain;
                _groups[^1] = _groups[^1] with { Count = _groups[^1].Count + 1 };
                _floorTotals[^1]++;
            }
        }

        return count;
    }

    /// <summary>The smallest group that holds so many and is not among the fullest; −1 where none does.</summary>
    private int Smallest(int slices, int floor = -1, int fullest = 0)
    {
        var best = -1;
        for (var group = 0; group < _groups.Count; group++)
        {
            var count = _groups[group].Count;
            if ((floor < 0 || _groups[group].Floor == floor) && count >= slices && (best < 0 || count < _groups[best].Count) && !IsAmong(group, fullest))
            {
                best = group;
            }
        }

        return best;
    }

    private bool IsAmong(int group, int fullest)
    {
        for (var place = 0; place < fullest; place++)
        {
            if (GroupOf(_order[place]) == group)
            {
                return true;
            }
        }

        return false;
    }

    private int SmallestFloor(int slices)
    {
        var best = -1;
        for (var floor = 0; floor < _floorTotals.Count; floor++)
        {
            if (_floorTotals[floor] >= slices && (best < 0 || _floorTotals[floor] < _floorTotals[best]))
            {
                best = floor;
            }
        }

        return best;
    }

    /// <summary>One floor where one is enough, else the fullest floors first.</summary>
    private List<(int Group, int Count)> Anywhere(int slices)
    {
        if (SmallestFloor(slices) is var single and >= 0)
        {
            return Rows(single, slices);
        }

        List<(int, int)> chosen = [];
        var floors = Enumerable.Range(0, _floorTotals.Count).OrderByDescending(floor => _floorTotals[floor]).ThenBy(static floor => floor).ToList();
        foreach (var floor in floors)
        {
            var take = Math.Min(slices, _floorTotals[floor]);
            if (take > 0)
            {
                chosen.AddRange(Rows(floor, take));
                slices -= take;
            }
        }

        return chosen;
    }

    /// <summary>The fewest rows of a floor: the fullest first, and at the end the smallest that holds the rest.</summary>
    private List<(int Group, int Count)> Rows(int floor, int slices)
    {
        if (Smallest(slices, floor) is var single and >= 0)
        {
            return [(single, slices)];
        }

        if (_order.Length < _groups.Count)
        {
            _order = new long[_groups.Count * 2];
        }

        var rows = 0;
        for (var group = 0; group < _groups.Count; group++)
        {
            if (_groups[group].Floor == floor && _groups[group].Count > 0)
            {
                _order[rows++] = ((long)(int.MaxValue - _groups[group].Count) << 32) | (uint)group;
            }
        }

        Array.Sort(_order, 0, rows);
        List<(int, int)> chosen = [];
        for (var place = 0; place < rows && slices > 0; place++)
        {
            var group = GroupOf(_order[place]);
            var take = Math.Min(slices, _groups[group].Count);
            chosen.Add((take == slices ? Smallest(slices, floor, place) : group, take));
            slices -= take;
        }

        return chosen;
    }

    /// <summary>The group of an entry of the order of the fullest.</summary>
    private static int GroupOf(long entry) => (int)(entry & int.MaxValue);

    /// <summary>The domains of groups, in the order of the fleet; of a group that has more than are needed, those that have the least left, or the most.</summary>
    private int[] InGroups(List<(int Group, int Count)> chosen, int slices, bool spread)
    {
        var domains = new int[slices];
        var filled = 0;
        foreach (var (group, wanted) in chosen)
        {
            var (start, count) = (_groups[group].Start, _groups[group].Count);
            if (_keys.Length < count)
            {
                _keys = new long[count * 2];
            }

            for (var member = 0; member < count; member++)
            {
                var free = _state.Domains.Free(_members[start + member]);
                _keys[member] = ((long)(spread ? int.MaxValue - free : free) << 32) | (uint)_members[start + member];
            }

            if (wanted < count)
            {
                Array.Sort(_keys, 0, count);
            }

            for (var member = 0; member < wanted; member++)
            {
                domains[filled++] = (int)(_keys[member] & int.MaxValue);
            }
        }

        Array.Sort(domains);
        return domains;
    }

    /// <summary>Domains of a row, or of a rack, that have room.</summary>
    private readonly record struct Group(int Floor, int Start, int Count);
}
