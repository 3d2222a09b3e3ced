using System.Collections.Immutable;
using System.Globalization;
using Superfactory.Model.Fleet;
using Superfactory.Scheduling.Capacity;
using Superfactory.Scheduling.Preempting;
using Superfactory.Scheduling.Quotas;
using Superfactory.Scheduling.Reserving;
using Superfactory.Scheduling.Tables;
using Superfactory.Scheduling.Wan;

namespace Superfactory.Scheduling;

/// <summary>
/// The snapshot that the scheduler decides on, with the indexes that make it quick: what is free, drawn, used and reserved, and who holds it. It
/// changes by <see cref="Apply"/> and by what happens, never by deciding. Not safe for concurrent use.
/// </summary>
public sealed partial class FleetState
{
    private readonly SliceStore _store = new();
    private readonly SliceTable _slices;
    private readonly HeldTable _held;
    private readonly NumberTable<RunningJob> _running = new();
    private readonly List<RunningJob>[] _jobs;
    private readonly int[] _mixed;
    private readonly SortedList<int, int>[] _priorities;
    private readonly long[] _free;
    private readonly int[] _typeOfPool;

    /// <summary>A fleet that nothing runs on.</summary>
    public FleetState(FleetSpecification fleet, QueueTree queues)
    {
        ArgumentNullException.ThrowIfNull(fleet);
        ArgumentNullException.ThrowIfNull(queues);
        (Fleet, Queues) = (fleet, queues);
        Layout = new FleetLayout(fleet);
        Domains = new DomainTable(Layout);
        Power = new PowerLedger(fleet, Layout);
        Wan = new WanLedger(fleet);
        Quota = new QuotaLedger(queues);
        _slices = new SliceTable(Layout.Domains.Length, _store);
        _held = new HeldTable(queues.Queues.Length, _store);
        _typeOfPool = [.. Layout.Pools.Select(static pool => HardwareCatalogue.Names.IndexOf(pool.Hardware.Name))];
        _priorities = [.. queues.Queues.Select(static _ => new SortedList<int, int>())];
        _jobs = [.. queues.Queues.Select(static _ => new List<RunningJob>())];
        _mixed = new int[queues.Queues.Length];
        (Reclaimable, ReclaimableLater) = (new ReclaimIndex(Layout, Domains), new ReclaimIndex(Layout, Domains));
        _regainedOf = new long[queues.Queues.Length];
        _keptWatts = new long[Layout.Domains.Length];
        Reserved = new ReservationBook(this);
        _sparing = new SparingTable(queues.Queues.Length);
        _free = new long[HardwareCatalogue.All.Length];
        PoolsOfType = [.. HardwareCatalogue.All.Select((_, type) => Enumerable.Range(0, _typeOfPool.Length).Where(pool => _typeOfPool[pool] == type).ToImmutableArray())];
        for (var domain = 0; domain < Layout.Domains.Length; domain++)
        {
            _free[_typeOfPool[Layout.Domains[domain].Pool]] += Domains.Free(domain);
        }
    }

    /// <summary>Jobs that hold accelerators, by number.</summary>
    public IReadOnlyDictionary<long, RunningJob> Running => _running;

    /// <summary>The queues.</summary>
    public QueueTree Queues { get; }

    /// <summary>How many have started.</summary>
    internal long Turns { get; private set; }

    internal FleetSpecification Fleet { get; }

    internal FleetLayout Layout { get; }

    internal DomainTable Domains { get; }

    internal PowerLedger Power { get; }

    internal WanLedger Wan { get; }

    internal QuotaLedger Quota { get; }

    internal ImmutableArray<ImmutableArray<int>> PoolsOfType { get; }

    /// <summary>The name of a domain: a rack's path such as <c>wisconsin/f1/r12/k3</c>, with <c>/n2</c> behind it where the domain is a node, or the site and hardware where the site places its gangs.</summary>
    public string NameOf(int domain)
    {
        var place = Layout.Domains[domain];
        var rack = Layout.RackNames[place.Rack];
        if (place.Nodes != 1)
        {
            return rack;
        }

        var first = domain;
        while (first > 0 && Layout.Domains[first - 1].Rack == place.Rack)
        {
            first--;
        }

        return $"{rack}/n{(domain - first + 1).ToString(CultureInfo.InvariantCulture)}";
    }

    /// <summary>Accelerators of a kind that are free in the whole fleet.</summary>
    public long Free(string hardware) => _free[HardwareCatalogue.Names.IndexOf(hardware)];

    /// <summary>Domains of a kind at a site that nobody has anything of.</summary>
    public int CleanDomains(string site, string hardware)
    {
        var count = 0;
        foreach (var pool in Layout.Pools.Where(pool => Layout.SiteNames[pool.Site] == site && pool.Hardware.Name == hardware))
        {
            for (var domain = pool.First; domain < pool.First + pool.Count; domain++)
            {
                count += Domains.Free(domain) == pool.Capacity ? 1 : 0;
            }
        }

        return count;
    }

    /// <summary>Makes a plan that was decided on this very state come true: victims stop, then all islands start, in one commit.</summary>
    /// <exception cref="InvalidOperationException">The state is another one: the plan does not fit it.</exception>
    public RunningJob? Apply(Plan plan, long now)
    {
        ArgumentNullException.ThrowIfNull(plan);
        if (!plan.Starts)
        {
            return null;
        }

        foreach (var victim in plan.Victims)
        {
            Stop(victim.Job);
        }

        Reserved.Withdraw(plan.Request.Job);
        var job = Start(plan, now);
        LongestStop = Math.Max(LongestStop, job.StopCost);
        job.EndBy = plan.EndBy;
        Age(job, now);
        return job;
    }

    /// <summary>A job has ended, or is confirmed to be stopped: what it held is free. A job that does not run is none.</summary>
    public bool Stop(long job)
    {
        if (!_running.TryGetValue(job, out var running))
        {
            return false;
        }

        Regain(running);
        Remove(running);
        return true;
    }

    /// <summary>A checkpoint of a job was sealed.</summary>
    public void Sealed(long job, long now)
    {
        if (_running.TryGetValue(job, out var running))
        {
            Sealed(running, now);
        }
    }

    /// <summary>Says how many accelerators others hold at a site that places its own gangs.</summary>
    /// <returns>False where the site has no such pool.</returns>
    public bool SetForeign(string site, string hardware, int accelerators)
    {
        var pool = Layout.Pools.FirstOrDefault(pool => pool.IsCounted && Layout.SiteNames[pool.Site] == site && pool.Hardware.Name == hardware);
        if (pool is null || accelerators < 0 || accelerators > pool.Capacity)
        {
            return false;
        }

        var more = accelerators - (pool.Capacity - Domains.Open(pool.First) - HeldIn(pool.First));
        var before = Domains.Free(pool.First);
        Domains.AddForeign(pool.First, more);
        Recount(pool.First);
        Regain();
        Reserved.Changed(pool.First);
        _free[TypeOf(pool.First)] += Domains.Free(pool.First) - before;
        return true;
    }

    /// <summary>Whether a request may use the site of a pool.</summary>
    internal bool IsOpenTo(GangRequest request, int pool) => (request.Within == Within.Site || !Layout.Pools[pool].IsCounted)
        && (request.Sites.IsEmpty || request.Sites.Contains(Layout.SiteNames[Layout.Pools[pool].Site]));

    internal int TypeOf(int domain) => _typeOfPool[Layout.Domains[domain].Pool];

    internal long Free(int type) => _free[type];

    /// <summary>What is held of a domain, in no order. Valid until the next change.</summary>
    internal ListedSlices SlicesIn(int domain) => _store.Of(_slices.In(domain));

    /// <summary>What a job holds, island after island. Valid until the next change.</summary>
    internal JobSlices SlicesOf(RunningJob job) => _store.Of(job);

    /// <summary>A slice by its number. Valid until the next change.</summary>
    internal ref readonly HeldSlice Slice(int number) => ref _store[number];

    /// <summary>The jobs of a queue, in no order.</summary>
    internal List<RunningJob> JobsOf(int queue) => _jobs[queue];

    /// <summary>The slices of a queue's jobs, in no order and with free entries between them. Valid until the next change.</summary>
    internal ReadOnlySpan<QueueSlice> HeldBy(int queue) => _held.Of(queue);

    /// <summary>The watts that a slice adds, rounded up.</summary>
    internal static long Watts(HardwareType hardware, int count, int peakThousandths) =>
        (((long)count * hardware.AcceleratorWatts * peakThousandths) + 999) / 1000;

    /// <summary>Takes a start back that was only tried.</summary>
    internal void TakeBack(long job) => Remove(_running[job]);

    internal RunningJob Start(Plan plan, long now, bool isRecorded = false, bool isTrial = false)
    {
        var own = _typeOfPool[plan.Islands[0].Pool];
        var job = new RunningJob(_store, plan.Request, now, plan.IsOwned, Queues.Find(plan.Request.Queue), own);

        // Known before it takes anything: what is kept of a domain depends on who of those in it came after a claim.
        job.Turn = Turns++;

        // Counted at once what could be given back, the domains stay where they are in the indexes of that.
        job.CountsLater = !isTrial && !job.IsOwned;
        job.Counts = job.CountsLater && job.MinimumEnd <= now;
        foreach (var place in plan.Islands)
        {
            job.Accelerators += place.Accelerators;
        }

        for (var island = 0; island < plan.Islands.Length; island++)
        {
            var place = plan.Islands[island];
            var type = _typeOfPool[place.Pool];
            var watts = Watts(HardwareCatalogue.All[type], place.Slice, place.Role < 0 ? plan.Request.PeakThousandths : plan.Request.Roles[place.Role].PeakThousandths);
            job.Others = type == own ? job.Others : More(job.Others, type, place.Accelerators);
            foreach (var domain in place.Domains)
            {
                var before = Domains.Free(domain);
                var nodes = Domains.Take(domain, place.Slice);
                _free[type] += Domains.Free(domain) - before;
                Link(_store.Add(new HeldSlice { Job = job, Island = island, Domain = domain, Type = (short)type, Count = place.Slice, Nodes = nodes, Watts = watts }));
            }
        }

        Hold(job);
        if (isRecorded || !plan.Reservations.IsEmpty)
        {
            TakeRates(job, plan.Reservations);
        }
        else
        {
            Reserve(job, plan.Islands);
        }

        _running.Add(plan.Request.Job, job);
        NoteEnd(job);
        return job;
    }

    /// <summary>Frees all that a job holds; the job itself remembers it, for <see cref="Restore"/>.</summary>
    internal void Detach(RunningJob job)
    {
        for (var number = job.FirstSlice; number != 0; number = _store[number].Next)
        {
            ref readonly var slice = ref _store[number];
            var before = Domains.Free(slice.Domain);
            Domains.Give(slice.Domain, slice.Count, slice.Nodes);
            _free[slice.Type] += Domains.Free(slice.Domain) - before;
            Power.Draw(Layout.Domains[slice.Domain].Rack, -slice.Watts);
            Unlink(number, job);
        }

        Charge(job, -1);
        foreach (var (route, rate) in job.Routes)
        {
            Wan.Release(route, rate);
        }

        Delist(job);
    }

    /// <summary>Gives a detached job exactly what it held.</summary>
    internal void Restore(RunningJob job)
    {
        for (var number = job.FirstSlice; number != 0; number = _store[number].Next)
        {
            ref readonly var slice = ref _store[number];
            var before = Domains.Free(slice.Domain);
            Domains.TakeExactly(slice.Domain, slice.Count, slice.Nodes);
            _free[slice.Type] += Domains.Free(slice.Domain) - before;
            Link(number);
        }

        Charge(job, 1);
        foreach (var (route, rate) in job.Routes)
        {
            Wan.Release(route, -rate);
        }

        Enlist(job);
    }

    /// <summary>Whether a detached job could have again exactly what it held.</summary>
    internal bool CanRestore(RunningJob job)
    {
        var added = 0;
        var fits = HasQuota(job);
        for (var number = job.FirstSlice; number != 0; number = _store[number].Next)
        {
            ref readonly var slice = ref _store[number];

            // Watts are drawn while slices are looked at, so that slices which share a budget are added up.
            var place = Layout.Racks[Layout.Domains[slice.Domain].Rack];
            fits = fits && HasStill(job, number) && Power.FitsRack(Layout.Domains[slice.Domain].Rack, slice.Watts)
                && slice.Watts <= Power.Left(PowerLevel.Site, place.Site) && slice.Watts <= Power.Left(PowerLevel.Fleet, 0);
            if (!fits)
            {
                break;
            }

            Power.Draw(Layout.Domains[slice.Domain].Rack, slice.Watts);
            added++;
        }

        foreach (ref readonly var slice in SlicesOf(job))
        {
            if (added-- == 0)
            {
                break;
            }

            Power.Draw(Layout.Domains[slice.Domain].Rack, -slice.Watts);
        }

        return fits && Wan.HasRoom(job.Routes);
    }

    /// <summary>Whether a job of the queue runs at a lower priority.</summary>
    internal bool HasBelow(int queue, int priority) => _priorities[queue].Count > 0 && _priorities[queue].GetKeyAtIndex(0) < priority;

    private void Remove(RunningJob job)
    {
        Detach(job);
        _store.Free(job);
        _running.Remove(job.Number, out _);
        ForgetEnd(job);
    }

    private void Hold(RunningJob job)
    {
        Charge(job, 1);
        Enlist(job);
    }

    private int HeldIn(int domain)
    {
        var held = 0;
        foreach (ref readonly var slice in SlicesIn(domain))
        {
            held += slice.Count;
        }

        return held;
    }

    private void Sealed(RunningJob job, long now)
    {
        job.CheckpointMilliseconds = now;
        for (var slice = job.FirstSlice; slice != 0; slice = _store[slice].Next)
        {
            _slices.Lessen(slice);
        }
    }

    private void Link(int number)
    {
        ref readonly var slice = ref _store[number];
        _slices.Add(number);
        _held.Add(number);
        Power.Draw(Layout.Domains[slice.Domain].Rack, slice.Watts);
        Recount(slice, 1);
        Reserved.Changed(slice.Domain);
    }

    private void Unlink(int number, RunningJob job)
    {
        ref readonly var slice = ref _store[number];
        _slices.Remove(number);
        _held.Remove(number, job.Queue);
        Recount(slice, -1);
        Reserved.Changed(slice.Domain);
    }
}
