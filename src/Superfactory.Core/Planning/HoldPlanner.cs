using Superfactory.Core.Reading;
using Superfactory.Core.Records;
using Superfactory.Model.Views;

namespace Superfactory.Core.Planning;

/// <summary>Decides when a job that was told to save and stop has saved.</summary>
internal static class HoldPlanner
{
    public static void Plan(Draft draft, long id)
    {
        var job = draft.State.Jobs[id];
        if (!job.HoldRequested)
        {
            return;
        }

        // Islands that are to take the state from a checkpoint have nothing more to save, and it may take long until they have it.
        if (MembershipPlanner.IsStateLost(job) || !job.Islands.Any(island => island is { Standing: IslandStanding.Wanted, Joined: true, SetAside: null }))
        {
            var newest = job.HasRun ? ResumeRules.Newest(job) : null;
            Park(draft, job, newest, newest is null
                ? "It was held before its run had begun."
                : $"It was held when none of its islands held the state of the run any more, and goes on from checkpoint {newest.Number}.");
        }
        else if (job.Checkpoints.LastOrDefault(checkpoint => checkpoint is { Held: true, Abandoned: false, Expired: null } && IsSavedBy(job, checkpoint)) is { } saved)
        {
            Park(draft, job, saved, $"Its islands saved checkpoint {saved.Number}, after {saved.Round} rounds, with their trainers' own state.");
        }
    }

    private static bool IsSavedBy(FactoryJob job, FactoryCheckpoint checkpoint) => checkpoint.Epoch >= job.HoldEpoch && job.Islands.All(island =>
        island.SetAside is not null || island.Withheld is not null || !job.Members.Contains(island) || checkpoint.At(island.Site) is { Standing: CheckpointStanding.Whole } copy && string.Equals(copy.Island, island.Site, StringComparison.Ordinal));

    private static void Park(Draft draft, FactoryJob job, FactoryCheckpoint? checkpoint, string reason) =>
        RoleRules.Park(draft, new JobParked { At = draft.Now, Job = job.Id, Checkpoint = checkpoint?.Number, Reason = Sentence.Capital(reason) });
}
