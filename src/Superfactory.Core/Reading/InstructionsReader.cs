using System.Collections.Immutable;
using Superfactory.Model.Agents;
using Superfactory.Model.Copies;

namespace Superfactory.Core;

/// <summary>Reads from the factory what each site is to do: the desired state that its agent makes true. Pure.</summary>
public static class InstructionsReader
{
    /// <summary>The whole of what <paramref name="site"/> is to run and whom it can reach; gangs by job, peers by name.</summary>
    /// <param name="state">The factory.</param>
    /// <param name="site">A known site.</param>
    public static AgentInstructions Read(FactoryState state, string site)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(site);
        return new AgentInstructions
        {
            Revision = state.Sites[site].InstructionsRevision,
            Gangs = [.. Gangs(state, site)],
            Copies = [.. Copies(state, site)],
            Peers = [.. state.Sites.Values
                .Where(other => other.Standing != SiteStanding.Left && !string.Equals(other.Name, site, StringComparison.Ordinal))
                .Select(other => new PeerGateway(other.Name, other.Gateway))],
        };
    }

    private static IEnumerable<CopyAssignment> Copies(FactoryState state, string site)
    {
        foreach (var id in state.OpenCopies)
        {
            var copy = state.Copies[id];
            foreach (var (role, place) in new[] { (CopyRole.Source, copy.Source), (CopyRole.Destination, copy.Destination) })
            {
                if (string.Equals(place.Site, site, StringComparison.Ordinal))
                {
                    yield return new CopyAssignment { Copy = id, Role = role, Source = copy.Source, Destination = copy.Destination };
                }
            }
        }
    }

    private static IEnumerable<GangAssignment> Gangs(FactoryState state, string site)
    {
        foreach (var id in state.OpenJobs)
        {
            var job = state.Jobs[id];
            if (job.Epoch is { } epoch && job.FindIsland(site) is { Standing: IslandStanding.Wanted } island)
            {
                yield return new GangAssignment
                {
                    Job = id,
                    Island = site,
                    Incarnation = island.Incarnation,
                    Epoch = epoch,
                    Specification = job.Specification with { Sites = [.. job.Islands.Select(each => each.Site)], SiteCount = 0 },
                };
            }
        }
    }
}
