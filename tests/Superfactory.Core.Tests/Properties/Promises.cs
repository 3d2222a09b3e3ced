using System.Text.Json;
using Superfactory.Core.Records;
using Superfactory.Model;
using Superfactory.Model.Agents;

namespace Superfactory.Core.Tests.Properties;

/// <summary>What the factory promises, checked by looking at it from outside: its instructions, reasons and records.</summary>
internal static class Promises
{
    /// <summary>What holds between a state and the next.</summary>
    public static void Step(FactoryState before, FactoryState after, JournalRecord record)
    {
        after.Revision.ShouldBe(before.Revision + 1);
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

        if (record is JobStarted started)
        {
            // A site may come back with fewer slots than it runs gangs, and keeps those; what starts finds a free slot.
            foreach (var site in started.Sites)
            {
                after.JobsHoldingSlots(site).Count().ShouldBeLessThanOrEqualTo(after.Sites[site].Slots, $"{site} has more gangs than slots");
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
            job.Checkpoints.Count(checkpoint => checkpoint.Expired is null).ShouldBeLessThanOrEqualTo(job.Specification.Checkpoint.Keep + 4, "only the newest are kept, and what is needed");
            job.Held.ShouldBe(job.Held && job.Islands.All(island => island.Standing is IslandStanding.Stopping or IslandStanding.Released), "a held job has no gang");
            if (job.Islands.IsEmpty)
            {
                continue;
            }

            job.Epoch!.Members.ShouldBe(job.Islands.Select(island => new RunMember(island.Site, island.Incarnation)), "an epoch names the present incarnations");
            job.Islands.Select(island => island.Site).ShouldBeUnique();
        }

        state.OpenCopies.ShouldBe(state.Copies.Values.Where(copy => copy.End is null).Select(copy => copy.Id));
        foreach (var copy in state.Copies.Values)
        {
            Sentence(copy.End?.Reason ?? CopyReader.WaitsFor(state, copy, now) ?? "It goes on.");
        }

        foreach (var site in state.Sites.Values)
        {
            var gangs = InstructionsReader.Read(state, site.Name).Gangs;
            gangs.Select(gang => gang.Job).ShouldBeSubsetOf(state.JobsHoldingSlots(site.Name));
            gangs.ShouldAllBe(gang => state.Jobs[gang.Job].End == null, "an ended job has no gang");
            InstructionsReader.Read(state, site.Name).Copies.ShouldAllBe(copy => state.Copies[copy.Copy].End == null, "an ended copy is nobody's");
            gangs.Select(gang => gang.Job).ShouldBeInOrder();
            gangs.ShouldAllBe(gang => gang.Epoch.Members.Contains(new RunMember(gang.Island, gang.Incarnation)));
        }
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
