using System.Diagnostics.CodeAnalysis;
using Superfactory.Model.Fleet;
using Superfactory.Scheduling.Quotas;
using Superfactory.Scheduling.Tables;

namespace Superfactory.Scheduling.Pending;

/// <summary>
/// The jobs that wait, queue by queue, and the rounds in which they start. Within a queue a job is tried when all before it have
/// started, the greater priority first, then the earlier submitted, then the lower number; and it may go ahead of those that have a start reserved if it delays none of them. Between queues the one goes first that has used and holds the least for
/// its weight. Not safe for concurrent use.
/// </summary>
public sealed partial class Backlog
{
    /// <summary>A week: what a queue used a week ago counts half.</summary>
    public const long DefaultHalfLifeMilliseconds = DecayedUsage.HalfLifeMilliseconds;

    /// <summary>
    /// Jobs that are tried in one step of a round. A try of a job that waits takes microseconds, one that looks for victims in a fleet of 320,000 accelerators
    /// up to half a millisecond, so that a step stays under 3.
    /// </summary>
    public const int StepDecisionsMax = 4;

    private readonly FleetState _state;
    private readonly Scheduler _scheduler;
    private readonly UsageLedger _usage;
    private readonly OrderedRequests[] _waiting;
    private readonly NumberTable<GangRequest> _byJob = new();
    private readonly GangRequest?[] _first;
    private readonly PendingReason?[] _blocked;
    private readonly QueueOrder _order;
    private bool _triesAgain;
    private long _ripened;

    /// <summary>A backlog of nothing.</summary>
    /// <param name="state">The fleet that its jobs run on; they start and end through the backlog alone.</param>
    /// <param name="halfLifeMilliseconds">After which half of what a queue used is forgotten; at least 256.</param>
    public Backlog(FleetState state, long halfLifeMilliseconds = DefaultHalfLifeMilliseconds)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentOutOfRangeException.ThrowIfLessThan(halfLifeMilliseconds, 256);
        (_state, _scheduler) = (state, new Scheduler(state));
        var queues = state.Queues.Queues.Length;
        _usage = new UsageLedger(queues, halfLifeMilliseconds);
        _waiting = [.. Enumerable.Range(0, queues).Select(_ => new OrderedRequests(state.Queues.Order))];
        (_claimless, _inOrder) = (new (long, long)[queues], new int[queues]);
        (_first, _blocked) = (new GangRequest?[queues], new PendingReason?[queues]);
        _order = new QueueOrder(state.Queues, _usage);
    }

    /// <summary>How many wait.</summary>
    public int Count => _byJob.Count;

    /// <summary>A job waits from now on; refused where it can never start, or its number is taken.</summary>
    /// <returns>Why it is refused; null where it is not.</returns>
    public PendingReason? Submit(GangRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (_byJob.ContainsKey(request.Job))
        {
            return new PendingReason.Never($"job {request.Job} waits already");
        }

        if (_scheduler.Refuse(request) is { } refused)
        {
            return refused;
        }

        Add(request);
        return null;
    }

    /// <summary>A job no longer waits.</summary>
    /// <returns>Whether it did.</returns>
    public bool Withdraw(long job)
    {
        if (!_byJob.Remove(job, out var request))
        {
            return false;
        }

        Leave(request);
        return Remove(request, _state.Queues.Find(request.Queue));
    }

    /// <summary>A running job has ended: what it held is free, and whoever was blocked is tried again.</summary>
    /// <returns>Whether it ran.</returns>
    public bool End(long job, long now)
    {
        if (!Release(job, now, out _))
        {
            return false;
        }

        Retry();
        return true;
    }

    /// <summary>A running job stops and waits again at its old place, such as after the loss of its node.</summary>
    /// <returns>Whether it ran.</returns>
    public bool Requeue(long job, long now)
    {
        if (!Release(job, now, out var request))
        {
            return false;
        }

        Add(request);
        Retry();
        return true;
    }

    /// <summary>Something other than jobs changed, such as a node that is back: whoever was blocked is tried again.</summary>
    public void Changed()
    {
        _state.Regain();
        Retry();
    }

    private void Retry()
    {
        Array.Clear(_blocked);
        (_triesAgain, _ownersAreStale) = (false, true);
        ForgetTries();
    }

    /// <summary>A node is lost; see <see cref="FleetState.Lose"/>. Jobs that have no spare to go on with wait again at their old places.</summary>
    /// <returns>What became of its jobs; null where there is no such node or the site places its own gangs.</returns>
    public NodeChange? Lose(int domain, int node, long now)
    {
        var change = _state.Lose(domain, node);
        Doubt(MoveCause.Failure);
        foreach (var job in change?.Held ?? [])
        {
            Requeue(job, now);
        }

        return change;
    }

    /// <summary>A node is back; see <see cref="FleetState.Return"/>.</summary>
    /// <returns>Whether there is such a node and it was out of service.</returns>
    public bool Return(int domain, int node)
    {
        if (!_state.Return(domain, node))
        {
            return false;
        }

        Changed();
        return true;
    }

    /// <summary>
    /// Takes one step of a round: at most one job starts, in a commit of its own, and those that give way for it wait again; at most
    /// <see cref="StepDecisionsMax"/> jobs are tried. Events and submissions may come between steps. A queue whose first job does not start is left out until
    /// something ends or changes.
    /// </summary>
    /// <param name="now">The time, in milliseconds since 1970.</param>
    public RoundStep Step(long now)
    {
        _state.Ripen(now);
        if (_ripened != _state.Ripened)
        {
            _ripened = _state.Ripened;
            Retry();
        }

        Wake(now);
        if (StopOverdue(now) is { IsEmpty: false } stopped)
        {
            return new RoundStep(null, IsOver: false) { Stopped = stopped };
        }

        for (var decisions = 0; decisions < StepDecisionsMax; decisions++)
        {
            var queue = Next(now);
            if (queue < 0 && !_triesAgain)
            {
                return Look(now);
            }

            if (queue < 0)
            {
                Retry();
                continue;
            }

            var plan = _scheduler.Decide(_first[queue]!, now);
            if (plan.Starts)
            {
                Commit(plan, queue, now);
                return new RoundStep(plan, IsOver: false);
            }

            _blocked[queue] = plan.Reason;
            if (Claim(_first[queue]!, queue, now, out var isSearched) is var claimed && isSearched)
            {
                return new RoundStep(null, IsOver: false) { Moved = claimed is null ? [] : [claimed] };
            }
        }

        return new RoundStep(null, IsOver: false);
    }

    /// <summary>The queue that goes next; −1 where none can.</summary>
    private int Next(long now)
    {
        if (NextOwner(now) is var owner and >= 0)
        {
            return owner;
        }

        foreach (var queue in _order.At(now))
        {
            if (IsUntried(queue, now))
            {
                return queue;
            }
        }

        return -1;
    }

    private void Commit(Plan plan, int queue, long now)
    {
        Remove(plan.Request, queue);
        _byJob.Remove(plan.Request.Job, out _);
        Leave(plan.Request);
        List<GangRequest> stopped = [];
        foreach (var victim in plan.Victims)
        {
            var job = _state.Running[victim.Job];
            stopped.Add(job.Request);
            Hold(job.Queue, -Speed(job), now);
        }

        // Who gave way may have left more than was needed; and what a queue owns more, its guarantee has less room for: its borrowed jobs may be victims now.
        _triesAgain |= !plan.Victims.IsEmpty || (plan.IsOwned && _state.HasSpared(queue));

        var started = _state.Apply(plan, now)!;
        Hold(queue, Speed(started), now);
        _ownersAreStale = true;
        stopped.ForEach(Add);
        _moves.Clear();
        WithdrawBehind(plan.Request, queue, claimsOnly: true, MoveCause.HigherPriority);
        Doubt(started.IsOwned ? MoveCause.Reclaim : MoveCause.HigherPriority);
    }

    /// <summary>A queue holds so much more from now on, or less where negative.</summary>
    private void Hold(int queue, long speed, long now)
    {
        _usage.Hold(queue, speed, now);
        _order.Changed(queue);
    }

    private bool Release(long job, long now, [NotNullWhen(true)] out GangRequest? request)
    {
        request = null;
        if (!_state.Running.TryGetValue(job, out var running))
        {
            return false;
        }

        request = running.Request;
        Hold(running.Queue, -Speed(running), now);
        return _state.Stop(job);
    }

    /// <summary>Puts a job in its place. A queue whose first job it becomes is tried again; what blocks one of a lower place need not block it.</summary>
    private void Add(GangRequest request)
    {
        var queue = _state.Queues.Find(request.Queue);
        _waiting[queue].Add(request);
        _byJob.Add(request.Job, request);
        Enter(request);
        if (_first[queue] is not { } first || _state.Queues.Order.Compare(request, first) < 0)
        {
            (_first[queue], _blocked[queue], _ownersAreStale) = (request, null, true);
        }
    }

    private bool Remove(GangRequest request, int queue)
    {
        var removed = _waiting[queue].Remove(request);
        if (_first[queue] == request)
        {
            (_first[queue], _blocked[queue], _ownersAreStale) = (_waiting[queue].First, null, true);
        }

        return removed;
    }

    private static long Speed(RunningJob job)
    {
        var speed = (long)job.Of(job.Type) * HardwareCatalogue.All[job.Type].RelativeSpeed;
        foreach (var (type, count) in job.Others)
        {
            speed += (long)count * HardwareCatalogue.All[type].RelativeSpeed;
        }

        return speed;
    }

    /// <summary>
    /// The greater priority first, then the earlier, then the lower number. With aging a step of priority counts as much as having come so many milliseconds earlier, and no more: the
    /// order of two jobs never changes while they wait.
    /// </summary>
    internal sealed class Order(long agingMilliseconds) : IComparer<GangRequest>
    {
        public static readonly Order Instance = new(0);

        /// <summary>Whether waiting counts.</summary>
        public bool HasAging => agingMilliseconds != 0;

        /// <summary>Whether a job of a greater priority goes before one that runs, and so may take its place: with aging not where that came so much earlier.</summary>
        public bool Outranks(GangRequest request, GangRequest running) => request.Priority > running.Priority && (!HasAging || Compare(request, running) < 0);

        public int Compare(GangRequest? x, GangRequest? y)
        {
            if (x is null || y is null || ReferenceEquals(x, y))
            {
                return 0;
            }

            var order = agingMilliseconds == 0 ? 0 : (x.SubmittedMilliseconds - ((Int128)x.Priority * agingMilliseconds)).CompareTo(y.SubmittedMilliseconds - ((Int128)y.Priority * agingMilliseconds));
            order = order != 0 ? order : y.Priority.CompareTo(x.Priority);
            order = order != 0 ? order : x.SubmittedMilliseconds.CompareTo(y.SubmittedMilliseconds);
            return order != 0 ? order : x.Job.CompareTo(y.Job);
        }
    }
}
