using System.Collections.Immutable;
using Superfactory.Core.Commands;
using Superfactory.Core.Planning;
using Superfactory.Core.Records;
using Superfactory.Model.Jobs;
using Superfactory.Model.Views;

namespace Superfactory.Core;

/// <summary>Reads what would become of a job if it were submitted, by deciding upon it and committing nothing. Pure.</summary>
public static class PlanReader
{
    /// <summary>Decides upon a job as if it were submitted now.</summary>
    /// <returns>What would follow, or why it would be refused; exactly one is null.</returns>
    public static (PlanView? Plan, Refusal? Refusal) Read(FactoryState state, SubmitJob submit, long now)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(submit);
        var decision = Factory.Accept(state, submit, now);
        if (decision.Refusal is { } refusal)
        {
            return (null, refusal);
        }

        var next = decision.Records.Aggregate(state, Factory.Apply);
        var job = next.Jobs[decision.Records.OfType<JobSubmitted>().Single().Job];
        var started = decision.Records.OfType<JobStarted>().LastOrDefault(record => record.Job == job.Id);
        var planned = decision.Records.OfType<StartPlanned>().LastOrDefault(record => record.Job == job.Id);
        var (all, withheld, owned) = started is not null ? (started.Sites, started.Withheld, started.Owned) : planned is not null ? (planned.Sites, planned.Withheld, planned.Owned) : ([], [], false);
        var reserved = started is null && planned is null ? job.Reserved : null;
        var hardware = reserved?.Hardware ?? job.Hardware;
        ImmutableArray<string> sites = reserved?.Sites ?? [.. all.Except(withheld, StringComparer.Ordinal)];
        ImmutableArray<PlanGang> gangs = [.. RoleRules.Open(next, job).Select(gang => (Gang: gang, Site: gang.Planned?.Sites[0] ?? gang.Islands.FirstOrDefault()?.Site)).Where(static each => each.Site is not null)
            .Select(static each => new PlanGang(each.Gang.Role!.Role, each.Gang.Role.Gang, each.Site!))];
        var specifications = gangs.Select(gang => RoleSpecification.Gang(job.Specification, gang.Role)).ToList();
        var sizes = started?.Accelerators ?? planned?.Accelerators;
        var islands = sites.Select(site => reserved is not null ? job.Specification.AcceleratorsLeast : FleetPlaces.Size(sizes, site, job)).ToList();
        var accelerators = islands.Sum(static each => (long)each) + specifications.Sum(static gang => (long)gang.Accelerators);
        return (new PlanView
        {
            Name = job.Specification.Name,
            Outcome = started is not null ? PlanOutcome.Starts : planned is not null ? PlanOutcome.StartsAfter : PlanOutcome.Waits,
            Reason = started?.Reason ?? planned?.Reason ?? new JobReader(next).ReasonOf(job, now),
            Needs = started is null && planned is null ? WhyReader.NeedsOf(next, job, now) : [],
            Queue = job.Specification.Queue,
            Sites = sites,
            Later = withheld,
            Accelerators = accelerators,
            Owned = reserved?.Owned ?? owned,
            StartsUnixMilliseconds = started is not null ? now : reserved?.At,
            EndsUnixMilliseconds = WhyReader.EndOf(job),
            DeadlineUnixMilliseconds = job.Specification.Deadline == 0 ? null : job.SubmittedAt + (job.Specification.Deadline * 1000L),
            Gangs = gangs,
            Rates = RateReader.Of(job),
            Inputs = InputRules.Views(state, job with { Islands = [] }, sites),
            Hardware = sites.IsEmpty ? null : hardware,
            PeakWatts = islands.Sum(each => FleetCapacity.Watts(job.Specification, hardware, each)) + specifications.Sum(static gang => FleetCapacity.Watts(gang, gang.Hardware[0], gang.Accelerators)),
            Reservations = ReservationReader.Of(next, job, now),
            GiveWay = [.. Victims(decision, job.Id)],
            Before = started is not null || planned is not null ? [] : [.. FleetPlacement.Before(next, job).Select(static before => before.Id)],
        }, null);
    }

    private static IEnumerable<PlanVictim> Victims(Decision decision, long job) => decision.Records.OfType<JobGivesWay>().Where(record => record.To == job).Select(static record => new PlanVictim(record.Job, []))
        .Concat(decision.Records.OfType<IslandReclaimed>().Where(record => record.To == job).GroupBy(static record => record.Job).Select(static lost => new PlanVictim(lost.Key, [.. lost.Select(static record => record.Island)])))
        .OrderBy(static victim => victim.Job);
}
