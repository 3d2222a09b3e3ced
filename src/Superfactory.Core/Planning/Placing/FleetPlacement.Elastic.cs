using System.Collections.Immutable;
using Superfactory.Scheduling;

namespace Superfactory.Core.Planning;

/// <content>Islands of a range of accelerators that give some of them up, and get more while nobody waits.</content>
internal sealed partial class FleetPlacement
{
    /// <summary>What is left of islands of which parts give way.</summary>
    private ImmutableArray<IslandSize> Shrinks(FactoryJob job, List<int> numbers, ImmutableArray<string> islands)
    {
        var shrinks = ImmutableArray.CreateBuilder<IslandSize>();
        foreach (var index in numbers.Where(ElasticRules.IsPart).Select(ElasticRules.IslandOf).Distinct().Order().Where(index => !islands.Contains(job.Islands[index].Site)))
        {
            // What was given up in this plan before is gone too.
            var parts = ElasticRules.Parts(_state, job, job.Islands[index], _placed);
            shrinks.Add(ElasticRules.Join(parts.Where((_, part) => part == 0 || ElasticRules.Number(index, part - 1) is var number && !numbers.Contains(number) && _fleet.Running.ContainsKey(FleetMaker.Number(job.Id, number)))));
        }

        return shrinks.ToImmutable();
    }

    /// <summary>With an island, or a job, all its parts stop.</summary>
    private void StopParts(GivingWay stop)
    {
        var job = _state.Jobs[stop.Job];
        foreach (var number in Numbers(job).Where(number => stop.IsWhole || (ElasticRules.IsPart(FleetMaker.Of(number).Island) && stop.Islands.Contains(job.Islands[ElasticRules.IslandOf(FleetMaker.Of(number).Island)].Site))))
        {
            _fleet.Stop(number);
        }
    }

    /// <summary>The numbers of a job that runs, and of its islands and their parts.</summary>
    private List<long> Numbers(FactoryJob job) => !ElasticRules.IsElastic(job) ? [] : [.. _fleet.Running.Keys.Where(number => FleetMaker.Of(number).Job == job.Id).Order()];

    /// <summary>Where an island that was left out may come back; null where there is no room.</summary>
    private Plan? Back(FactoryJob job, int index)
    {
        var island = job.Islands[index];
        var request = FleetMaker.Request(_state, job, [island.Site]) with { Job = FleetMaker.Number(job.Id, index), Hardware = [job.Hardware], IslandsMin = 1, IslandsMax = 1, DurationMilliseconds = FleetMaker.Left(job, _now) };
        if (island.Kept is { } kept && _fleet.Stop(request.Job))
        {
            // What was kept for it is its own again.
            return Beside(job, request with { AcceleratorsPerIsland = kept.Accelerators, AcceleratorsMin = 0 });
        }

        return Ledger(job.Hardware).HasFree(island.Site, job.Specification.AcceleratorsLeast) ? Beside(job, request) : null;
    }

    private Plan? Beside(FactoryJob job, GangRequest request) => Uncrowded(job, _scheduler.Decide(request, _now)) is { Starts: true, Victims.IsEmpty: true } plan ? plan : null;

    /// <summary>While nobody waits, and no island for room, islands start again with more where that is idle: of the greater priority first, one of each job. Whoever is on a guarantee stays so.</summary>
    private ImmutableArray<(long Job, IslandSize Size)> Enlarge(List<FactoryJob> jobs)
    {
        // Nor where somebody gives way in this very plan.
        if (_placements.Any(static each => !each.Item2.Stops.IsEmpty || each.Item2 is { Sites.IsEmpty: true, Paused: null, Away.IsEmpty: true, Wanted: 0 }) || _state.OpenJobs.Any(id => _state.Jobs[id].Islands.Any(IsWithheld)))
        {
            return [];
        }

        var larger = ImmutableArray.CreateBuilder<(long, IslandSize)>();
        foreach (var job in Ordered(jobs))
        {
            for (var index = 0; index < job.Islands.Length; index++)
            {
                if (Enlarged(job, index) is { } size)
                {
                    larger.Add((job.Id, size));
                    break;
                }
            }
        }

        return larger.ToImmutable();
    }

    /// <summary>The most that an island could have instead of what it has; null where that is all.</summary>
    private IslandSize? Enlarged(FactoryJob job, int index)
    {
        var (island, numbers) = (job.Islands[index], Numbers(job));
        var others = job.Islands.Remove(island);
        ImmutableArray<string> sites = [.. others.Select(static other => other.Site)];
        bool TakeOthers() => others.IsEmpty || _fleet.TakeRecorded(FleetMaker.Whole(_state, job, sites) with { Job = FleetMaker.Number(job.Id, ElasticRules.Other), Hardware = [job.Hardware] },
            [.. others.Select(other => FleetPlaces.Recorded(_placed, other.Site, other.Places) with { Accelerators = other.Accelerators })], others.All(static other => other.IsOwned), job.PlacedAt, _now, _now);
        var request = FleetMaker.Whole(_state, job, [island.Site]) with { Job = FleetMaker.Number(job.Id, index), AcceleratorsMin = 0, WanBytesPerSecond = 0, DurationMilliseconds = FleetMaker.Left(job, _now) };
        foreach (var accelerators in ElasticRules.Larger(job, island))
        {
            var plan = _fleet.InPlaceOf(numbers, () =>
            {
                var found = TakeOthers() && Beside(job, request with { Job = FleetMaker.Number(job.Id, ElasticRules.Other + 1), AcceleratorsPerIsland = accelerators }) is { } plan && (plan.IsOwned || !island.IsOwned) ? plan : null;
                _fleet.Stop(FleetMaker.Number(job.Id, ElasticRules.Other));
                return found;
            });
            if (plan is not null)
            {
                numbers.ForEach(number => _fleet.Stop(number));
                TakeOthers();
                _fleet.Apply(plan, _now);
                return new IslandSize(island.Site, accelerators, _fleet.PlacesOf(plan.Islands[0]));
            }
        }

        return null;
    }
}
