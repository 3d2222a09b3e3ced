using System.Numerics;

namespace Superfactory.Scheduling.Reserving;

/// <summary>Which domains a window is of.</summary>
internal static class WindowPlaces
{
    /// <summary>
    /// The domains at a window's place: all of them, or as many as hold its accelerators beside other windows of that time: those first that its jobs run on already, then what is expected to be free when it
    /// begins, then what is held by those that were to have ended and run on, then those that the fewest are expected to be held of. So nobody is stopped where enough is
    /// free elsewhere. A window that somebody may use has the power for its accelerators; one for nobody draws none. None where there are not enough.
    /// </summary>
    public static List<(int Domain, int Count, long Watts)> Of(FleetState state, FleetWindow window)
    {
        List<Place> places = [];
        for (var domain = 0; domain < state.Layout.Domains.Length; domain++)
        {
            if (IsOf(state, domain, window) && Offered(state, domain, window) is var offered and > 0)
            {
                places.Add(Look(state, domain, offered, window));
            }
        }

        if (window.Accelerators == 0)
        {
            return [.. places.Select(place => Hold(state, window, place.Domain, place.Offered))];
        }

        var (left, counts) = (window.Accelerators, new SortedDictionary<int, int>());
        foreach (var place in places)
        {
            Take(place.Domain, Math.Min(place.Own, place.Room));
        }

        places = [.. places.OrderBy(static place => place.Others).ThenBy(static place => place.Domain)];
        for (var held = Held.Free; held <= Held.Any; held++)
        {
            foreach (var place in places)
            {
                var most = held switch { Held.Free => place.Free, Held.Overrun => place.Free + place.Overrun, _ => place.Room };
                Take(place.Domain, Math.Min(most, place.Room) - counts.GetValueOrDefault(place.Domain));
            }
        }

        return left > 0 && !window.OrFewer ? [] : [.. counts.Select(each => Hold(state, window, each.Key, each.Value))];

        void Take(int domain, int most)
        {
            if (Math.Min(left, most) is var count and > 0)
            {
                counts[domain] = counts.GetValueOrDefault(domain) + (int)count;
                left -= count;
            }
        }
    }

    /// <summary>Whether a path is that of a place or of something in it.</summary>
    public static bool IsUnder(string path, string place) => path == place || (path.Length > place.Length && path[place.Length] == '/' && path.StartsWith(place, StringComparison.Ordinal));

    private static bool IsOf(FleetState state, int domain, FleetWindow window) =>
        (window.Place is null || IsUnder(state.Layout.RackNames[state.Layout.Domains[domain].Rack], window.Place))
        && (window.Hardware is null || state.Layout.Pools[state.Layout.Domains[domain].Pool].Hardware.Name == window.Hardware);

    /// <summary>What a domain offers; of one of which a window needs no more than a part, what is in service of it.</summary>
    private static int Offered(FleetState state, int domain, FleetWindow window)
    {
        var pool = state.Layout.Pools[state.Layout.Domains[domain].Pool];
        return pool.IsCounted ? pool.Capacity : (window.Accelerators == 0 ? state.Layout.Domains[domain].Offered : BitOperations.PopCount(state.Domains.InService(domain))) * pool.PerNode;
    }

    private static (int Domain, int Count, long Watts) Hold(FleetState state, FleetWindow window, int domain, int count) =>
        (domain, count, window.IsForNobody ? 0 : FleetState.Watts(state.Layout.Pools[state.Layout.Domains[domain].Pool].Hardware, count, 1000));

    /// <summary>
    /// What other windows leave of a domain at any time of a window, and what jobs that are expected to run on when it begins hold of it. What is free is counted at each time at which one of them begins
    /// there, with what those leave who are to have left by then: what a later one needs then is not missing before.
    /// </summary>
    private static Place Look(FleetState state, int domain, int offered, FleetWindow window)
    {
        List<(FleetWindow Window, int Count)> others = [.. state.Reserved.Of(domain).Where(hold => hold.Of.Window is { } other && other.Meets(window)).Select(static hold => (hold.Of.Window!, hold.Count))];
        var (room, own, free) = (offered, 0, int.MaxValue);
        foreach (var time in others.Select(static other => other.Window.FromMilliseconds).Where(from => from > window.FromMilliseconds).Prepend(window.FromMilliseconds).Distinct())
        {
            List<(FleetWindow, int, long)> active = [.. others.Where(other => other.Window.FromMilliseconds <= time && time < other.Window.UntilMilliseconds).Select(static other => (other.Window, other.Count, 0L))];
            room = Math.Min(room, offered - active.Sum(static each => each.Item2));
            var kept = state.Reserved.Unfilled(domain, [.. active], [], time, state.Reserved.Now).Count;
            var ownThen = offered + kept - state.Reserved.Unfilled(domain, [.. active, (window, offered, 0)], [], time, state.Reserved.Now).Count;
            own = time == window.FromMilliseconds ? ownThen : own;
            free = Math.Min(free, ownThen + Math.Max(0, state.Domains.Open(domain) + Leaving(state, domain, time) - kept));
        }

        var (held, overrun) = (0, 0);
        foreach (ref readonly var slice in state.SlicesIn(domain))
        {
            // Who was to have ended, and runs on, ends nobody knows when.
            var isOver = slice.Job.ExpectedEnd <= state.Reserved.Now;
            if ((isOver || slice.Job.ExpectedEnd > window.FromMilliseconds) && !window.IsFor(state.Queues, slice.Job.Request.Queue, slice.Job.Number))
            {
                (held, overrun) = (held + slice.Count, overrun + (isOver ? slice.Count : 0));
            }
        }

        return new Place(domain, offered, Math.Max(0, room), own, held, overrun, Math.Max(own, free));
    }

    /// <summary>What those of a domain leave who are expected to have ended by a time.</summary>
    private static int Leaving(FleetState state, int domain, long time)
    {
        var count = 0;
        foreach (ref readonly var slice in state.SlicesIn(domain))
        {
            count += slice.Job.ExpectedEnd <= time && slice.Job.ExpectedEnd > state.Reserved.Now ? slice.Count : 0;
        }

        return count;
    }

    /// <summary>What of a domain is taken next.</summary>
    private enum Held
    {
        Free,
        Overrun,
        Any,
    }

    /// <summary>A domain: what it offers, what other windows leave of it, what those who may use the window and others hold of it, what of that those who were to have ended, and what the window has of it while nobody is stopped.</summary>
    private readonly record struct Place(int Domain, int Offered, int Room, int Own, int Others, int Overrun, int Free);
}
