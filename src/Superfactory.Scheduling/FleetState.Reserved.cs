using Superfactory.Scheduling.Reserving;

namespace Superfactory.Scheduling;

/// <content>What is kept for starts that are reserved, and when those that run are expected to end.</content>
public sealed partial class FleetState
{
    private readonly long[] _keptWatts;
    private readonly SortedSet<RunningJob> _ending = new(EndOrder.Instance);

    /// <summary>Starts that are reserved, and windows.</summary>
    public ReservationBook Reserved { get; }

    /// <summary>Those that run and are expected to end, the first first.</summary>
    internal IReadOnlyCollection<RunningJob> Ending => _ending;

    /// <summary>The most that stopping anybody who ran costs, in milliseconds.</summary>
    internal long LongestStop { get; private set; }

    /// <summary>The power that is kept of a domain, in watts.</summary>
    internal long KeptWatts(int domain) => _keptWatts[domain];

    /// <summary>Keeps so much of a domain, and of the power that its rack may draw, from whoever asks.</summary>
    internal void Keep(int domain, int count, long watts)
    {
        if (count != Domains.Kept(domain))
        {
            var before = Domains.Free(domain);
            Domains.Keep(domain, count);
            _free[TypeOf(domain)] += Domains.Free(domain) - before;
            Recount(domain);
        }

        if (watts != _keptWatts[domain])
        {
            Power.Draw(Layout.Domains[domain].Rack, watts - _keptWatts[domain]);
            _keptWatts[domain] = watts;
        }
    }

    /// <summary>
    /// Has accelerators, power, quota and rates of a job free for a search that looks for a place alone: thousands of ends are looked at, and who holds what, and who might give way, is not asked
    /// meanwhile. The next is <see cref="Occupy"/>.
    /// </summary>
    internal void Vacate(RunningJob job) => Lend(job, 1);

    /// <summary>Takes back what <see cref="Vacate"/> left.</summary>
    internal void Occupy(RunningJob job) => Lend(job, -1);

    private void Lend(RunningJob job, int sign)
    {
        for (var number = job.FirstSlice; number != 0; number = _store[number].Next)
        {
            ref readonly var slice = ref _store[number];
            var before = Domains.Free(slice.Domain);
            Domains.Lend(slice.Domain, slice.Count, slice.Nodes, sign);
            _free[slice.Type] += Domains.Free(slice.Domain) - before;
            Power.Draw(Layout.Domains[slice.Domain].Rack, -sign * slice.Watts);
        }

        Charge(job, -sign);
        foreach (var (route, rate) in job.Routes)
        {
            Wan.Release(route, sign * rate);
        }
    }

    /// <summary>Whether what is reserved of the domains that a job shares with another has room beside both.</summary>
    internal bool LeavesReserved(RunningJob job, RunningJob beside)
    {
        if (Reserved.IsEmpty)
        {
            return true;
        }

        foreach (ref readonly var slice in SlicesOf(job))
        {
            if (Domains.Open(slice.Domain) < Domains.Kept(slice.Domain) && IsIn(beside, slice.Domain))
            {
                return false;
            }
        }

        return true;
    }

    private bool IsIn(RunningJob job, int domain)
    {
        foreach (ref readonly var slice in SlicesOf(job))
        {
            if (slice.Domain == domain)
            {
                return true;
            }
        }

        return false;
    }

    private void NoteEnd(RunningJob job)
    {
        if (job.ExpectedEnd != long.MaxValue)
        {
            _ending.Add(job);
        }
    }

    private void ForgetEnd(RunningJob job)
    {
        if (job.ExpectedEnd != long.MaxValue)
        {
            _ending.Remove(job);
        }
    }

    private sealed class EndOrder : IComparer<RunningJob>
    {
        public static readonly EndOrder Instance = new();

        public int Compare(RunningJob? x, RunningJob? y) =>
            x!.ExpectedEnd.CompareTo(y!.ExpectedEnd) is var order && order != 0 ? order : x.Request.Job.CompareTo(y.Request.Job);
    }
}
