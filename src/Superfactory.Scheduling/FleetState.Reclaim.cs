using System.Diagnostics.CodeAnalysis;
using Superfactory.Scheduling.Capacity;
using Superfactory.Scheduling.Preempting;

namespace Superfactory.Scheduling;

/// <content>What borrowed jobs could give back.</content>
public sealed partial class FleetState
{
    // Entries of ended jobs that are kept whatever runs: so that few jobs do not clear the list at each start.
    private const int YoungSpare = 1024;

    private readonly SparingTable _sparing;
    // Numbers of jobs, by the end of their minimum.
    private readonly PriorityQueue<long, long> _young = new();
    private readonly long[] _regainedOf;

    /// <summary>What is free in each domain or could be given back there.</summary>
    internal ReclaimIndex Reclaimable { get; }

    /// <summary>Brings up to date who among the borrowed jobs may be stopped: who has run the minimum, and does not fit into what its queue's guarantee has left.</summary>
    internal void Spare(long now)
    {
        if (!LooksAhead)
        {
            Ripen(now);
        }

        _sparing.Refresh(this);
    }

    /// <summary>How often somebody was noticed to have run the minimum, so that somebody may be a victim who was none.</summary>
    internal long Ripened { get; private set; }

    /// <summary>Notices who has run the minimum by now.</summary>
    internal void Ripen(long now)
    {
        while (_young.TryPeek(out var number, out var end) && end <= now)
        {
            _young.Dequeue();
            if (IsYoung(number, end, out var job))
            {
                Mature(job);
                Ripened++;
            }
        }
    }

    /// <summary>What is free in each domain or could be given back there once everybody has run the minimum.</summary>
    internal ReclaimIndex ReclaimableLater { get; }

    /// <summary>Whether somebody looks at how it will be once everybody has run the minimum: nothing ripens meanwhile.</summary>
    internal bool LooksAhead { get; set; }

    /// <summary>How often something became free, or came to be borrowed, that nobody could have taken back before. Nothing else makes room for who found no place even where all who may give way did.</summary>
    internal long Regained { get; set; }

    /// <summary>Whether somebody who runs may not have run the minimum; false is certain.</summary>
    internal bool MayHaveYoung => _young.Count > 0;

    /// <summary>How often that was so for a queue: its own jobs give way to those alone that outrank them.</summary>
    internal long RegainedFor(int queue) => Regained + _regainedOf[queue];

    /// <summary>Something became free that nobody could have taken back, or may be taken back by now.</summary>
    internal void Regain() => Regained++;

    /// <summary>No more than is lost where borrowed jobs free so many accelerators of a domain.</summary>
    internal long LeastLoss(int domain, int accelerators, long now) => _slices.LeastLoss(domain, accelerators, now);

    /// <summary>Looks anew at what the jobs of a domain lose at least.</summary>
    internal void Tighten(int domain) => _slices.Tighten(domain);

    /// <summary>Whether some of a queue's borrowed jobs are spared.</summary>
    internal bool HasSpared(int queue) => _sparing.HasSpared(queue);

    /// <summary>Whether some of a queue's jobs hold several kinds of hardware.</summary>
    internal bool HasMixed(int queue) => _mixed[queue] > 0;

    /// <summary>Remembers when a job will have run its minimum. Those that ended before are forgotten once they are more than those that run.</summary>
    private void KeepYoung(RunningJob job)
    {
        if (_young.Count > YoungSpare + (2 * _running.Count))
        {
            var left = _young.UnorderedItems.Where(entry => IsYoung(entry.Element, entry.Priority, out _)).ToList();
            _young.Clear();
            _young.EnqueueRange(left);
        }

        _young.Enqueue(job.Number, job.MinimumEnd);
    }

    /// <summary>Whether the job whose minimum was to end then still runs: another start of it has another end, or has counted already.</summary>
    private bool IsYoung(long number, long end, [NotNullWhen(true)] out RunningJob? job) => _running.TryGetValue(number, out job) && job.MinimumEnd == end && !job.IsMature;

    private void Mature(RunningJob job)
    {
        job.IsMature = true;
        Count(job);
    }

    /// <summary>Counts what a job borrows as reclaimable, or no longer.</summary>
    internal void Count(RunningJob job)
    {
        var later = job is { IsOwned: false, IsSpared: false };
        var (counts, now, then) = (later && job.IsMature, job.Counts, job.CountsLater);
        if (counts == now && later == then)
        {
            return;
        }

        (job.Counts, job.CountsLater) = (counts, later);
        if (_running.Find(job.Number) != job)
        {
            return;
        }

        foreach (ref readonly var slice in SlicesOf(job))
        {
            Reclaimable.Borrow(slice.Domain, counts == now ? 0 : counts ? slice.Count : -slice.Count);
            ReclaimableLater.Borrow(slice.Domain, later == then ? 0 : later ? slice.Count : -slice.Count);
        }
    }

    /// <summary>What is free of a domain changed.</summary>
    private void Recount(int domain)
    {
        Reclaimable.Borrow(domain, 0);
        ReclaimableLater.Borrow(domain, 0);
    }

    /// <summary>A slice is held from now on, or no longer where the sign is −1.</summary>
    private void Recount(in HeldSlice slice, int sign)
    {
        Reclaimable.Borrow(slice.Domain, slice.Job.Counts ? sign * slice.Count : 0);
        ReclaimableLater.Borrow(slice.Domain, slice.Job.CountsLater ? sign * slice.Count : 0);
    }

    /// <summary>A job leaves what it had.</summary>
    private void Regain(RunningJob job)
    {
        if (job.IsOwned || job.IsSpared)
        {
            Regain();
        }
        else
        {
            _regainedOf[job.Queue]++;
        }
    }

    /// <summary>Who makes room for a claim may be another: what is kept of the domains of a job is looked at anew.</summary>
    internal void GiveWayAnew(RunningJob job)
    {
        if (!Reserved.HasClaims)
        {
            return;
        }

        foreach (ref readonly var slice in SlicesOf(job))
        {
            Reserved.Changed(slice.Domain);
        }
    }

    private void Age(RunningJob job, long now)
    {
        if (job.MinimumEnd <= now)
        {
            Mature(job);
        }
        else
        {
            KeepYoung(job);
            Count(job);
        }
    }
}
