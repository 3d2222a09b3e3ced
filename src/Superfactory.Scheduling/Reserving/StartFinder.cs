using System.Collections.Immutable;
using Superfactory.Model.Fleet;
using Superfactory.Scheduling.Placing;

namespace Superfactory.Scheduling.Reserving;

/// <summary>
/// Finds when and where a job could start that cannot now: when enough of those that run are expected to have ended, beside everything that is reserved for others.
/// Works on the state and leaves it as it was. Not safe for concurrent use: it keeps its buffers.
/// </summary>
internal sealed class StartFinder(FleetState state, GangSearch gangs)
{
    /// <summary>Ends that are looked ahead at the most: a start that needs more of them has no time yet.</summary>
    public const int EndsMax = 4096;

    /// <summary>The first ends that are tried one by one; beyond them ever twice as many, and then the first of these that is enough.</summary>
    private const int EachMax = 8;

    /// <summary>A job that runs longer than was expected is taken to need as long again as it is over, and this long at the least, in milliseconds.</summary>
    private const long OverrunMin = 60_000;

    /// <summary>The ends that are looked at first: most jobs need no more.</summary>
    private const int FirstEnds = 128;

    private static readonly Comparison<(long Time, RunningJob? Job)> _byTime = static (one, other) =>
        one.Time.CompareTo(other.Time) is var order && order != 0 ? order : (one.Job?.Number ?? 0).CompareTo(other.Job?.Number ?? 0);

    private readonly List<(long Time, RunningJob? Job)> _ends = [], _inOrder = [];
    private int _ended;

    /// <summary>The earliest start that is found; null where none is within <see cref="EndsMax"/> ends.</summary>
    /// <param name="request">The job. What is lifted at the moment does not hinder it.</param>
    /// <param name="now">The time.</param>
    /// <param name="notBefore">The earliest time that it may be.</param>
    public Reservation? Find(GangRequest request, long now, long notBefore)
    {
        Reservation? found = null;
        for (var most = FirstEnds; found is null && most <= EndsMax; most *= EndsMax / FirstEnds)
        {
            Gather(request, now, notBefore, most);
            found = Search(request);
            MoveTo(0);
            if (state.Ending.Count <= most)
            {
                break;
            }
        }

        state.Reserved.Look(0, long.MaxValue);
        return found;
    }

    /// <summary>Whether a job could start at a time, once some are gone and those have ended that are expected to end by then.</summary>
    /// <param name="request">The job. What is lifted at the moment does not hinder it.</param>
    /// <param name="gone">Those that are gone by then.</param>
    /// <param name="now">The time now.</param>
    /// <param name="start">The time.</param>
    public bool MayStart(GangRequest request, IReadOnlyCollection<RunningJob> gone, long now, long start)
    {
        _ends.Clear();
        _ends.Add((start, null));
        _ends.AddRange(gone.Concat(state.Ending.TakeWhile(job => job.ExpectedEnd <= start).Where(job => job.ExpectedEnd > now && !gone.Contains(job))).Select(job => (start, (RunningJob?)job)));
        var comes = Try(request, _ends.Count) is not null;
        MoveTo(0);
        state.Reserved.Look(0, long.MaxValue);
        return comes;
    }

    /// <summary>What is kept for a plan that comes true at a time.</summary>
    public static Reservation Reservation(FleetState state, Plan plan, long start, ImmutableArray<(ImmutableArray<int>, long)> routes, bool isClaim = false, long madeAt = long.MaxValue)
    {
        var request = plan.Request;
        var hardware = HardwareCatalogue.Find(plan.Islands[0].Hardware)!;
        var end = request.DurationMilliseconds == 0 ? long.MaxValue : start + request.DurationMilliseconds + request.StopCostMilliseconds;
        var holds = plan.Islands.SelectMany(island => island.Domains.Select(domain => (domain, island.Slice, FleetState.Watts(hardware, island.Slice, request.PeakThousandths))));
        return new Reservation(request, null, request.Queue, start, end, holds)
        {
            Islands = plan.Islands, IsOwned = plan.IsOwned, IsClaim = isClaim, MadeAt = madeAt, Turn = state.Turns, QueueNumber = state.Queues.Find(request.Queue), Routes = routes, Type = HardwareCatalogue.Names.IndexOf(hardware.Name), Accelerators = plan.Islands.Sum(static island => (long)island.Accelerators),
        };
    }

    private Reservation? Search(GangRequest request)
    {
        var (failed, next) = (0, 0);
        while (next < _ends.Count)
        {
            next = AtOnce(next < EachMax ? next + 1 : Math.Min(_ends.Count, next * 2));
            if (Try(request, next) is { } found)
            {
                return FirstBetween(request, failed, next, found);
            }

            failed = next;
        }

        return null;
    }

    private Reservation FirstBetween(GangRequest request, int failed, int enough, Reservation found)
    {
        while (enough - failed > 1)
        {
            var middle = AtOnce(failed + ((enough - failed) / 2));
            if (middle >= enough)
            {
                // All that are left end at one time.
                break;
            }

            if (Try(request, middle) is { } earlier)
            {
                (found, enough) = (earlier, middle);
            }
            else
            {
                failed = middle;
            }
        }

        return found;
    }

    /// <summary>So many ends, and all others at the time of the last.</summary>
    private int AtOnce(int ends)
    {
        while (ends < _ends.Count && _ends[ends].Time == _ends[ends - 1].Time)
        {
            ends++;
        }

        return ends;
    }

    /// <summary>The ends of those that run, the first first, the ends of what is reserved, and the earliest time at which the job may start.</summary>
    private void Gather(GangRequest request, long now, long notBefore, int most)
    {
        _ends.Clear();
        _inOrder.Clear();
        var earliest = Math.Max(notBefore, request.StartAfterMilliseconds);
        _ends.Add((earliest, null));
        foreach (var reservation in state.Reserved.All)
        {
            if (!reservation.IsLifted && reservation.EndMilliseconds != long.MaxValue && reservation.EndMilliseconds > earliest)
            {
                _ends.Add((reservation.EndMilliseconds, null));
            }
        }

        foreach (var job in state.Ending)
        {
            if (most-- == 0)
            {
                break;
            }

            var end = job.ExpectedEnd > now ? job.ExpectedEnd : now + Math.Max(OverrunMin, now - job.ExpectedEnd);
            (job.ExpectedEnd > Math.Max(now, earliest) ? _inOrder : _ends).Add((Math.Max(earliest, end), job));
        }

        _ends.Sort(_byTime);
        Merge();
    }

    /// <summary>Most ends come in their order: they go among the others from the last on.</summary>
    private void Merge()
    {
        var (left, right) = (_ends.Count - 1, _inOrder.Count - 1);
        _ends.AddRange(_inOrder);
        for (var place = _ends.Count - 1; right >= 0; place--)
        {
            _ends[place] = left >= 0 && _byTime(_ends[left], _inOrder[right]) > 0 ? _ends[left--] : _inOrder[right--];
        }
    }

    /// <summary>Whether the job could start when so many have ended, and what it would need then.</summary>
    private Reservation? Try(GangRequest request, int ended)
    {
        MoveTo(ended);
        var time = _ends[ended - 1].Time;
        var until = request.DurationMilliseconds == 0 ? long.MaxValue : time + request.DurationMilliseconds + request.StopCostMilliseconds;
        state.Reserved.Look(time, until);
        ChargeOthers(time, until, 1);
        var plan = gangs.Find(request.AtLeast(), guaranteedOnly: false, request.IslandsMin);
        var routes = plan.Starts ? Routes(plan) : null;
        ChargeOthers(time, until, -1);
        return routes is { } found ? Reservation(state, request.IsElastic ? plan with { Request = request } : plan, time, found) : null;
    }

    /// <summary>Charges the quota and rates of what is reserved at that time, all at once; what it needs of domains and power is kept of these.</summary>
    private void ChargeOthers(long from, long until, int sign)
    {
        foreach (var other in state.Reserved.StartsByJob)
        {
            if (other.IsLifted || other.Since >= until || other.EndMilliseconds <= from)
            {
                continue;
            }

            state.Quota.Charge(other.QueueNumber, other.Type, sign * other.Accelerators, other.IsOwned);
            foreach (var (route, rate) in other.Routes)
            {
                state.Wan.Release(route, -sign * rate);
            }
        }
    }

    /// <summary>The routes of a plan in the state as it is looked at; null where there are none.</summary>
    private ImmutableArray<(ImmutableArray<int>, long)>? Routes(Plan plan)
    {
        var rate = plan.Request.WanBytesPerSecond;
        if (rate == 0 || plan.Islands.Length < 2)
        {
            return [];
        }

        var sites = plan.Islands.Select(island => state.Layout.Pools[island.Pool].Site).ToList();
        var routes = sites.SelectMany(from => sites.Where(to => to != from).Select(to => (state.Wan.Reserve(from, to, rate), rate))).ToImmutableArray();
        foreach (var (route, _) in routes)
        {
            state.Wan.Release(route, rate);
        }

        return routes.Any(static each => each.Item1.IsEmpty) ? null : routes;
    }

    private void MoveTo(int ended)
    {
        for (; _ended < ended; _ended++)
        {
            if (_ends[_ended].Job is { } job)
            {
                state.Vacate(job);
            }
        }

        for (; _ended > ended; _ended--)
        {
            if (_ends[_ended - 1].Job is { } job)
            {
                state.Occupy(job);
            }
        }
    }
}
