using System.Runtime.InteropServices;

namespace Superfactory.Scheduling.Reserving;

/// <summary>Which domains a window is of.</summary>
internal static class WindowPlaces
{
    /// <summary>
    /// The domains at a window's place: all of them, or as many as hold its accelerators, those first that the fewest are expected to be held of when it begins. A
    /// window for a queue has the power for its accelerators; one for nobody draws none.
    /// </summary>
    public static List<(int Domain, int Count, long Watts)> Of(FleetState state, FleetWindow window)
    {
        List<(int Held, int Domain)> domains = [];
        for (var domain = 0; domain < state.Layout.Domains.Length; domain++)
        {
            if (IsAt(state, domain, window.Place))
            {
                domains.Add((HeldThen(state, domain, window), domain));
            }
        }

        if (window.Accelerators > 0)
        {
            domains.Sort();
        }

        List<(int, int, long)> holds = [];
        var left = window.Accelerators == 0 ? long.MaxValue : window.Accelerators;
        foreach (var (_, domain) in CollectionsMarshal.AsSpan(domains))
        {
            var pool = state.Layout.Pools[state.Layout.Domains[domain].Pool];
            var count = (int)Math.Min(left, pool.IsCounted ? pool.Capacity : state.Layout.Domains[domain].Offered * pool.PerNode);
            if (count > 0)
            {
                holds.Add((domain, count, window.Queue is null ? 0 : FleetState.Watts(pool.Hardware, count, 1000)));
                left -= count;
            }
        }

        return left > 0 && window.Accelerators > 0 ? [] : holds;
    }

    /// <summary>Whether a path is that of a place or of something in it.</summary>
    public static bool IsUnder(string path, string place) => path == place || (path.Length > place.Length && path[place.Length] == '/' && path.StartsWith(place, StringComparison.Ordinal));

    private static bool IsAt(FleetState state, int domain, string place) => IsUnder(state.Layout.RackNames[state.Layout.Domains[domain].Rack], place);

    private static int HeldThen(FleetState state, int domain, FleetWindow window)
    {
        var held = 0;
        foreach (ref readonly var slice in state.SlicesIn(domain))
        {
            held += slice.Job.ExpectedEnd > window.FromMilliseconds ? slice.Count : 0;
        }

        return held;
    }
}
