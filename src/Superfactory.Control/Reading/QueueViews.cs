using System.Collections.Immutable;
using Superfactory.Core;
using Superfactory.Model.Fleet;
using Superfactory.Model.Views;

namespace Superfactory.Control.Reading;

/// <summary>Makes what the API shows of queues. Pure and safe to use from any thread.</summary>
internal static class QueueViews
{
    /// <summary>The queues, in the order in which they were applied.</summary>
    public static ImmutableArray<QueueView> Of(FactoryState state)
    {
        var jobs = state.OpenJobs.Select(id => state.Jobs[id]).ToLookup(static job => job.Specification.Queue, StringComparer.Ordinal);
        return [.. state.Queues.Queues.Select(queue => View(queue, jobs[queue.Name]) with { Paused = state.PausedQueues.Contains(queue.Name) })];
    }

    private static QueueView View(QueueSpecification queue, IEnumerable<FactoryJob> jobs)
    {
        var all = jobs.ToList();
        return new QueueView
        {
            Name = queue.Name,
            Parent = queue.Parent,
            Weight = queue.Weight,
            Quotas = queue.Quotas,
            Held = all.Sum(static job => job.Islands.Where(static island => island.HoldsSlot).Sum(island => (long)job.AcceleratorsOf(island))),
            Owned = all.Sum(static job => job.Islands.Where(static island => island is { HoldsSlot: true, IsOwned: true }).Sum(island => (long)job.AcceleratorsOf(island))),
            Running = [.. all.Where(static job => job.Islands.Any(static island => island.HoldsSlot)).Select(static job => job.Id)],
            Waiting = [.. all.Where(static job => job.Islands.IsEmpty && !job.Held).Select(static job => job.Id)],
        };
    }
}
