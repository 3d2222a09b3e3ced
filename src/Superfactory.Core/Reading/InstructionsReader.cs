using System.Collections.Immutable;
using Superfactory.Core.Planning;
using Superfactory.Model.Agents;
using Superfactory.Model.Copies;
using Superfactory.Model.Views;

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
            Checkpoints = [.. Checkpoints(state, site)],
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

    private static IEnumerable<CheckpointAssignment> Checkpoints(FactoryState state, string site)
    {
        foreach (var id in state.CheckpointedJobs)
        {
            var job = state.Jobs[id];
            foreach (var checkpoint in job.Checkpoints)
            {
                if (checkpoint.At(site) is { } copy && copy.Standing != CheckpointStanding.Copying)
                {
                    yield return new CheckpointAssignment
                    {
                        Job = id,
                        Name = copy.Name,
                        Seal = copy.Seal,
                        Remove = checkpoint.Expired is not null,
                        Verify = job.VerifyRequest,
                    };
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
                    Checkpoints = ResumeRules.For(state, job, island),
                    Array = job.Array,
                    Role = job.Role,
                    Hardware = island.Hardware,
                    Accelerators = island.Accelerators == 0 ? null : island.Accelerators,
                    Places = island.Places,
                    Specification = job.Specification with { Sites = [.. job.Islands.Select(each => each.Site)], SiteCount = 0, Count = 1 },
                };
            }
        }
    }
}
