using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Superfactory.Model.Fleet;
using Superfactory.Model.Units;

namespace Superfactory.Scheduling.Wan;

/// <summary>A rate reserved on a named route. Immutable.</summary>
/// <param name="Route">The sites from the sender to the receiver, both included.</param>
/// <param name="BytesPerSecond">The sustained rate.</param>
public sealed record WanReservation(ImmutableArray<string> Route, long BytesPerSecond)
{
    /// <summary>The site that sends.</summary>
    [JsonIgnore]
    public string From => Route[0];

    /// <summary>The site that receives.</summary>
    [JsonIgnore]
    public string To => Route[^1];

    /// <summary>Whether the route is the same and the rate too.</summary>
    public bool Equals(WanReservation? other) => other is not null && BytesPerSecond == other.BytesPerSecond && Route.SequenceEqual(other.Route, StringComparer.Ordinal);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Route.Length, From, To, BytesPerSecond);

    /// <summary>Such as <c>40mbit wisconsin–texas–atlanta</c>.</summary>
    public override string ToString() => $"{Text(BytesPerSecond)} {string.Join('–', Route)}";

    /// <summary>A rate as users write it, such as <c>40mbit</c>.</summary>
    public static string Text(long bytesPerSecond) => new Bandwidth(Math.Min(bytesPerSecond, Bandwidth.MaxBitsPerSecond / 8) * 8).ToString();
}

/// <summary>What is reserved on each direction of each link. Not safe for concurrent use.</summary>
public sealed class WanLedger
{
    private readonly ImmutableArray<string> _sites;
    private readonly long[] _capacity;
    private readonly long[] _reserved;
    private readonly long[] _roundTripTicks;
    private readonly int[] _before;
    private readonly long[] _distance;
    private readonly bool[] _done;

    /// <summary>A ledger of a fleet's links that nothing is reserved on.</summary>
    internal WanLedger(FleetSpecification fleet)
        : this([.. fleet.Sites.Select(static site => site.Name)], fleet.Links)
    {
    }

    /// <summary>A ledger of links that nothing is reserved on.</summary>
    /// <param name="sites">All sites, each once.</param>
    /// <param name="links">Links between them, at most one between two.</param>
    public WanLedger(ImmutableArray<string> sites, IEnumerable<FleetLink> links)
    {
        ArgumentNullException.ThrowIfNull(links);
        _sites = sites;
        var count = _sites.Length;
        (_capacity, _reserved, _roundTripTicks) = (new long[count * count], new long[count * count], new long[count * count]);
        (_before, _distance, _done) = (new int[count], new long[count], new bool[count]);
        foreach (var link in links)
        {
            var (a, b) = (_sites.IndexOf(link.A), _sites.IndexOf(link.B));
            foreach (var direction in new[] { Direction(a, b), Direction(b, a) })
            {
                _capacity[direction] = link.Bandwidth.BitsPerSecond / 8;
                _roundTripTicks[direction] = link.RoundTrip.Ticks;
            }
        }
    }

    private WanLedger(ImmutableArray<string> sites, long[] capacity, long[] roundTripTicks)
    {
        (_sites, _capacity, _roundTripTicks, _reserved) = (sites, capacity, roundTripTicks, new long[capacity.Length]);
        (_before, _distance, _done) = (new int[sites.Length], new long[sites.Length], new bool[sites.Length]);
    }

    /// <summary>The number of a direction of a link.</summary>
    internal int Direction(int from, int to) => (from * _sites.Length) + to;

    /// <summary>What a direction carries, in bytes per second; 0 where there is no link.</summary>
    internal long Capacity(int from, int to) => _capacity[Direction(from, to)];

    /// <summary>Has a direction of a link carry so much more, or less where negative.</summary>
    internal void Raise(int from, int to, long rate) => _capacity[Direction(from, to)] += rate;

    /// <summary>What is reserved on a direction, in bytes per second.</summary>
    internal long Reserved(int from, int to) => _reserved[Direction(from, to)];

    /// <summary>Reserves a rate on the shortest route that has room, see the other.</summary>
    /// <returns>What is reserved now; null where no route has room, or a site is unknown.</returns>
    public WanReservation? Reserve(string from, string to, long rate)
    {
        var (source, target) = (_sites.IndexOf(from), _sites.IndexOf(to));
        return source >= 0 && target >= 0 && source != target && Reserve(source, target, rate) is { IsEmpty: false } route ? new WanReservation(Names(route), rate) : null;
    }

    /// <summary>Reserves a rate on the very route that was named.</summary>
    /// <returns>Whether it has room; if not nothing is reserved.</returns>
    public bool TryTake(WanReservation reservation)
    {
        ArgumentNullException.ThrowIfNull(reservation);
        var route = Numbers(reservation);
        for (var hop = 1; hop < route.Length; hop++)
        {
            if (route[hop - 1] < 0 || route[hop] < 0 || _capacity[Direction(route[hop - 1], route[hop])] - _reserved[Direction(route[hop - 1], route[hop])] < reservation.BytesPerSecond)
            {
                return false;
            }
        }

        Add(route, reservation.BytesPerSecond);
        return true;
    }

    /// <summary>Charges what is in use on a route, whether it has room or not; between unknown sites nothing.</summary>
    public void Take(WanReservation reservation)
    {
        ArgumentNullException.ThrowIfNull(reservation);
        Add(Numbers(reservation), reservation.BytesPerSecond);
    }

    /// <summary>Whether links would carry these if nothing else were reserved on them.</summary>
    internal bool Carries(ImmutableArray<WanReservation> reservations)
    {
        var empty = new WanLedger(_sites, _capacity, _roundTripTicks);
        return reservations.All(empty.TryTake);
    }

    /// <summary>Gives back what was reserved.</summary>
    public void Release(WanReservation reservation)
    {
        ArgumentNullException.ThrowIfNull(reservation);
        Add(Numbers(reservation), -reservation.BytesPerSecond);
    }

    /// <summary>The round trip of the shortest route between two sites, whatever is reserved; null where none joins them.</summary>
    public TimeSpan? RoundTrip(string from, string to)
    {
        var empty = new WanLedger(_sites, _capacity, _roundTripTicks);
        return empty.Reserve(from, to, 1) is { } found ? new TimeSpan(Hops(Numbers(found)).Sum(direction => _roundTripTicks[direction])) : null;
    }

    /// <summary>The sites of a route by their numbers; −1 for one that is not known.</summary>
    internal ImmutableArray<int> Numbers(WanReservation reservation) => [.. reservation.Route.Select(site => _sites.IndexOf(site))];

    /// <summary>
    /// Reserves a rate from one site to another on the route of the shortest time that has room; of equally short ones that whose sites come first.
    /// </summary>
    /// <returns>The route; empty where none has room, and then nothing is reserved.</returns>
    internal ImmutableArray<int> Reserve(int from, int to, long rate)
    {
        Array.Fill(_distance, long.MaxValue);
        Array.Clear(_done);
        _distance[from] = 0;
        for (var at = from; at >= 0 && at != to; at = Nearest())
        {
            _done[at] = true;
            for (var next = 0; next < _sites.Length; next++)
            {
                var direction = Direction(at, next);
                if (_done[next] || _capacity[direction] - _reserved[direction] < rate || _capacity[direction] == 0)
                {
                    continue;
                }

                // A tick for each link, so that of links without delay the fewest are taken.
                var distance = _distance[at] + _roundTripTicks[direction] + 1;
                if (distance < _distance[next])
                {
                    (_distance[next], _before[next]) = (distance, at);
                }
            }
        }

        if (_distance[to] == long.MaxValue)
        {
            return [];
        }

        var route = new List<int> { to };
        while (route[^1] != from)
        {
            route.Add(_before[route[^1]]);
        }

        route.Reverse();
        Add(route, rate);
        return [.. route];
    }

    /// <summary>What the links lack of the way from one site to another on which the least is lacking for a rate, of equal ones the shortest; empty where nothing is, or no links lead there.</summary>
    /// <param name="from">From this site.</param>
    /// <param name="to">To this one.</param>
    /// <param name="rate">The rate, in bytes per second.</param>
    /// <param name="beyondAll">Whether all of the rate is lacking, whatever the links have left.</param>
    internal List<(int From, int To, long Rate)> Lacking(int from, int to, long rate, bool beyondAll = false)
    {
        var (cost, before) = (new (long Missing, long Ticks)[_sites.Length], new int[_sites.Length]);
        Array.Fill(cost, (long.MaxValue, long.MaxValue));
        Array.Clear(_done);
        cost[from] = default;
        for (var at = from; at >= 0 && at != to; at = Cheapest(cost))
        {
            _done[at] = true;
            for (var next = 0; next < _sites.Length; next++)
            {
                var direction = Direction(at, next);
                var through = (cost[at].Missing + Missing(direction, rate, beyondAll), cost[at].Ticks + _roundTripTicks[direction] + 1);
                if (!_done[next] && _capacity[direction] > 0 && through.CompareTo(cost[next]) < 0)
                {
                    (cost[next], before[next]) = (through, at);
                }
            }
        }

        List<(int From, int To, long Rate)> lacking = [];
        for (var at = to; cost[to].Missing != long.MaxValue && at != from; at = before[at])
        {
            var direction = Direction(before[at], at);
            if (Missing(direction, rate, beyondAll) is var missing and > 0)
            {
                lacking.Add((before[at], at, missing));
            }
        }

        return lacking;
    }

    private long Missing(int direction, long rate, bool beyondAll) => Math.Max(0, beyondAll ? rate : rate - (_capacity[direction] - _reserved[direction]));

    private int Cheapest((long Missing, long Ticks)[] cost)
    {
        var cheapest = -1;
        for (var site = 0; site < _sites.Length; site++)
        {
            if (!_done[site] && cost[site].Missing != long.MaxValue && (cheapest < 0 || cost[site].CompareTo(cost[cheapest]) < 0))
            {
                cheapest = site;
            }
        }

        return cheapest;
    }

    /// <summary>Gives back what was reserved on a route, or takes it again where negative.</summary>
    internal void Release(ImmutableArray<int> route, long rate) => Add(route, -rate);

    /// <summary>Whether all these rates have room at once.</summary>
    internal bool HasRoom(ImmutableArray<(ImmutableArray<int> Route, long Rate)> routes)
    {
        foreach (var (route, rate) in routes)
        {
            Add(route, rate);
        }

        var fits = true;
        foreach (var (route, _) in routes)
        {
            for (var hop = 1; hop < route.Length; hop++)
            {
                fits &= _reserved[Direction(route[hop - 1], route[hop])] <= _capacity[Direction(route[hop - 1], route[hop])];
            }
        }

        foreach (var (route, rate) in routes)
        {
            Add(route, -rate);
        }

        return fits;
    }

    /// <summary>The names of a route's sites.</summary>
    internal ImmutableArray<string> Names(ImmutableArray<int> route) => [.. route.Select(site => _sites[site])];

    private int Nearest()
    {
        var nearest = -1;
        for (var site = 0; site < _sites.Length; site++)
        {
            if (!_done[site] && _distance[site] != long.MaxValue && (nearest < 0 || _distance[site] < _distance[nearest]))
            {
                nearest = site;
            }
        }

        return nearest;
    }

    private void Add(IReadOnlyList<int> route, long rate)
    {
        foreach (var direction in Hops(route))
        {
            _reserved[direction] += rate;
        }
    }

    private IEnumerable<int> Hops(IReadOnlyList<int> route)
    {
        for (var hop = 1; hop < route.Count; hop++)
        {
            if (route[hop - 1] >= 0 && route[hop] >= 0)
            {
                yield return Direction(route[hop - 1], route[hop]);
            }
        }
    }
}
