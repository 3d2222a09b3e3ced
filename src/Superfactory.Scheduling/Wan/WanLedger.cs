using System.Collections.Immutable;
using Superfactory.Model.Fleet;

namespace Superfactory.Scheduling.Wan;

/// <summary>A rate reserved on a named route. Immutable.</summary>
/// <param name="Route">The sites from the sender to the receiver, both included.</param>
/// <param name="BytesPerSecond">The sustained rate.</param>
public sealed record WanReservation(ImmutableArray<string> Route, long BytesPerSecond);

/// <summary>What is reserved on each direction of each link. Not safe for concurrent use.</summary>
internal sealed class WanLedger
{
    private readonly ImmutableArray<string> _sites;
    private readonly long[] _capacity;
    private readonly long[] _reserved;
    private readonly long[] _roundTripTicks;
    private readonly int[] _before;
    private readonly long[] _distance;
    private readonly bool[] _done;

    /// <summary>A ledger of links that nothing is reserved on.</summary>
    public WanLedger(FleetSpecification fleet)
    {
        _sites = [.. fleet.Sites.Select(static site => site.Name)];
        var count = _sites.Length;
        (_capacity, _reserved, _roundTripTicks) = (new long[count * count], new long[count * count], new long[count * count]);
        (_before, _distance, _done) = (new int[count], new long[count], new bool[count]);
        foreach (var link in fleet.Links)
        {
            var (a, b) = (_sites.IndexOf(link.A), _sites.IndexOf(link.B));
            foreach (var direction in new[] { Direction(a, b), Direction(b, a) })
            {
                _capacity[direction] = link.Bandwidth.BitsPerSecond / 8;
                _roundTripTicks[direction] = link.RoundTrip.Ticks;
            }
        }
    }

    /// <summary>The number of a direction of a link.</summary>
    public int Direction(int from, int to) => (from * _sites.Length) + to;

    /// <summary>What a direction carries, in bytes per second; 0 where there is no link.</summary>
    public long Capacity(int from, int to) => _capacity[Direction(from, to)];

    /// <summary>What is reserved on a direction, in bytes per second.</summary>
    public long Reserved(int from, int to) => _reserved[Direction(from, to)];

    /// <summary>
    /// Reserves a rate from one site to another on the route of the shortest time that has room; of equally short ones that whose sites come first.
    /// </summary>
    /// <returns>The route; empty where none has room, and then nothing is reserved.</returns>
    public ImmutableArray<int> Reserve(int from, int to, long rate)
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

    /// <summary>Gives back what was reserved on a route, or takes it again where negative.</summary>
    public void Release(ImmutableArray<int> route, long rate) => Add(route, -rate);

    /// <summary>Whether all these rates have room at once.</summary>
    public bool HasRoom(ImmutableArray<(ImmutableArray<int> Route, long Rate)> routes)
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
    public ImmutableArray<string> Names(ImmutableArray<int> route) => [.. route.Select(site => _sites[site])];

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
        for (var hop = 1; hop < route.Count; hop++)
        {
            _reserved[Direction(route[hop - 1], route[hop])] += rate;
        }
    }
}
