using System.Collections.Immutable;
using Superfactory.Scheduling.Reserving;
using Superfactory.Scheduling.Tables;

namespace Superfactory.Scheduling.Pending;

/// <content>Starts that are reserved for those that wait longest, and those that may go ahead of them.</content>
public sealed partial class Backlog
{
    /// <summary>Of the fleet's jobs that wait so many have a start reserved, beside the first of each queue.</summary>
    public const int ReservedOfFleet = 8;

    /// <summary>So many starts may be reserved beside the first of each queue; a job that greater ones came before keeps its start.</summary>
    public const int ReservedMax = 64;

    /// <summary>Jobs that are tried after a change to go ahead of those that have a start reserved: each takes some microseconds.</summary>
    public const int AheadMax = 16;

    /// <summary>Jobs that are looked at for these, in order, of which those that ask for the same are tried once.</summary>
    public const int AheadLooksMax = 256;

    // No start was found: looked for again after so long, as each look may try thousands of ends.
    private const long RetryMilliseconds = 60_000;

    /// <summary>
    /// How often a reserved start is moved while nothing starts, ends or changes: starts of several queues that make room for each other by different rules may do so in a circle.
    /// Whose start goes on moving has none then, until it is looked for anew after a minute.
    /// </summary>
    public const int MovesMax = 8;

    // A start that could not come true is not promised again for the next moment.
    private const long MovedBy = 1_000;

    private readonly OrderedRequests _all = new(Order.Instance);
    private readonly Dictionary<long, long> _retryAt = [];
    private readonly Dictionary<long, (long From, MoveCause Cause)> _moving = [];
    private readonly Dictionary<long, int> _moves = [];
    private readonly Queue<GangRequest> _ahead = new();
    private readonly HashSet<GangRequest> _shapes = new(ShapeComparer.Instance);
    private long _wokenAt = long.MinValue;
    private long _wokenFor = long.MaxValue;
    private MoveCause _doubt;
    private bool _isDoubted, _aheadIsGathered;

    /// <summary>What is reserved on the fleet.</summary>
    public ReservationBook Reserved => _state.Reserved;

    /// <summary>Reserves a window; see <see cref="FleetWindow"/>.</summary>
    /// <returns>Whether there is such a place and its times, queue and number are in order.</returns>
    public bool Reserve(FleetWindow window)
    {
        if (!_state.Reserved.Add(window))
        {
            return false;
        }

        Doubt(MoveCause.Window);
        Changed();
        return true;
    }

    /// <summary>Takes a window back: whoever waits is tried again.</summary>
    /// <returns>Whether there was one.</returns>
    public bool CancelWindow(long window)
    {
        if (!_state.Reserved.Cancel(window))
        {
            return false;
        }

        Changed();
        return true;
    }

    private void Enter(GangRequest request)
    {
        _all.Add(request);
        ForgetTries();
    }

    private void Leave(GangRequest request)
    {
        _all.Remove(request);
        _retryAt.Remove(request.Job);
        _moving.Remove(request.Job);
        if (_state.Reserved.TryFind(request.Job, out var kept))
        {
            // What was kept for a claim anybody may have now, what was kept for a start at its time.
            _triesAgain |= kept.IsClaim;
            _state.Reserved.Withdraw(request.Job);
        }
    }

    private void ForgetTries()
    {
        _moves.Clear();
        _ahead.Clear();
        _aheadIsGathered = false;
    }

    /// <summary>Starts that are reserved are looked at anew, for a cause.</summary>
    private void Doubt(MoveCause cause)
    {
        if (!_state.Reserved.IsEmpty)
        {
            (_doubt, _isDoubted) = (cause, true);
        }
    }

    /// <summary>All that go first were tried: reserves a start for one that has none, or tries those that may go ahead.</summary>
    private RoundStep Look(long now)
    {
        if (TryDue(now) is { } due)
        {
            return due;
        }

        Unsettle(now);
        if (HasRegained)
        {
            return new RoundStep(null, IsOver: false);
        }

        if (NextToReserve(now) is not { } request)
        {
            return GoAhead(now);
        }

        var queue = _state.Queues.Find(request.Queue);
        if (_first[queue] != request && _scheduler.Decide(request, now) is { Starts: true, Victims.IsEmpty: true } plan)
        {
            Commit(plan, queue, now);
            return new RoundStep(plan, IsOver: false);
        }

        var isMoved = _moving.Remove(request.Job, out var before);
        var hasAfter = _scheduler.HasAfter(request);
        var mayMove = !isMoved || (_moves[request.Job] = _moves.GetValueOrDefault(request.Job) + 1) <= MovesMax;
        var reserved = mayMove ? _scheduler.Reserve(request, now, isMoved ? MovedBy : 1) : null;
        if (reserved is null)
        {
            _retryAt[request.Job] = now + RetryMilliseconds;
        }
        else if (hasAfter)
        {
            // Who goes after it makes room for it.
            Doubt(isMoved ? before.Cause : MoveCause.HigherPriority);
        }

        var hasMoved = isMoved ? reserved?.StartMilliseconds != before.From : reserved is not null;
        return new RoundStep(null, IsOver: false)
        {
            Moved = hasMoved ? [new StartMoved(request.Job, isMoved ? before.From : null, reserved?.StartMilliseconds, isMoved ? before.Cause : MoveCause.Reserved)] : [],
        };
    }

    /// <summary>Starts one whose time has come, though it is not the first of its queue. Null where none can.</summary>
    private RoundStep? TryDue(long now)
    {
        if (_state.Reserved.FirstStart > now)
        {
            return null;
        }

        foreach (var reservation in _state.Reserved.StartsByJob)
        {
            var queue = _state.Queues.Find(reservation.Queue!);
            if (reservation.StartMilliseconds <= now && _first[queue]!.Job != reservation.Job && _scheduler.Decide(reservation.Request!, now) is { Starts: true, Victims.IsEmpty: true } plan)
            {
                Commit(plan, queue, now);
                return new RoundStep(plan, IsOver: false);
            }
        }

        return null;
    }

    /// <summary>Takes back the starts that cannot come true as they are, so that they are reserved anew in the order of their jobs.</summary>
    private void Unsettle(long now)
    {
        if (!_isDoubted && _state.Reserved.FirstStart > now)
        {
            return;
        }

        var cause = _isDoubted ? _doubt : MoveCause.Overrun;
        _isDoubted = false;
        foreach (var reservation in _scheduler.Unsound(now))
        {
            _state.Reserved.Withdraw(reservation.Job);
            _moving[reservation.Job] = (reservation.StartMilliseconds, reservation.StartMilliseconds <= now ? MoveCause.Overrun : cause);
        }
    }

    /// <summary>The first job without a start reserved that is to have one: the first of a queue, or of the fleet, or one that had one.</summary>
    private GangRequest? NextToReserve(long now)
    {
        if (_state.Ending.Count == 0 && _state.Reserved.IsEmpty && _moving.Count == 0)
        {
            return null;
        }

        var left = ReservedOfFleet;
        foreach (var request in _all)
        {
            if (left-- == 0 || _state.Reserved.Starts.Count >= _waiting.Length + ReservedMax)
            {
                break;
            }

            if (Lacks(request, now))
            {
                return request;
            }
        }

        foreach (var first in _first)
        {
            if (first is not null && Lacks(first, now))
            {
                return first;
            }
        }

        return _moving.Count == 0 ? null : _moving.Keys.Select(job => _byJob[job]).Min(Order.Instance);
    }

    /// <summary>Nothing is reserved for who waits behind a job that nobody knows a time for.</summary>
    private bool Lacks(GangRequest request, long now) => _first[_state.Queues.Find(request.Queue)] is { } first
        && (first == request || _state.Reserved.TryFind(first.Job, out _)) && !_state.Reserved.TryFind(request.Job, out _) && _retryAt.GetValueOrDefault(request.Job) <= now;

    private RoundStep GoAhead(long now)
    {
        if (!_aheadIsGathered)
        {
            Gather();
            _aheadIsGathered = true;
        }

        for (var decisions = 0; decisions < StepDecisionsMax && _ahead.TryDequeue(out var request); decisions++)
        {
            if (!_byJob.ContainsKey(request.Job))
            {
                continue;
            }

            var plan = _scheduler.Decide(request, now);
            if (plan is { Starts: true, Victims.IsEmpty: true })
            {
                // Others that ask for the same may fit as well.
                _aheadIsGathered = false;
                _ahead.Clear();
                Commit(plan, _state.Queues.Find(request.Queue), now);
                return new RoundStep(plan, IsOver: false);
            }
        }

        return new RoundStep(null, IsOver: _ahead.Count == 0);
    }

    /// <summary>Those that may go ahead: in queues whose first job has a start reserved, of those that ask for the same the first.</summary>
    private void Gather()
    {
        _ahead.Clear();
        if (_state.Reserved.Starts.Count == 0)
        {
            return;
        }

        var looks = AheadLooksMax;
        _shapes.Clear();
        foreach (var request in _all)
        {
            if (looks-- == 0 || _ahead.Count == AheadMax)
            {
                break;
            }

            var first = _first[_state.Queues.Find(request.Queue)]!;
            if (first != request && _state.Reserved.TryFind(first.Job, out _) && _shapes.Add(request))
            {
                _ahead.Enqueue(request);
            }
        }
    }

    /// <summary>Windows that are over keep nothing any more, those whom one is for that is being left may go first; and who has a start reserved is tried when its time has come, whatever else happened.</summary>
    private void Wake(long now)
    {
        while (_state.Reserved.OverWindow(now) is { } over)
        {
            CancelWindow(over);
        }

        if (_state.Reserved.BeginsBetween(_wokenAt, now))
        {
            Changed();
        }

        _wokenAt = now;
        if (_state.Reserved.FirstStart <= now && _wokenFor != _state.Reserved.FirstStart)
        {
            _wokenFor = _state.Reserved.FirstStart;
            Retry();
        }
    }

    private ImmutableArray<Overdue> StopOverdue(long now)
    {
        if (!_state.Reserved.IsSoon(now))
        {
            return [];
        }

        var overdue = _scheduler.Overdue(now);
        foreach (var each in overdue)
        {
            Requeue(each.Job, now);
        }

        return overdue;
    }
}
