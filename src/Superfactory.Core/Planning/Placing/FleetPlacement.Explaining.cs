using System.Collections.Immutable;
using Superfactory.Scheduling;
using Superfactory.Scheduling.Pending;

namespace Superfactory.Core.Planning;

/// <content>All that a job lacks which waits.</content>
internal sealed partial class FleetPlacement
{
    /// <summary>What keeps a job from starting: with all of it, and nothing else, the next plan starts it. Those of its queue and of others that go before it and would take what it is to have are among it.</summary>
    /// <param name="state">The factory.</param>
    /// <param name="job">A job that waits, and that no start is planned for.</param>
    /// <param name="now">The time.</param>
    public static Lack Lacking(FactoryState state, FactoryJob job, long now)
    {
        var queued = Queued(state);
        var placement = new FleetPlacement(state, now);
        placement.PlaceAll(queued, job.Id);
        return placement.Lacking(job, queued);
    }

    private Lack Lacking(FactoryJob job, List<FactoryJob> queued)
    {
        var lack = new Lack { Paused = _state.PausedBy(job.Specification.Queue), NotBefore = job.NotBefore > _now ? job.NotBefore : 0, IsStopping = RoleRules.AreStopping(_state, job) };
        if (There(job, out var there) is { } sites)
        {
            return lack with { Sites = sites };
        }

        if (Whole(job, there) is not { } request)
        {
            return lack with { All = new PendingReason.Accelerators(job.Specification.AcceleratorsLeast, job.Specification.Kinds[0], there[0]) };
        }

        // Of a queue that is paused nobody has claimed anything yet; and who claims what at a later time nobody knows.
        var own = Wholes(InOrder(queued.Where(other => other.Specification.Queue == job.Specification.Queue)).TakeWhile(other => other.Id != job.Id));
        bool StartsBeside() => own.IsEmpty || (lack is { Paused: null, NotBefore: 0 } && request.StartAfterMilliseconds <= _now && !IsBehindRates(job) && Best(job, there) is { Starts: true });
        var waits = _waits.Select(static wait => wait.Job.Id).ToHashSet();
        ImmutableArray<IReadOnlyList<GangRequest>> Others(Func<FactoryJob, bool> which) => [.. Ordered(_state, queued.Where(other => other.Specification.Queue != job.Specification.Queue && which(other)))
            .GroupBy(static other => other.Specification.Queue, StringComparer.Ordinal).OrderBy(static queue => queue.Key, StringComparer.Ordinal).Select(Wholes).Where(static queue => !queue.IsEmpty).Select(static queue => (IReadOnlyList<GangRequest>)queue)];
        ImmutableArray<IReadOnlyList<GangRequest>> All() => Others(other => _state.PausedBy(other.Specification.Queue) is null);
        var owners = OwnersBehind(queued);
        var before = lack.NotBefore > 0 || lack.Paused is not null ? All() : Others(other => waits.Contains(other.Id) || owners.Contains(other.Id));
        return lack with { All = Renumbered(_scheduler.Lacking(request, new WaitingBeside(own, before, All, StartsBeside), _now)) };
    }

    /// <summary>The jobs that would be owners and go first if those of their queues that starts are reserved for waited no longer.</summary>
    private HashSet<long> OwnersBehind(List<FactoryJob> queued)
    {
        var owners = new HashSet<long>();
        foreach (var queue in queued.Where(job => _state.PausedBy(job.Specification.Queue) is null).GroupBy(static job => job.Specification.Queue, StringComparer.Ordinal))
        {
            foreach (var job in InOrder(queue))
            {
                _ = IsWithinGuarantee(job) && owners.Add(job.Id);
                if (!_fleet.Reserved.TryFind(FleetMaker.Number(job.Id), out _))
                {
                    break;
                }
            }
        }

        return owners;
    }

    /// <summary>What those ask for that could be tried now, and have not been placed.</summary>
    private ImmutableArray<GangRequest> Wholes(IEnumerable<FactoryJob> jobs)
    {
        var wholes = ImmutableArray.CreateBuilder<GangRequest>();
        foreach (var job in jobs)
        {
            if (job.NotBefore <= _now && !RoleRules.AreStopping(_state, job) && !_fleet.Running.ContainsKey(FleetMaker.Number(job.Id)) && There(job, out var there) is null && Whole(job, there) is { } request)
            {
                wholes.Add(request);
            }
        }

        return wholes.ToImmutable();
    }

    /// <summary>A job with the gangs of its roles, at all sites that have any of its kinds of hardware; null where too few have.</summary>
    private GangRequest? Whole(FactoryJob job, ImmutableArray<string> there)
    {
        ImmutableArray<string> sites = [.. there.Where(site => job.Specification.Kinds.Any(kind => Ledger(kind).Has(site)))];
        if (sites.Length < job.Specification.IslandsLeast)
        {
            return null;
        }

        var roles = ImmutableArray.CreateBuilder<RoleRequest>();
        foreach (var gangs in RoleRules.Open(_state, job).GroupBy(static gang => gang.Role!.Role, StringComparer.Ordinal))
        {
            var gang = gangs.First();
            ImmutableArray<string> usable = [.. UsableBy(gang)];
            if (usable.IsEmpty)
            {
                return null;
            }

            roles.Add(FleetMaker.Role(gang.Specification, gangs.Key, gangs.Count(), usable));
        }

        return FleetMaker.Request(_state, job, sites) with { Hardware = job.Specification.Kinds, Roles = roles.ToImmutable() };
    }

    /// <summary>Those of its queue that wait and have claimed what there is; null where there are none.</summary>
    private PendingReason.Behind? Behind(FactoryJob job)
    {
        var before = _waits.Where(wait => wait.Job.Specification.Queue == job.Specification.Queue).ToList();
        return before.Count == 0 ? null : new PendingReason.Behind(before[0].Job.Id, before.Count);
    }

    /// <summary>Jobs by the numbers that people know.</summary>
    private static PendingReason? Renumbered(PendingReason? reason) => reason switch
    {
        PendingReason.Several several => new PendingReason.Several([.. several.Needs.Select(static need => Renumbered(need)!)]),
        PendingReason.Reserved { Job: not 0 } into => into with { Job = FleetMaker.Of(into.Job).Job },
        PendingReason.Behind behind => behind with { Job = FleetMaker.Of(behind.Job).Job },
        PendingReason.After after => after with { Job = FleetMaker.Of(after.Job).Job },
        PendingReason.Running running => running with { Job = FleetMaker.Of(running.Job).Job },
        PendingReason.Role role => role with { Lacks = Renumbered(role.Lacks)! },
        _ => reason,
    };

    /// <summary>What keeps a job from starting. Immutable.</summary>
    internal sealed record Lack
    {
        /// <summary>The queue that is paused, its own or one above it; null where none is.</summary>
        public string? Paused { get; init; }

        /// <summary>Before when it is not placed; 0 where nothing keeps it.</summary>
        public long NotBefore { get; init; }

        /// <summary>Whether gangs of its roles still stop.</summary>
        public bool IsStopping { get; init; }

        /// <summary>The sites that are away or too few; null where they are not.</summary>
        public Placement? Sites { get; init; }

        /// <summary>All that the fleet and its queues lack for it; null where there is nothing, or sites are lacking.</summary>
        public PendingReason? All { get; init; }
    }
}
