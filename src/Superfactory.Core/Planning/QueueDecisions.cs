using System.Collections.Immutable;
using Superfactory.Core.Commands;
using Superfactory.Core.Records;
using Superfactory.Model;
using Superfactory.Scheduling.Quotas;

namespace Superfactory.Core.Planning;

/// <summary>Decides upon the queues that jobs wait in.</summary>
internal static class QueueDecisions
{
    public static Refusal? Apply(Draft draft, ApplyQueues apply)
    {
        var fleet = FleetMaker.Fleet(draft.State.Sites.Values.Where(static site => site.Standing != SiteStanding.Left).Select(static site => (site.Name, site.Slots)));
        var outcome = QueueTree.Create(apply.Queues.Queues, fleet);
        if (!outcome.Succeeded)
        {
            return new Refusal(RefusalKind.Invalid, [.. outcome.Problems.Select(problem => problem with { File = apply.File })]);
        }

        var names = apply.Queues.Queues.Select(static queue => queue.Name).ToHashSet(StringComparer.Ordinal);
        var orphans = draft.State.OpenJobs.Select(id => draft.State.Jobs[id]).Where(job => !names.Contains(job.Specification.Queue)).ToImmutableArray();
        if (!orphans.IsEmpty)
        {
            return new Refusal(RefusalKind.Conflict, [.. orphans.Select(static job => job.Specification.Queue).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Select(queue => new Problem(
                $"Queue '{queue}' has jobs that have not ended, the first of them job {orphans.First(job => job.Specification.Queue == queue).Id}.", apply.File, Field: "queues", Hint: "Keep the queue, or cancel its jobs first."))]);
        }

        draft.Add(new QueuesApplied { At = draft.Now, Queues = apply.Queues });
        return null;
    }
}
