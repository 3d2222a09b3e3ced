using Superfactory.Sync.Merging;

namespace Superfactory.Sync.Bridge.Measuring;

/// <summary>
/// Measures round trips by the signs of life that bridges give each other: each carries when it was said, by its sender's clock, and
/// which of the receiver's was heard last and how long before. For one thread.
/// </summary>
/// <param name="time">Its clock.</param>
internal sealed class RoundTrips(TimeProvider time)
{
    /// <summary>Trips to each peer of which the shortest counts: five seconds' worth. Others waited behind what is merged.</summary>
    private const int TripsMax = 20;

    private readonly Dictionary<int, (long Stamp, long At)> _heard = [];
    private readonly Dictionary<int, NewestValues> _trips = [];

    /// <summary>The longest of the peers' round trips in microseconds; 0 where none is known.</summary>
    public long LongestMicroseconds => _trips.Count == 0 ? 0 : _trips.Values.Max(static trips => trips.Least);

    /// <summary>What to say to a peer now.</summary>
    /// <param name="island">The peer's place.</param>
    public AliveMessage Next(int island)
    {
        var now = Now();
        return _heard.TryGetValue(island, out var heard) ? new AliveMessage { Stamp = now, Echo = heard.Stamp, Held = now - heard.At } : new AliveMessage { Stamp = now };
    }

    /// <summary>A peer said something.</summary>
    /// <param name="island">The peer's place.</param>
    /// <param name="alive">What it said.</param>
    public void Heard(int island, AliveMessage alive)
    {
        var now = Now();
        if (alive.Echo > 0 && now - alive.Echo - alive.Held is >= 0 and var trip)
        {
            if (!_trips.TryGetValue(island, out var trips))
            {
                _trips[island] = trips = new NewestValues(TripsMax);
            }

            trips.Add(trip);
        }

        _heard[island] = (alive.Stamp, now);
    }

    /// <summary>A peer went: what comes of it next may be another process, over another way.</summary>
    public void Forget(int island)
    {
        _heard.Remove(island);
        _trips.Remove(island);
    }

    /// <summary>Microseconds since a moment that only this process knows; at least 1.</summary>
    private long Now() => Math.Max(1, (long)(time.GetTimestamp() / (time.TimestampFrequency / 1e6)));
}
