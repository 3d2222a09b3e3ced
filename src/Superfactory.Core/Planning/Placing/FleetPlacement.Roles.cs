using System.Collections.Immutable;
using Superfactory.Model.Fleet;
using Superfactory.Scheduling;

namespace Superfactory.Core.Planning;

/// <content>Jobs with roles: their islands and all gangs of their roles are placed in one decision.</content>
internal sealed partial class FleetPlacement
{
    /// <summary>The sites of the gangs of a job's roles that a placement starts with.</summary>
    public static ImmutableArray<GangPlace> Together(FactoryState state, FactoryJob job, ImmutableArray<string> starts, string? hardware, ImmutableSortedDictionary<string, int>? accelerators, ImmutableSortedDictionary<string, ImmutableArray<string>>? places, IEnumerable<GangStart> gangs) =>
        [.. starts.Select(site => new GangPlace(job, site, hardware ?? job.Hardware, FleetPlaces.At(places, site), FleetPlaces.Size(accelerators, site, job))), .. gangs.Select(gang => new GangPlace(state.Jobs[gang.Job], gang.Site, state.Jobs[gang.Job].Hardware, gang.Places, state.Jobs[gang.Job].Specification.Accelerators))];

    private Plan Decide(FactoryJob job, string hardware, ImmutableArray<string> open, bool isClaimed)
    {
        // Where those of its queue that go before it wait for more, it takes no more than it needs.
        var asked = FleetMaker.Request(_state, job, open);
        var request = (isClaimed ? asked.AtLeast() : asked) with { Hardware = [hardware] };
        var roles = ImmutableArray.CreateBuilder<RoleRequest>();
        foreach (var gangs in RoleRules.Open(_state, job).GroupBy(static gang => gang.Role!.Role, StringComparer.Ordinal))
        {
            var gang = gangs.First();
            var claims = Claims(gang, gang.Hardware);
            ImmutableArray<string> sites = [.. UsableBy(gang).Where(site => !claims.TryGetValue(site, out var claimed) || _fleet.FreeAt(site, gang.Hardware) - claimed >= gang.Specification.Accelerators)];
            if (sites.IsEmpty)
            {
                return new Plan { Request = request, Reason = new PendingReason.Role(gangs.Key, new PendingReason.Accelerators(gang.Specification.Accelerators, gang.Hardware, "another site")) };
            }

            roles.Add(FleetMaker.Role(gang.Specification, gangs.Key, gangs.Count(), sites));
        }

        return Uncrowded(job, _scheduler.Decide(request with { Roles = roles.ToImmutable() }, _now));
    }

    /// <summary>The sites at which a gang of a role may be: those that promise what it must be within.</summary>
    private IEnumerable<string> UsableBy(FactoryJob gang) => Ledger(gang.Hardware).Usable.Where(site => gang.Specification.Within == Within.Site || _placed.Contains(site));

    /// <summary>Where each gang of its roles goes; they hold what they take from now on.</summary>
    private ImmutableArray<GangStart> Gangs(FactoryJob job, Plan plan)
    {
        var placed = ImmutableArray.CreateBuilder<GangStart>();
        foreach (var gangs in RoleRules.Open(_state, job).GroupBy(static gang => gang.Role!.Role, StringComparer.Ordinal))
        {
            var sites = plan.Islands.Where(island => island.Role >= 0 && plan.Request.Roles[island.Role].Name == gangs.Key);
            foreach (var (gang, island) in gangs.Zip(sites))
            {
                var site = island.Site;
                Ledger(gang.Hardware).Take([site], job.Id, gang.Specification.Accelerators);
                _held[gang.Specification.Queue] = _held.GetValueOrDefault(gang.Specification.Queue) + gang.Specification.Accelerators;
                placed.Add(new GangStart(gang.Id, site, _fleet.PlacesOf(island)));
            }
        }

        return placed.ToImmutable();
    }

    /// <summary>The gangs of a job that waits keep their claim as its islands do, at every site that they could go to.</summary>
    private void ClaimRoles(FactoryJob job)
    {
        foreach (var gang in RoleRules.Open(_state, job))
        {
            var claims = Claims(gang, gang.Hardware);
            foreach (var site in Ledger(gang.Hardware).Usable)
            {
                claims[site] = claims.GetValueOrDefault(site) + gang.Specification.Accelerators;
            }
        }
    }
}
