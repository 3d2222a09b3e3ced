using System.Collections.Immutable;
using Superfactory.Core.Commands;
using Superfactory.Core.Reading;
using Superfactory.Core.Records;
using Superfactory.Model;
using Superfactory.Model.Agents;

namespace Superfactory.Core.Planning;

/// <summary>Decides upon what site agents say of themselves, and upon their silence.</summary>
internal static class SiteDecisions
{
    public static Refusal? Join(Draft draft, JoinSite join)
    {
        var hello = join.Hello;
        if (hello.Protocol != FactoryJson.ProtocolVersion)
        {
            return Refused(RefusalKind.ProtocolDiffers, new Problem(
                $"The agent of site '{join.Site}' speaks protocol version {hello.Protocol}, this control plane speaks version {FactoryJson.ProtocolVersion}.",
                Field: "protocol",
                Hint: "Run the same version of superfactory at both."));
        }

        var problems = HelloRules.Check(draft.State, join.Site, hello);
        if (problems.Length > 0)
        {
            return new Refusal(RefusalKind.Invalid, problems);
        }

        if (draft.State.Sites.TryGetValue(join.Site, out var known))
        {
            var same = string.Equals(known.Session, hello.Session, StringComparison.Ordinal);
            if (known.Standing == SiteStanding.Connected && !same)
            {
                return Refused(RefusalKind.Conflict, new Problem(
                    $"Another agent named '{join.Site}' is connected: process {known.ProcessId} on host {known.Host}.",
                    Field: "site",
                    Hint: "Give this one another --name, or stop the other; a killed agent's name is free again "
                        + $"{Sentence.Duration(FactoryLimits.LeaseMilliseconds)} after its last report."));
            }

            if (same && known.Standing != SiteStanding.Left && Describes(known, hello))
            {
                Hear(draft, known);
                return null;
            }
        }

        draft.Add(new SiteJoined
        {
            At = draft.Now,
            Site = join.Site,
            Session = hello.Session,
            Host = hello.Host,
            ProcessId = hello.ProcessId,
            Gateway = hello.Gateway,
            Slots = hello.Slots,
            EmulatedWan = hello.EmulatedWan,
            CheckpointDirectory = hello.CheckpointDirectory,
            GangLeaseSeconds = hello.GangLeaseSeconds,
            Version = hello.Version,
        });
        return null;
    }

    public static Refusal? Leave(Draft draft, LeaveSite leave)
    {
        if (CheckSession(draft.State, leave.Site, leave.Session) is { } refusal)
        {
            return refusal;
        }

        draft.Add(new SiteLeft { At = draft.Now, Site = leave.Site, Session = leave.Session });
        return null;
    }

    public static Refusal? Expire(Draft draft, Tick tick)
    {
        foreach (var site in draft.State.Sites.Values)
        {
            if (site.Standing == SiteStanding.Connected
                && tick.Heard.TryGetValue(site.Name, out var heard)
                && draft.Now - heard >= FactoryLimits.LeaseMilliseconds)
            {
                draft.Add(new SiteLost { At = draft.Now, Site = site.Name, Session = site.Session, HeardAt = heard });
            }
        }

        foreach (var name in tick.LeasesOver)
        {
            if (draft.State.Sites.TryGetValue(name, out var site) && site is { Standing: SiteStanding.Lost, GangLeaseSeconds: > 0, GangLeaseEnded: false })
            {
                draft.Add(new GangLeaseEnded
                {
                    At = draft.Now, Site = name, Session = site.Session, ClearingAwaited = true,
                    Reason = $"The agent of site {name} has not been heard for longer than the {Sentence.Duration(site.GangLeaseSeconds * 1000L)} that its gangs go on without it.",
                });
            }
        }

        foreach (var id in draft.State.OpenJobs)
        {
            Doubt(draft, id);
        }

        return null;
    }

    /// <summary>Members that do not promise in time are left out, if another one misses them; after a whole lease in any case.</summary>
    private static void Doubt(Draft draft, long id)
    {
        var job = draft.State.Jobs[id];
        if (job.SealedAt is not { } since || draft.Now - since < FactoryLimits.PromiseMillisecondsMax)
        {
            return;
        }

        foreach (var island in job.Islands.Where(island => MembershipPlanner.IsAwaited(job, island)))
        {
            if (MembershipPlanner.MissedBy(job, island) is not null || draft.Now - since >= FactoryLimits.LeaseMilliseconds)
            {
                draft.Add(new IslandDoubted
                {
                    At = draft.Now,
                    Job = id,
                    Island = island.Site,
                    Incarnation = island.Incarnation,
                    Reason = $"Island {island.Site} did not promise to leave epoch {job.Epoch!.Number} within {draft.Now - since} ms.",
                });
            }
        }
    }

    /// <summary>An agent whose session the journal knows is accepted, also after it was lost; any other has to say hello.</summary>
    public static Refusal? CheckSession(FactoryState state, string site, string session)
    {
        if (state.Sites.TryGetValue(site, out var known)
            && known.Standing != SiteStanding.Left
            && string.Equals(known.Session, session, StringComparison.Ordinal))
        {
            return null;
        }

        return Refused(RefusalKind.SessionUnknown, new Problem(
            $"The control plane knows no session '{session}' of site '{site}'.",
            Field: "session",
            Hint: "Say hello again."));
    }

    /// <summary>A lost agent that is heard in its old session has returned.</summary>
    public static void Hear(Draft draft, FactorySite site)
    {
        if (site.Standing == SiteStanding.Lost)
        {
            draft.Add(new SiteReturned { At = draft.Now, Site = site.Name, Session = site.Session });
        }
    }

    /// <summary>Takes which corpora lie at a site, where that is news. What is no corpus is left out.</summary>
    public static void List(Draft draft, string site, ImmutableArray<CorpusReport> reports)
    {
        ImmutableArray<CorpusReport> corpora = [.. reports.Where(static corpus => FactoryName.IsValid(corpus.Name) && IsHash(corpus.Sha256) && corpus.Bytes >= 0)
            .DistinctBy(static corpus => corpus.Name, StringComparer.Ordinal).OrderBy(static corpus => corpus.Name, StringComparer.Ordinal).Take(FactoryLimits.CorporaMax)];
        if (!corpora.SequenceEqual(draft.State.Sites[site].Corpora))
        {
            draft.Add(new CorporaListed { At = draft.Now, Site = site, Corpora = corpora });
        }
    }

    private static bool IsHash(string? text) => text is { Length: 64 } && text.All(char.IsAsciiHexDigitLower);

    private static bool Describes(FactorySite site, AgentHello hello)
        => site.Slots == hello.Slots
            && site.ProcessId == hello.ProcessId
            && site.GangLeaseSeconds == FactorySite.LongerLease(site.GangLeaseSeconds, hello.GangLeaseSeconds)
            && string.Equals(site.Gateway, hello.Gateway, StringComparison.Ordinal)
            && string.Equals(site.Host, hello.Host, StringComparison.Ordinal)
            && string.Equals(site.EmulatedWan, hello.EmulatedWan, StringComparison.Ordinal)
            && string.Equals(site.CheckpointDirectory, hello.CheckpointDirectory, StringComparison.Ordinal)
            && string.Equals(site.Version, hello.Version, StringComparison.Ordinal);

    private static Refusal Refused(RefusalKind kind, Problem problem) => new(kind, [problem]);
}
