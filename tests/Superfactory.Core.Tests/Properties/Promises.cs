using System.Collections.Immutable;
using System.Text.Json;
using Superfactory.Core.Planning;
using Superfactory.Core.Records;
using Superfactory.Model;
using Superfactory.Model.Agents;
using Superfactory.Model.Views;

namespace Superfactory.Core.Tests.Properties;

/// <summary>What the factory promises, checked by looking at it from outside: its instructions, reasons and records.</summary>
internal static class Promises
{
    /// <summary>What holds between a state and the next.</summary>
    public static void Step(FactoryState before, FactoryState after, JournalRecord record)
    {
        after.Revision.ShouldBe(before.Revision + 1);
        if (record is CheckpointExpired expired && before.Jobs[expired.Job] is { End: null } open)
        {
            ResumeRules.Newest(open)?.Number.ShouldNotBe(expired.Checkpoint, "a run would go back to it");
        }

        foreach (var name in before.Sites.Keys)
        {
            var old = InstructionsReader.Read(before, name);
            var now = InstructionsReader.Read(after, name);
            now.Revision.ShouldBeGreaterThanOrEqualTo(old.Revision);
            if (now.Revision == old.Revision)
            {
                Content(now).ShouldBe(Content(old), $"{record.GetType().Name} changed the instructions of {name} and not their revision");
            }
        }

        if (record is EpochDecided epoch)
        {
            Succession(before.Jobs[epoch.Job], epoch);
        }

        Start(before, after, record);
        Range(before, after, record);
        if (record is TargetDrained drained)
        {
            before.JobsHoldingSlots(drained.Target).ShouldBeEmpty("what is drained holds nothing");
        }

        if (record is JobStarted started)
        {
            // A site may come back with fewer slots than it runs gangs, and keeps those; what starts finds a free slot.
            foreach (var site in started.Sites.Except(started.Withheld))
            {
                after.JobsHoldingSlots(site).Count().ShouldBeLessThanOrEqualTo((int)FleetCapacity.Declared(after, site, "cpu"), $"{site} has more gangs than slots");
            }
        }

        foreach (var copy in before.Copies.Values.Where(copy => copy.End is not null && after.Copies.ContainsKey(copy.Id)))
        {
            after.Copies[copy.Id].ShouldBe(copy, "a copy that ended stays as it is");
        }

        foreach (var job in before.Jobs.Values)
        {
            var next = after.Jobs[job.Id];
            (next.Epoch?.Number ?? 0).ShouldBeGreaterThanOrEqualTo(job.Epoch?.Number ?? 0);
            if (job.End is not null && record is not JobRolledBack)
            {
                next.End.ShouldBe(job.End, "what ended stays ended");
            }

            foreach (var island in job.Islands)
            {
                var incarnation = next.Islands.SingleOrDefault(each => each.Site == island.Site)?.Incarnation ?? next.LastIncarnation;
                incarnation.ShouldBeGreaterThanOrEqualTo(island.Incarnation);
            }
        }
    }

    /// <summary>What holds after every decision.</summary>
    public static void Hold(FactoryState state, long now)
    {
        var reader = new JobReader(state);
        foreach (var job in state.Jobs.Values)
        {
            Sentence(reader.ReasonOf(job, now));
            job.Checkpoints.Select(checkpoint => checkpoint.Number).ShouldBeInOrder();
            var kept = job.Checkpoints.Where(checkpoint => checkpoint.Expired is null).ToLookup(checkpoint => checkpoint.IsUsable || checkpoint.Copies.Any(copy => copy.Standing == CheckpointStanding.Copying));
            kept[true].Count().ShouldBeLessThanOrEqualTo(job.Specification.Checkpoint.Keep + 4, "only the newest are kept, and what is needed");
            kept[false].Count().ShouldBeLessThanOrEqualTo(job.Specification.Checkpoint.Keep + 4, "damaged ones as few");
            job.Held.ShouldBe(job.Held && job.Islands.All(island => island.Standing is IslandStanding.Stopping or IslandStanding.Released), "a held job has no gang");
            if (job.Islands.IsEmpty)
            {
                continue;
            }

            Membership(job);
            job.Islands.Length.ShouldBeLessThanOrEqualTo(job.Specification.IslandsMax, $"job {job.Id} has more islands than it may");
            job.Islands.Select(island => island.Site).ShouldBeUnique();
        }

        state.OpenCopies.ShouldBe(state.Copies.Values.Where(copy => copy.End is null).Select(copy => copy.Id));
        foreach (var copy in state.Copies.Values)
        {
            Sentence(copy.End?.Reason ?? CopyReader.WaitsFor(state, copy, now) ?? "It goes on.");
        }

        state.OpenJobs.Select(id => state.Jobs[id]).Where(job => job.Specification.RoleGangs > 0).ToList().ForEach(job => Together(state, job));

        // What was decided fits: a snapshot can always be made, in which nothing is given twice.
        var placed = FleetPlaces.Sites(state);
        foreach (var (domain, held) in FleetPlaces.Held(state, planned: false).Where(each => placed.Contains(each.Key[..each.Key.IndexOf('/', StringComparison.Ordinal)])))
        {
            held.ShouldBeLessThanOrEqualTo(FleetPlaces.Capacity(state, domain), $"{domain} is held twice");
        }

        var fleet = FleetMaker.Make(state, placed, now);
        foreach (var site in state.Sites.Values.Where(site => site.Standing == SiteStanding.Connected))
        {
            fleet.FreeAt(site.Name, "cpu").ShouldBeGreaterThanOrEqualTo(0);
        }

        RateLaw.Broken(state, FleetRates.All(state)).ShouldBeEmpty();
        foreach (var site in state.Sites.Values)
        {
            var gangs = InstructionsReader.Read(state, site.Name).Gangs;
            gangs.Select(gang => gang.Job).ShouldBeSubsetOf(state.JobsHoldingSlots(site.Name));
            gangs.ShouldAllBe(gang => state.Jobs[gang.Job].End == null, "an ended job has no gang");
            InstructionsReader.Read(state, site.Name).Copies.ShouldAllBe(copy => state.Copies[copy.Copy].End == null, "an ended copy is nobody's");
            gangs.Select(gang => gang.Job).ShouldBeInOrder();
            gangs.ShouldAllBe(gang => gang.Epoch.Islands.Contains(gang.Island), "an epoch knows every island's place");
        }
    }

    /// <summary>A job starts with the islands that it needs, and gives up none of those for another, a window or a drain: fewer are left by failures alone.</summary>
    private static void Range(FactoryState before, FactoryState after, JournalRecord record)
    {
        if (record is JobStarted start)
        {
            (start.Sites.Length - start.Withheld.Length).ShouldBeGreaterThanOrEqualTo(after.Jobs[start.Job].Specification.IslandsLeast, $"job {start.Job} starts with fewer islands than it needs");
        }

        if (record is IslandReclaimed { Keeps: { } keeps } resized)
        {
            keeps.ShouldBeInRange(after.Jobs[resized.Job].Specification.AcceleratorsLeast, after.Jobs[resized.Job].Specification.Accelerators, $"{resized.Island} of job {resized.Job} is to be out of its range");
            after.Jobs[resized.Job].Islands.ShouldContain(static island => island.Standing == IslandStanding.Wanted, $"nobody goes on for {resized.Island} of job {resized.Job}");
        }

        foreach (var (site, size) in record is StartPlanned planned ? planned.Accelerators ?? ImmutableSortedDictionary<string, int>.Empty : ImmutableSortedDictionary<string, int>.Empty)
        {
            size.ShouldBeInRange(after.Jobs[((StartPlanned)record).Job].Specification.AcceleratorsLeast, after.Jobs[((StartPlanned)record).Job].Specification.Accelerators, $"{site} is to be out of its range");
        }

        var sized = record switch { JobStarted each => after.Jobs[each.Job], IslandRestarted each => after.Jobs[each.Job], _ => null };
        foreach (var island in sized?.Islands.Where(static island => island.HoldsSlot) ?? [])
        {
            sized!.AcceleratorsOf(island).ShouldBeInRange(sized.Specification.AcceleratorsLeast, sized.Specification.Accelerators, $"{island.Site} of job {sized.Id} is out of its range");
        }

        var (id, given) = record switch
        {
            IslandReclaimed { Keeps: null } reclaimed => (reclaimed.Job, reclaimed.Island),
            IslandEvicted evicted when before.Outages.Values.All(static outage => outage.State != OutageState.Failed) => (evicted.Job, evicted.Island),
            _ => (0, string.Empty),
        };
        if (id != 0 && before.Jobs[id].FindIsland(given)!.Standing == IslandStanding.Wanted)
        {
            after.Jobs[id].Islands.Count(island => island.Standing == IslandStanding.Wanted).ShouldBeGreaterThanOrEqualTo(after.Jobs[id].Specification.IslandsLeast, $"job {id} goes on with fewer islands than it needs");
        }
    }

    /// <summary>A job and the gangs of its roles are placed all together or not at all; those that have done their part are not counted.</summary>
    private static void Together(FactoryState state, FactoryJob job)
    {
        var gangs = state.GangsOf(job).Where(gang => gang.End is null).ToList();
        var placed = !job.Islands.IsEmpty && !job.IsLeaving && !job.Held;
        gangs.ShouldAllBe(gang => gang.Role!.Job == job.Id);
        gangs.ShouldAllBe(gang => (!gang.Islands.IsEmpty && !gang.IsLeaving) == placed, $"job {job.Id} and the gangs of its roles start and stop together");
        gangs.ShouldAllBe(gang => (gang.Planned != null) == (job.Planned != null), $"the gangs of job {job.Id} are planned with it");
        gangs.ShouldAllBe(gang => !gang.Held);
    }

    /// <summary>What holds when something starts.</summary>
    private static void Start(FactoryState before, FactoryState after, JournalRecord record)
    {
        if (record is not (JobStarted or IslandRestarted))
        {
            return;
        }

        var (id, sites) = record is JobStarted start ? (start.Job, start.Sites.Except(start.Withheld)) : (((IslandRestarted)record).Job, [((IslandRestarted)record).Island]);
        sites.ShouldAllBe(site => before.OutageOf(site) == null, "nothing is placed where it is out of service");
        (before.Jobs[id].Held || before.Jobs[id].HoldAsked).ShouldBeFalse("a held job never starts");

        // What draws too much since a file said less goes on; nothing is added to it.
        foreach (var site in after.Sites.Keys.Where(site => FleetCapacity.Drawn(after, site) > FleetCapacity.Drawn(before, site)))
        {
            FleetCapacity.Drawn(after, site).ShouldBeLessThanOrEqualTo(FleetCapacity.Budget(after, site), $"{site} draws more than it may");
        }

        after.Sites.Keys.Sum(site => FleetCapacity.Drawn(after, site)).ShouldBeLessThanOrEqualTo(FleetCapacity.Budget(after), "the fleet draws more than it may");
        PowerLaw.Broken(before, after).ShouldBeEmpty();
    }

    private static void Membership(FactoryJob job)
    {
        var epoch = job.Epoch!;
        epoch.Islands.ShouldBe(job.Islands.Select(island => island.Site));
        epoch.Members.Select(member => member.Island).ShouldBe(epoch.Islands.Where(island => epoch.Members.Any(member => member.Island == island)), "members stand in the job's order");
        epoch.Members.Select(member => member.Island).Intersect(epoch.Learners.Select(learner => learner.Island)).ShouldBeEmpty("nobody is both");
        epoch.Members.ShouldNotBeEmpty();
        foreach (var each in epoch.Members.Concat(epoch.Learners))
        {
            each.Incarnation.ShouldBeLessThanOrEqualTo(job.Islands.Single(island => island.Site == each.Island).Incarnation);
        }
    }

    /// <summary>
    /// An epoch has only members that promised to leave the one before it, or were level learners of it, or begins anew; and what it
    /// starts with is what the newest of the former held.
    /// </summary>
    private static void Succession(FactoryJob job, EpochDecided decided)
    {
        if (job.Epoch is not { } before)
        {
            return;
        }

        var next = decided.Epoch;
        next.Number.ShouldBe(before.Number + 1);
        (before.Sealed || !job.Islands.Any(island => before.Members.Contains(new RunMember(island.Site, island.Incarnation)))).ShouldBeTrue("an epoch is replaced after it was sealed");
        if (next.Start < 0)
        {
            job.Islands.Where(island => before.Members.Contains(new RunMember(island.Site, island.Incarnation)) && next.Members.Any(member => member.Island == island.Site))
                .ShouldAllBe(island => island.Promise!.Epoch == before.Number && island.Promise.Round < 0);
            return;
        }

        var promised = new List<long>();
        foreach (var member in next.Members)
        {
            var island = job.Islands.Single(each => each.Site == member.Island);
            island.Incarnation.ShouldBe(member.Incarnation, "an old incarnation is never taken for a member");
            if (before.Members.Contains(member))
            {
                island.Promise!.Epoch.ShouldBe(before.Number, $"{member.Island} is a member of epoch {next.Number} and has not promised to leave {before.Number}");
                promised.Add(island.Promise.Round);
            }
            else
            {
                before.Learners.ShouldContain(member);
                island.LevelIn.ShouldBe(before.Number);
            }
        }

        next.Start.ShouldBe(promised.Max());
    }

    private static string Content(AgentInstructions instructions)
        => JsonSerializer.Serialize(instructions with { Revision = 0 }, FactoryJson.Options);

    private static void Sentence(string reason)
    {
        reason.ShouldNotBeNullOrWhiteSpace();
        char.IsUpper(reason[0]).ShouldBeTrue(reason);
        reason.ShouldEndWith(".", customMessage: reason);
    }
}
