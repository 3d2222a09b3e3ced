using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Superfactory.Scheduling.Wan;

namespace Superfactory.Scheduling.Reserving;

/// <summary>
/// Starts that are reserved, and windows, and what they keep of each domain from those that would still run by then. Of a domain so much is kept as the
/// reserved need of it at some time beyond what those that run there are expected to have left by then. Not safe for concurrent use.
/// </summary>
public sealed class ReservationBook
{
    private readonly FleetState _state;
    private readonly List<Hold>?[] _holds;
    private readonly SortedDictionary<long, Reservation> _jobs = [];
    private readonly SortedDictionary<long, Reservation> _windows = [];
    private long _from;
    private long _until = long.MaxValue;
    private readonly long[] _seen;
    private readonly bool[] _isTouched;
    private readonly List<int> _touched = [];
    private readonly NeedSweep _sweep = new();
    private long _look;

    internal ReservationBook(FleetState state) =>
        (_state, _holds, _seen, _isTouched) = (state, new List<Hold>?[state.Layout.Domains.Length], new long[state.Layout.Domains.Length], new bool[state.Layout.Domains.Length]);

    /// <summary>Jobs' starts, by job.</summary>
    public IReadOnlyCollection<Reservation> Starts => _jobs.Values;

    /// <summary>Windows, by number.</summary>
    public IReadOnlyCollection<Reservation> Windows => _windows.Values;

    /// <summary>When the first job's start is; <see cref="long.MaxValue"/> where none is reserved.</summary>
    public long FirstStart { get; private set; } = long.MaxValue;

    /// <summary>Whether somebody looks for a start, and so takes away and gives back what those that run hold.</summary>
    internal bool IsSearching { get; set; }

    /// <summary>Whether nothing is reserved.</summary>
    public bool IsEmpty => _jobs.Count == 0 && _windows.Count == 0;

    /// <summary>The start that is reserved for a job.</summary>
    public bool TryFind(long job, [NotNullWhen(true)] out Reservation? reservation) => _jobs.TryGetValue(job, out reservation);

    /// <summary>Adds a window; one that names no place of the fleet keeps nothing.</summary>
    /// <returns>Whether there is such a place, and its times and number are in order.</returns>
    public bool Add(FleetWindow window)
    {
        ArgumentNullException.ThrowIfNull(window);
        if (_windows.ContainsKey(window.Id) || window.UntilMilliseconds <= window.FromMilliseconds || (window.Queue is { } queue && _state.Queues.Find(queue) < 0))
        {
            return false;
        }

        var holds = WindowPlaces.Of(_state, window);
        if (holds.Count == 0)
        {
            return false;
        }

        Add(new Reservation(null, window, window.Queue, window.FromMilliseconds, window.UntilMilliseconds, holds));
        return true;
    }

    /// <summary>Takes a window back.</summary>
    /// <returns>Whether there was one.</returns>
    public bool Cancel(long window) => _windows.TryGetValue(window, out var reservation) && Remove(reservation);

    /// <summary>Reserves a start that was decided earlier, as it was recorded.</summary>
    /// <returns>Whether each place is of the kind that the request names first, and the routes of its rates carry them.</returns>
    public bool AddRecorded(GangRequest request, IEnumerable<RecordedPlace> places, long start, bool isOwned, ImmutableArray<WanReservation> rates = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(places);
        var islands = places.Select(place => _state.RecordedIsland(request, place)).ToList();
        if (islands.Count == 0 || islands.Contains(null) || _jobs.ContainsKey(request.Job) || (!rates.IsDefaultOrEmpty && !_state.Wan.Carries(rates)))
        {
            return false;
        }

        Add(StartFinder.Reservation(_state, new Plan { Request = request, Islands = [.. islands.Select(static island => island!)], IsOwned = isOwned }, start, rates.IsDefaultOrEmpty ? [] : [.. rates.Select(rate => (_state.Wan.Numbers(rate), rate.BytesPerSecond))]));
        return true;
    }

    /// <summary>The start that is reserved for a job is no longer.</summary>
    /// <returns>Whether there was one.</returns>
    public bool Withdraw(long job) => _jobs.TryGetValue(job, out var reservation) && Remove(reservation);

    /// <summary>Whether something that is reserved starts so soon that somebody may have to be stopped for it now.</summary>
    internal bool IsSoon(long now)
    {
        if (FirstStart - _state.LongestStop <= now)
        {
            return true;
        }

        foreach (var window in _windows.Values)
        {
            if (window.StartMilliseconds - _state.LongestStop <= now)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The number of a window that is over; null where none is.</summary>
    internal long? OverWindow(long now)
    {
        foreach (var window in _windows.Values)
        {
            if (window.EndMilliseconds <= now)
            {
                return window.Window!.Id;
            }
        }

        return null;
    }

    internal IEnumerable<Reservation> All => _windows.Values.Concat(_jobs.Values);

    internal void Add(Reservation reservation)
    {
        if (reservation.Window is { } window)
        {
            _windows.Add(window.Id, reservation);
        }
        else
        {
            _jobs.Add(reservation.Job, reservation);
            FirstStart = Math.Min(FirstStart, reservation.StartMilliseconds);
        }

        foreach (var hold in reservation.Holds)
        {
            (_holds[hold.Domain] ??= []).Add(hold);
            Recompute(hold.Domain, _holds[hold.Domain]!);
            Touch(hold.Domain);
        }
    }

    internal bool Remove(Reservation reservation)
    {
        if (!(reservation.Window is { } window ? _windows.Remove(window.Id) : _jobs.Remove(reservation.Job)))
        {
            return false;
        }

        FirstStart = reservation.StartMilliseconds == FirstStart ? _jobs.Values.Select(static each => each.StartMilliseconds).DefaultIfEmpty(long.MaxValue).Min() : FirstStart;
        foreach (var hold in reservation.Holds)
        {
            var holds = _holds[hold.Domain]!;
            holds.Remove(hold);
            Recompute(hold.Domain, holds);
            _holds[hold.Domain] = holds.Count == 0 ? null : holds;
        }

        return true;
    }

    /// <summary>What is held of a domain changed.</summary>
    internal void Changed(int domain)
    {
        if (_holds[domain] is { } holds)
        {
            Recompute(domain, holds);
            Touch(domain);
        }
    }

    /// <summary>Whether anything of the domains of a start, or what is reserved there, changed since <see cref="Settle"/>: nothing else makes it unsound before its time.</summary>
    internal bool IsTouched(Reservation reservation)
    {
        foreach (var hold in reservation.Holds)
        {
            if (_isTouched[hold.Domain])
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Everything that is reserved was found to be sound, or is withdrawn.</summary>
    internal void Settle()
    {
        foreach (var domain in _touched)
        {
            _isTouched[domain] = false;
        }

        _touched.Clear();
    }

    private void Touch(int domain)
    {
        // What a search takes and gives back is as it was when it is over.
        if (!_isTouched[domain] && !IsSearching)
        {
            _isTouched[domain] = true;
            _touched.Add(domain);
        }
    }

    /// <summary>
    /// Whether what a job's start needs of a domain is there from its start to its end, beside all that is reserved there for those that do not go after it, with what those
    /// that run there have left by then. Those that go after it have to make room: they are the ones that have none.
    /// </summary>
    internal bool HasRoom(Hold hold)
    {
        var (of, holds, open) = (hold.Of, _holds[hold.Domain]!, Math.Max(0, _state.Domains.Open(hold.Domain)));
        foreach (var other in holds)
        {
            other.Of.IsLifted = Scheduler.GoesBefore(_state, of.Request!, other.Of);
        }

        var fits = true;
        foreach (var other in holds)
        {
            var time = Math.Max(of.StartMilliseconds, other.Of.StartMilliseconds);
            fits &= other.Of.IsLifted || time >= of.EndMilliseconds || NeededAt(hold.Domain, holds, 0, time, skipLifted: true).Count <= open;
        }

        foreach (var other in holds)
        {
            other.Of.IsLifted = false;
        }

        return fits;
    }

    /// <summary>What others reserved of a domain, in no order.</summary>
    internal List<Hold> Of(int domain) => _holds[domain] ?? [];

    /// <summary>
    /// Has the fleet seen as somebody sees it who holds from <paramref name="from"/> to <paramref name="until"/>: later starts keep nothing from it, nor do those
    /// that are lifted. Whoever ends by <paramref name="from"/> has been detached.
    /// </summary>
    internal void Look(long from, long until)
    {
        if (from == _from && until == _until)
        {
            return;
        }

        (var oldFrom, var oldUntil, _from, _until) = (_from, _until, from, until);
        _look++;
        foreach (var reservation in All)
        {
            // Who lies between the two looks is seen otherwise than before.
            if (from == oldFrom && oldFrom == 0 && reservation.StartMilliseconds < Math.Min(until, oldUntil))
            {
                continue;
            }

            foreach (var hold in reservation.Holds)
            {
                // Many starts share a domain: it is looked at once.
                if (_seen[hold.Domain] != _look)
                {
                    _seen[hold.Domain] = _look;
                    Recompute(hold.Domain, _holds[hold.Domain]!);
                }
            }
        }
    }

    /// <summary>Has a reservation keep nothing, or again what it did.</summary>
    internal void Lift(Reservation reservation, bool isLifted)
    {
        reservation.IsLifted = isLifted;
        Refresh(reservation);
    }

    private void Refresh(Reservation reservation)
    {
        foreach (var hold in reservation.Holds)
        {
            if (_holds[hold.Domain] is { } holds)
            {
                Recompute(hold.Domain, holds);
            }
        }
    }

    private void Recompute(int domain, List<Hold> holds)
    {
        var (count, watts) = Needed(domain, holds);
        _state.Keep(domain, count, watts);
    }

    private (int Count, long Watts) Needed(int domain, List<Hold> holds)
    {
        foreach (var hold in holds)
        {
            // What a window for a queue needs depends on who of the queue is there at the time.
            if (hold.Of.Window is { Queue: not null })
            {
                return NeededOneByOne(domain, holds, _from, _until);
            }
        }

        return _sweep.Most(holds, _state.SlicesIn(domain), _from, _until);
    }

    /// <summary>What is needed at each start by itself.</summary>
    internal (int Count, long Watts) NeededOneByOne(int domain, List<Hold> holds, long from, long until)
    {
        var (most, mostWatts) = (0, 0L);
        foreach (var at in holds)
        {
            var of = at.Of;
            if (of.StartMilliseconds >= until || of.EndMilliseconds <= from || of.IsLifted)
            {
                continue;
            }

            var (count, watts) = NeededAt(domain, holds, from, Math.Max(from, of.StartMilliseconds), skipLifted: true);
            (most, mostWatts) = (Math.Max(most, count), Math.Max(mostWatts, watts));
        }

        return (most, mostWatts);
    }

    private (int Count, long Watts) NeededAt(int domain, List<Hold> holds, long from, long time, bool skipLifted)
    {
        var (count, watts) = (0, 0L);
        foreach (var hold in holds)
        {
            if (hold.Of.StartMilliseconds > time || hold.Of.EndMilliseconds <= time || (skipLifted && hold.Of.IsLifted))
            {
                continue;
            }

            var of = hold.Of.Window is { Queue: not null } window ? LeftOf(hold, window, domain, holds, time) : (hold.Count, hold.Watts);
            (count, watts) = (count + of.Count, watts + of.Watts);
        }

        foreach (ref readonly var slice in _state.SlicesIn(domain))
        {
            // Who was to have ended before the time that is looked at, and runs on, ends nobody knows when.
            if (slice.Job.ExpectedEnd <= time && slice.Job.ExpectedEnd > from)
            {
                (count, watts) = (count - slice.Count, watts - slice.Watts);
            }
        }

        return (count, watts);
    }

    /// <summary>What is kept of a window for its queue: what its jobs have of it, or have reserved, needs no second room.</summary>
    private (int Count, long Watts) LeftOf(Hold hold, FleetWindow window, int domain, List<Hold> holds, long time)
    {
        var (count, watts) = (hold.Count, hold.Watts);
        foreach (ref readonly var slice in _state.SlicesIn(domain))
        {
            if (slice.Job.ExpectedEnd > time && _state.Queues.IsUnder(slice.Job.Request.Queue, window.Queue!))
            {
                (count, watts) = (count - slice.Count, watts - slice.Watts);
            }
        }

        foreach (var other in holds)
        {
            if (other.Of.Window is null && other.Of.StartMilliseconds <= time && other.Of.EndMilliseconds > time && _state.Queues.IsUnder(other.Of.Queue!, window.Queue!))
            {
                (count, watts) = (count - other.Count, watts - other.Watts);
            }
        }

        return (Math.Max(0, count), Math.Max(0, watts));
    }
}
