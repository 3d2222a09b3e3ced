using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Superfactory.Scheduling.Wan;

namespace Superfactory.Scheduling.Reserving;

/// <summary>
/// Starts that are reserved, and windows, and what they keep of each domain from those that would still run by then. Of a domain so much is kept as the
/// reserved need of it at some time beyond what those that run there are expected to have left by then. Not safe for concurrent use.
/// </summary>
public sealed partial class ReservationBook
{
    private readonly FleetState _state;
    private readonly List<Hold>?[] _holds;
    private readonly NeedSweep?[] _sweeps;
    private readonly Dictionary<long, Reservation> _jobs = [];
    private readonly List<Reservation> _windows = [], _starts = [], _all = [];
    private long _from;
    private long _until = long.MaxValue;
    private readonly long[] _seen;
    private readonly bool[] _isTouched;
    private readonly List<int> _touched = [];
    private long _look;
    private int _lifted, _claims;

    internal ReservationBook(FleetState state) =>
        (_state, _holds, _sweeps, _seen, _isTouched) = (state, new List<Hold>?[state.Layout.Domains.Length], new NeedSweep?[state.Layout.Domains.Length], new long[state.Layout.Domains.Length], new bool[state.Layout.Domains.Length]);

    /// <summary>Jobs' starts, by job.</summary>
    public IReadOnlyCollection<Reservation> Starts => _starts;

    /// <summary>Windows, by number.</summary>
    public IReadOnlyCollection<Reservation> Windows => _windows;

    /// <summary>When the first job's start is; <see cref="long.MaxValue"/> where none is reserved.</summary>
    public long FirstStart { get; private set; } = long.MaxValue;

    /// <summary>Whether it is only thought of that something were reserved or not.</summary>
    internal bool IsSearching { get; set; }

    /// <summary>The time up to which it is known who runs longer than was expected.</summary>
    internal long Now { get; private set; }

    /// <summary>Whether nothing is reserved.</summary>
    public bool IsEmpty => _all.Count == 0;

    /// <summary>Whether anything is kept for owners that wait for those that borrow what is theirs.</summary>
    internal bool HasClaims => _claims > 0;

    /// <summary>The start that is reserved for a job.</summary>
    public bool TryFind(long job, [NotNullWhen(true)] out Reservation? reservation) => _jobs.TryGetValue(job, out reservation);

    /// <summary>Adds a window; one that names no place of the fleet keeps nothing.</summary>
    /// <returns>Whether there is such a place, and its times and number are in order.</returns>
    public bool Add(FleetWindow window)
    {
        ArgumentNullException.ThrowIfNull(window);
        if (Find(window.Id) is not null || window.UntilMilliseconds <= window.FromMilliseconds || (window.Queue is { } queue && _state.Queues.Find(queue) < 0))
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
    public bool Cancel(long window) => Find(window) is { } reservation && Remove(reservation);

    /// <summary>Reserves a start that was decided earlier, as it was recorded.</summary>
    /// <param name="request">The job.</param>
    /// <param name="places">Where its islands are to be.</param>
    /// <param name="start">When it starts.</param>
    /// <param name="isOwned">Whether it is on its queue's guarantee then.</param>
    /// <param name="rates">What is kept for it, on the routes on which it is.</param>
    /// <param name="claimedAt">When it was made, where it is a claim; null where it is none.</param>
    /// <returns>Whether each place is of the kind that the request names first, and the routes of its rates carry them.</returns>
    public bool AddRecorded(GangRequest request, IEnumerable<RecordedPlace> places, long start, bool isOwned, ImmutableArray<WanReservation> rates = default, long? claimedAt = null)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(places);
        var islands = places.Select(place => _state.RecordedIsland(request, place)).ToList();
        if (islands.Count == 0 || islands.Contains(null) || _jobs.ContainsKey(request.Job) || (!rates.IsDefaultOrEmpty && !_state.Wan.Carries(rates)))
        {
            return false;
        }

        Add(StartFinder.Reservation(_state, new Plan { Request = request, Islands = [.. islands.Select(static island => island!)], IsOwned = isOwned }, start, rates.IsDefaultOrEmpty ? [] : [.. rates.Select(rate => (_state.Wan.Numbers(rate), rate.BytesPerSecond))], claimedAt is not null, claimedAt ?? long.MaxValue));
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

        foreach (var window in _windows)
        {
            if (LeftFrom(window) <= now)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>When a window is begun to be left for those whom it is for, in milliseconds since 1970.</summary>
    internal long LeftFrom(Reservation window) => window.StartMilliseconds - Math.Max(_state.LongestStop, window.Window!.NoticeMilliseconds);

    /// <summary>Whether a window is begun to be left after a time and not after another.</summary>
    internal bool BeginsBetween(long after, long until)
    {
        foreach (var window in _windows)
        {
            if (LeftFrom(window) is var from && from > after && from <= until)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The number of a window that is over; null where none is.</summary>
    internal long? OverWindow(long now)
    {
        foreach (var window in _windows)
        {
            if (window.EndMilliseconds <= now)
            {
                return window.Window!.Id;
            }
        }

        return null;
    }

    /// <summary>Windows by number, then jobs' starts by job.</summary>
    internal List<Reservation> All => _all;

    /// <summary>Jobs' starts, by job.</summary>
    internal List<Reservation> StartsByJob => _starts;

    internal void Add(Reservation reservation)
    {
        if (reservation.Window is not null)
        {
            var place = PlaceIn(_windows, reservation);
            _windows.Insert(place, reservation);
            _all.Insert(place, reservation);
        }
        else
        {
            _jobs.Add(reservation.Job, reservation);
            var place = PlaceIn(_starts, reservation);
            _starts.Insert(place, reservation);
            _all.Insert(_windows.Count + place, reservation);
            FirstStart = Math.Min(FirstStart, reservation.StartMilliseconds);
            _claims += reservation.IsClaim ? 1 : 0;
        }

        foreach (var hold in reservation.Holds)
        {
            (_holds[hold.Domain] ??= []).Add(hold);
            Reorder(hold.Domain);
            Recompute(hold.Domain, _holds[hold.Domain]!);
            Touch(hold.Domain);
        }
    }

    internal bool Remove(Reservation reservation)
    {
        if (!_all.Remove(reservation))
        {
            return false;
        }

        _ = reservation.Window is not null ? _windows.Remove(reservation) : _starts.Remove(reservation) && _jobs.Remove(reservation.Job);
        FirstStart = reservation.StartMilliseconds == FirstStart ? _starts.Select(static each => each.StartMilliseconds).DefaultIfEmpty(long.MaxValue).Min() : FirstStart;
        _claims -= reservation.IsClaim ? 1 : 0;
        if (!IsSearching && (reservation.IsOwned || reservation.Window is not null))
        {
            // Nobody but those before it could have had what was kept.
            _state.Regain();
        }

        foreach (var hold in reservation.Holds)
        {
            var holds = _holds[hold.Domain]!;
            holds.Remove(hold);
            Reorder(hold.Domain);
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
            Reorder(domain);
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
        // What is only thought of is as it was when that is over.
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
            other.Of.IsLifted = other.Of != of && MakesRoom(other.Of, of);
        }

        var (fits, looked) = (true, -1L);
        foreach (var other in holds)
        {
            var time = Math.Max(of.Since, other.Of.Since);
            if (!fits || other.Of.IsLifted || time == looked || time >= of.EndMilliseconds)
            {
                continue;
            }

            looked = time;
            fits = NeededAt(hold.Domain, holds, 0, time).Count <= open;
        }

        foreach (var other in holds)
        {
            other.Of.IsLifted = false;
        }

        return fits;
    }

    /// <summary>Whether what is reserved for one makes room for another: starts that are expected make room for claims, and of two claims the earlier needs nothing of what the later waits for.</summary>
    private bool MakesRoom(Reservation reservation, Reservation of) => reservation.IsFailing || Scheduler.GoesBefore(_state, of.Request!, reservation)
        || (of.IsClaim && (reservation.Window is { } window ? window.IsFar(of.Request!, of.StartMilliseconds) : !reservation.IsClaim || (reservation.Queue != of.Queue
            && reservation.StartMilliseconds.CompareTo(of.StartMilliseconds) is var order && (order > 0 || (order == 0 && reservation.Job > of.Job)))));

    /// <summary>What others reserved of a domain, in no order.</summary>
    internal List<Hold> Of(int domain) => _holds[domain] ?? [];

    /// <summary>
    /// Has the fleet seen as somebody sees it who holds from <paramref name="from"/> to <paramref name="until"/>: later starts keep nothing from it, nor do those
    /// that are lifted. Whoever ends by <paramref name="from"/> holds nothing any more.
    /// </summary>
    internal void Look(long from, long until)
    {
        if (from == _from && until == _until)
        {
            return;
        }

        (var oldFrom, var oldUntil, _from, _until) = (_from, _until, from, until);
        _look++;
        foreach (var reservation in _all)
        {
            // Who lies between the two looks is seen otherwise than before.
            if (from == oldFrom && oldFrom == 0 && reservation.Since < Math.Min(until, oldUntil))
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
        _lifted += reservation.IsLifted == isLifted ? 0 : isLifted ? 1 : -1;
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

    private Reservation? Find(long window)
    {
        foreach (var each in _windows)
        {
            if (each.Window!.Id == window)
            {
                return each;
            }
        }

        return null;
    }

    /// <summary>The place of a window among windows, or of a start among starts, by their numbers.</summary>
    private static int PlaceIn(List<Reservation> sorted, Reservation reservation)
    {
        var (low, high, number) = (0, sorted.Count, reservation.Window?.Id ?? reservation.Job);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = (sorted[middle].Window?.Id ?? sorted[middle].Job) < number ? (middle + 1, high) : (low, middle);
        }

        return low;
    }
}
