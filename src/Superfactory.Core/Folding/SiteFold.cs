using System.Collections.Immutable;
using Superfactory.Core.Records;
using Superfactory.Model.Agents;

namespace Superfactory.Core.Folding;

/// <summary>Folds what happened to sites.</summary>
internal static class SiteFold
{
    public static FactoryState Apply(FactoryState state, SiteJoined record)
    {
        var sameProcess = state.Sites.TryGetValue(record.Site, out var known)
            && string.Equals(known.Session, record.Session, StringComparison.Ordinal);
        var joined = state.WithSite(new FactorySite
        {
            Name = record.Site,
            Session = record.Session,
            Host = record.Host,
            ProcessId = record.ProcessId,
            Gateway = record.Gateway,
            Slots = record.Slots,
            EmulatedWan = record.EmulatedWan,
            CheckpointDirectory = record.CheckpointDirectory,
            // Gangs that go on from before may not have heard of a shorter one.
            GangLeaseSeconds = sameProcess ? FactorySite.LongerLease(known!.GangLeaseSeconds, record.GangLeaseSeconds) : record.GangLeaseSeconds,
            ClearingAwaited = sameProcess && known!.ClearingAwaited,
            Version = record.Version,
            Corpora = known?.Corpora ?? [],
            Standing = SiteStanding.Connected,
            HeardAt = record.At,
            InstructionsRevision = state.Revision,
        });
        var settled = sameProcess ? joined : CheckpointFold.StartedAnew(EndGangs(joined, record.Site, $"The agent of site {record.Site} was started anew."), record.Site);
        return settled.TouchAll();
    }

    public static FactoryState Apply(FactoryState state, SiteReturned record)
        => state.WithSite(state.Sites[record.Site] with { Standing = SiteStanding.Connected, HeardAt = record.At, GangLeaseEnded = false });

    public static FactoryState Apply(FactoryState state, SiteLeft record)
    {
        var left = state.WithSite(state.Sites[record.Site] with { Standing = SiteStanding.Left, HeardAt = record.At });
        return EndGangs(left, record.Site, $"The agent of site {record.Site} left.").TouchAll();
    }

    public static FactoryState Apply(FactoryState state, SiteLost record)
        => state.WithSite(state.Sites[record.Site] with { Standing = SiteStanding.Lost, HeardAt = record.HeardAt });

    public static FactoryState Apply(FactoryState state, GangLeaseEnded record)
    {
        var ended = state.WithSite(state.Sites[record.Site] with { GangLeaseEnded = true, ClearingAwaited = record.ClearingAwaited });
        return EndGangs(ended, record.Site, record.Reason).TouchAll();
    }

    public static FactoryState Apply(FactoryState state, SiteCleared record)
        => state.WithSite(state.Sites[record.Site] with { ClearingAwaited = false });

    public static FactoryState Apply(FactoryState state, CorporaListed record)
        => state.WithSite(state.Sites[record.Site] with { Corpora = record.Corpora });

    /// <summary>Nothing that the earlier process of the site's agent ran is alive.</summary>
    private static FactoryState EndGangs(FactoryState state, string site, string reason)
    {
        foreach (var id in state.OpenJobs.Union(state.StoppingJobs))
        {
            var job = state.Jobs[id];
            if (job.Strays.Any(stray => stray.Site == site))
            {
                job = job with { Strays = job.Strays.RemoveAll(stray => stray.Site == site) };
                state = state.WithJob(job);
            }

            if (job.FindIsland(site) is not { } island)
            {
                continue;
            }

            if (island.Standing == IslandStanding.Stopping)
            {
                state = state.WithJob(HoldFold.Stopped(job, island));
            }
            else if (island.Standing == IslandStanding.Wanted && !island.IsFinished)
            {
                state = state.WithJob(job.WithIsland(island with
                {
                    Standing = IslandStanding.Gone,
                    Gang = GangState.Failed,
                    Reason = reason,
                    Retriable = true,
                    Joined = false,
                }));
            }
        }

        return state;
    }
}
