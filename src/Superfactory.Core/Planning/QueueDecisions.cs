using System.Collections.Immutable;
using Superfactory.Core.Commands;
using Superfactory.Core.Reading;
using Superfactory.Core.Records;
using Superfactory.Model;
using Superfactory.Scheduling.Quotas;

namespace Superfactory.Core.Planning;

/// <summary>Decides upon the queues that jobs wait in.</summary>
internal static class QueueDecisions
{
    private const int PriorityMax = 1_000;

    public static Refusal? Apply(Draft draft, ApplyQueues apply)
    {
        var outcome = QueueTree.Create(apply.Queues.Queues, FleetMaker.Whole(draft.State));
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

        if (draft.State.Windows.Values.FirstOrDefault(window => window.Queue is { } queue && !names.Contains(queue)) is { } reserved)
        {
            return new Refusal(RefusalKind.Conflict, [new Problem(
                $"Queue '{reserved.Queue}' has reservation {reserved.Name}.", apply.File, Field: "queues", Hint: $"Keep the queue, or take that back with 'superfactory fleet unreserve {reserved.Name}'.")]);
        }

        draft.Add(new QueuesApplied { At = draft.Now, Queues = apply.Queues });
        return null;
    }

    public static Refusal? Pause(Draft draft, SetPaused pause)
    {
        var names = draft.State.Queues.Queues.Select(static queue => queue.Name).ToImmutableArray();
        if (!names.Contains(pause.Queue, StringComparer.Ordinal))
        {
            return new Refusal(RefusalKind.NotFound, [new Problem($"There is no queue '{pause.Queue}'; there is {string.Join(", ", names)}.", Hint: NearMatch.Hint(pause.Queue, names))]);
        }

        if (draft.State.PausedQueues.Contains(pause.Queue) == pause.Paused)
        {
            return new Refusal(RefusalKind.Conflict, [new Problem($"Queue '{pause.Queue}' is {(pause.Paused ? "paused already" : "not paused")}.")]);
        }

        draft.Add(new QueuePaused { At = draft.Now, Queue = pause.Queue, Paused = pause.Paused });
        return null;
    }

    public static Refusal? Reprioritize(Draft draft, ReprioritizeJob change)
    {
        if (!draft.State.Jobs.TryGetValue(change.Job, out var job))
        {
            return new Refusal(RefusalKind.NotFound, [new Problem($"There is no job {change.Job}.")]);
        }

        if (job.End is { } end)
        {
            return new Refusal(RefusalKind.Conflict, [new Problem($"Job {change.Job} has already ended: it {Sentence.Ended(end.State)}.")]);
        }

        if (change.Priority is < 0 or > PriorityMax)
        {
            return new Refusal(RefusalKind.Invalid, [new Problem($"Expected a priority of 0 to {PriorityMax}, but found {change.Priority}.", Field: "priority")]);
        }

        draft.Add(new JobReprioritized { At = draft.Now, Job = change.Job, Priority = change.Priority });
        return null;
    }
}
