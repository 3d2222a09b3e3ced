using System.Collections.Immutable;
using Superfactory.Core.Reading;
using Superfactory.Scheduling;
using Superfactory.Scheduling.Pending;
using Superfactory.Scheduling.Reserving;

namespace Superfactory.Core.Planning;

/// <content>Starts that are reserved for those that wait first, and who has to leave in time for them.</content>
internal sealed partial class FleetPlacement
{
    // No start is promised for the very next moment, and one that moved is promised later, so that records of it stay few.
    private const long FirstMilliseconds = 1_000;
    private const long MovedMilliseconds = 10_000;

    private readonly Dictionary<long, string> _moved = [];
    private readonly HashSet<string> _tried = new(StringComparer.Ordinal);
    private readonly HashSet<string> _timed = new(StringComparer.Ordinal);
    private readonly List<(FactoryJob Job, ImmutableArray<string> There)> _waits = [];
    private readonly Dictionary<long, long> _claimed = [];
    private readonly Dictionary<long, long> _crowded = [];
    private int _reserved;

    /// <summary>Whether a time has come: of a reserved start, of the earliest at which a job may start, or to stop somebody in time for a start.</summary>
    public static bool IsTimeUp(FactoryState state, long now)
    {
        foreach (var id in state.OpenJobs)
        {
            var job = state.Jobs[id];
            if (IsOverdue(job, now) || (job is { Islands.IsEmpty: true, Held: false, Planned: null }
                && (job.Reserved?.At <= now || (job.Specification.StartAfter > 0 && job.SubmittedAt + (job.Specification.StartAfter * 1000L) <= now))))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Who has to save and stop now: who runs on though it was let start ahead of a reserved start, and who is in the way of a window for others; and for which job or window.</summary>
    public static IEnumerable<(GivingWay Stop, long To, FactoryWindow? Window)> Overdue(FactoryState state, long now)
    {
        if (!state.OpenJobs.Any(id => IsOverdue(state.Jobs[id], now)) && !WindowRules.IsClearing(state, now))
        {
            return [];
        }

        var placement = new FleetPlacement(state, now);
        return [.. placement.Stopping(placement._scheduler.Overdue(placement._now)).Where(each => each.Window is null ? IsOverdue(state.Jobs[each.Stop.Job], now) : !each.Window.IsMaintenance)];
    }

    /// <summary>Who would have to save and stop for windows for others, as things stand.</summary>
    public static IEnumerable<(GivingWay Stop, FactoryWindow Window)> InTheWay(FactoryState state, long now)
    {
        if (state.Windows.Values.All(static window => window.IsMaintenance))
        {
            return [];
        }

        var placement = new FleetPlacement(state, now);
        return [.. placement.Stopping(placement._scheduler.InTheWay(placement._now)).Where(static each => each.Window is { IsMaintenance: false }).Select(static each => (each.Stop, each.Window!))];
    }

    private IEnumerable<(GivingWay Stop, long To, FactoryWindow? Window)> Stopping(IEnumerable<Overdue> overdue) => overdue.GroupBy(static each => FleetMaker.Of(each.Job).Job).Select(each => (
        Leaves(each.Key, each.Select(static one => FleetMaker.Of(one.Job).Island)), FleetMaker.Of(each.First().For.Job).Job, each.First().For.Window is { } window ? WindowRules.Find(_state, window.Id) : null));

    private static bool IsOverdue(FactoryJob job, long now) =>
        job is { EndBy: not 0, Islands.IsEmpty: false, HoldRequested: false, GaveWayTo: 0, End: null } && job.EndBy - FleetMaker.StopCost(job) <= now;

    /// <summary>Keeps what is reserved for those that wait; what is not there any more is reserved anew.</summary>
    private void TakeReserved()
    {
        foreach (var id in _state.OpenJobs)
        {
            var job = _state.Jobs[id];
            if (job is not { Reserved: { } reserved, Islands.IsEmpty: true, CancelRequested: false, Held: false, Planned: null } || _state.PausedBy(job.Specification.Queue) is not null)
            {
                continue;
            }

            if (job.Resume is not null && There(job, out _) is { IsOutOfReach: true })
            {
                _moved[id] = $"{Sentence.Capital(ResumeRules.NameOf(job))} cannot be brought there.";
                continue;
            }

            var gone = reserved.Sites.FirstOrDefault(site => !_state.IsOpen(site));
            if (gone is not null || !_fleet.Reserved.AddRecorded(FleetMaker.Request(_state, job, reserved.Sites).AtLeast() with { Hardware = [reserved.Hardware ?? job.Hardware] }, reserved.Sites.Select(site => FleetPlaces.Recorded(_placed, site, FleetPlaces.At(reserved.Places, site))), reserved.At, reserved.Owned, reserved.Rates, reserved.ClaimedAt))
            {
                _moved[id] = gone is null && !reserved.Rates.IsEmpty ? "The links that its rates were kept on carry less than they did." : $"Site {gone ?? reserved.Sites[0]} is not there any more.";
            }
        }

        foreach (var unsound in _scheduler.Unsound(_now))
        {
            // Those whose time has come are tried first.
            if (unsound.StartMilliseconds > _now)
            {
                _fleet.Reserved.Withdraw(unsound.Job);
                _moved[FleetMaker.Of(unsound.Job).Job] = "What was kept for it is not there any more.";
            }
        }
    }

    /// <summary>Reserves a start for a job that waits, if it is the first of its queue or among the first of the fleet.</summary>
    /// <returns>Whether one is reserved.</returns>
    private bool Reserve(FactoryJob job, Plan? plan, ImmutableArray<string> there)
    {
        var (number, queue) = (FleetMaker.Number(job.Id), job.Specification.Queue);
        var isFirst = _tried.Add(queue);
        _waits.Add((job, there));
        if (_fleet.Reserved.TryFind(number, out var known) && known.StartMilliseconds <= _now)
        {
            _fleet.Reserved.Withdraw(number);
            _moved[job.Id] = known.IsClaim ? "Those that were to make room for it are within what their own queue is guaranteed by now." : "Those that it waits for run longer than was expected.";
            known = null;
        }

        if (isFirst && known is not { IsClaim: true } && Claim(job, plan, there))
        {
            return true;
        }

        if (known is null && (plan?.Reason is PendingReason.Never || job.Specification.RoleGangs > 0 || (!isFirst && (!_timed.Contains(queue) || _reserved >= Backlog.ReservedOfFleet))
            || _scheduler.Reserve(FleetMaker.Request(_state, job, there), _now, Math.Max(_crowded.GetValueOrDefault(job.Id) - _now, _moved.ContainsKey(job.Id) ? MovedMilliseconds : FirstMilliseconds)) is null))
        {
            return false;
        }

        _reserved++;
        if (isFirst)
        {
            _timed.Add(queue);
        }

        return true;
    }

    /// <summary>Keeps for the first of a queue that is within its guarantee, and could not start, what those leave who borrow it.</summary>
    private bool Claim(FactoryJob job, Plan? plan, ImmutableArray<string> there)
    {
        if (plan?.Reason is PendingReason.Never || job.Specification.RoleGangs > 0 || _scheduler.Claim(FleetMaker.Request(_state, job, there), _now) is null)
        {
            return false;
        }

        WithdrawClaims(job, "A job that goes before it in its queue has what was kept for it.");
        _claimed[job.Id] = _now;
        _reserved++;
        _timed.Add(job.Specification.Queue);
        return true;
    }

    /// <summary>The claims of those behind a job in its queue were not kept from it.</summary>
    private void WithdrawClaims(FactoryJob job, string moved)
    {
        foreach (var claim in _fleet.Reserved.Starts.Where(each => each.IsClaim && each.Queue == job.Specification.Queue && each.Job != FleetMaker.Number(job.Id)).ToList())
        {
            _fleet.Reserved.Withdraw(claim.Job);
            _moved[FleetMaker.Of(claim.Job).Job] = moved;
        }
    }

    /// <summary>Reserves anew what was taken for those that go before, and notes what is reserved for everybody who waits.</summary>
    private void Settle()
    {
        foreach (var unsound in _scheduler.Unsound(_now))
        {
            _fleet.Reserved.Withdraw(unsound.Job);
            _moved[FleetMaker.Of(unsound.Job).Job] = "A job that goes before it, or a queue that takes what is guaranteed to it, has what was kept for it.";
        }

        foreach (var (job, there) in _waits)
        {
            if (_moved.ContainsKey(job.Id) && !_fleet.Reserved.TryFind(FleetMaker.Number(job.Id), out _) && !(_waits.First(wait => wait.Job.Specification.Queue == job.Specification.Queue).Job.Id == job.Id && Claim(job, null, there)))
            {
                _scheduler.Reserve(FleetMaker.Request(_state, job, there), _now, Math.Max(_crowded.GetValueOrDefault(job.Id) - _now, MovedMilliseconds));
            }
        }

        for (var index = 0; index < _placements.Count; index++)
        {
            var (id, placement) = _placements[index];
            if (placement.Sites.IsEmpty)
            {
                _placements[index] = (id, placement with
                {
                    Moved = _moved.GetValueOrDefault(id),
                    Reserved = _fleet.Reserved.TryFind(FleetMaker.Number(id), out var found)
                        ? new ReservedStart(found.StartMilliseconds, [.. found.Islands.Select(static island => island.Site)], found.IsOwned, Named(_state.Jobs[id], found.Islands[0].Hardware), PlacesOf(found.Islands)) { Rates = _fleet.RatesOf(found), ClaimedAt = found.IsClaim ? _claimed.TryGetValue(id, out var at) ? at : _state.Jobs[id].Reserved!.ClaimedAt : null } : null,
                });
            }
        }
    }

    /// <summary>A plan as it is, unless somebody would be told to leave for a window as soon as it has come true: then the job waits, until that window is over at the latest.</summary>
    private Plan Uncrowded(FactoryJob job, Plan plan)
    {
        if (!plan.Starts || !_mayShift || _scheduler.Crowded(plan, _windows, _now) is not { } window)
        {
            return plan;
        }

        _crowded[job.Id] = window.EndMilliseconds;
        return new Plan { Request = plan.Request, Reason = new PendingReason.Reserved(0, window.StartMilliseconds, window.Window!.Id) };
    }

    private PendingReason Explain(FactoryJob job, PendingReason reason, ImmutableArray<string> there)
    {
        if (job.Specification.RoleGangs > 0)
        {
            return reason is PendingReason.Reserved { Job: not 0 } start ? start with { Job = FleetMaker.Of(start.Job).Job } : reason;
        }

        var exact = _scheduler.Explain(FleetMaker.Request(_state, job, there), reason, _now);
        return exact is PendingReason.Reserved { Job: not 0 } into ? into with { Job = FleetMaker.Of(into.Job).Job } : exact;
    }

    /// <summary>A job that can go on with the islands that are left loses no more than those.</summary>
    private GivingWay Leaves(long id, IEnumerable<int> units)
    {
        var job = _state.Jobs[id];
        var numbers = units.ToList();
        var islands = numbers.Where(static number => number >= 0 && !ElasticRules.IsPart(number)).Select(island => job.Islands[island].Site).ToImmutableArray();
        var left = job.Islands.Count(island => island.Standing == IslandStanding.Wanted && !islands.Contains(island.Site));
        var shrinks = Shrinks(job, numbers, islands);
        return numbers.Contains(-1) || left < job.Specification.IslandsLeast || (islands.IsEmpty && shrinks.IsEmpty) ? new GivingWay(id, [], []) : new GivingWay(id, islands, shrinks);
    }
}
