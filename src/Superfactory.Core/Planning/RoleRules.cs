using Superfactory.Core.Commands;
using Superfactory.Core.Reading;
using Superfactory.Core.Records;
using Superfactory.Model;
using Superfactory.Model.Jobs;
using Superfactory.Model.Views;

namespace Superfactory.Core.Planning;

/// <summary>What becomes of the gangs of a job's roles: they start, stop and end with the job, and it with them.</summary>
internal static class RoleRules
{
    /// <summary>Refuses what is asked of a gang of a role alone; null where nothing is.</summary>
    public static Refusal? Refuse(FactoryState state, FactoryCommand command)
    {
        var id = command switch
        {
            CancelJob cancel => cancel.Job,
            HoldJob hold => hold.Job,
            ReleaseJob release => release.Job,
            ReprioritizeJob change => change.Job,
            RestoreJob restore => restore.Job,
            RollBackJob back => back.Job,
            _ => 0,
        };
        if (!state.Jobs.TryGetValue(id, out var job))
        {
            return null;
        }

        if (job.Role is { } role)
        {
            return new Refusal(RefusalKind.Conflict, [new Problem($"Job {id} is {NameOf(role)} of job {role.Job}, and goes with it.", Hint: $"Ask it of job {role.Job}.")]);
        }

        return job.Specification.RoleGangs == 0 ? null
            : command is RollBackJob && job.End is not null ? new Refusal(RefusalKind.Conflict, [new Problem($"Job {id} has ended, and the gangs of its roles with it.", Hint: $"Go on in a new job with 'superfactory restore {id}'.")])
            : command is ReleaseJob && job.HoldRequested ? new Refusal(RefusalKind.Conflict, [new Problem($"Job {id} is still saving.", Hint: "Release it when it is held.")])
            : null;
    }

    /// <summary>A gang in words, such as <c>gang 3 of role rollout</c>.</summary>
    public static string NameOf(RolePlace role) => role.Count == 1 ? $"the gang of role {role.Role}" : $"gang {role.Gang} of role {role.Role}";

    /// <summary>The gangs that are to start with a job: those that have done their part are not started again.</summary>
    public static IEnumerable<FactoryJob> Open(FactoryState state, FactoryJob job) => state.GangsOf(job).Where(static gang => gang.End is null);

    /// <summary>Whether gangs of an earlier placement still stop, so that the job cannot start yet.</summary>
    public static bool AreStopping(FactoryState state, FactoryJob job) => Open(state, job).Any(static gang => !gang.Islands.IsEmpty);

    /// <summary>Puts a job back into the queue as soon as its gangs have stopped, and those of its roles with it.</summary>
    public static void Park(Draft draft, JobParked parked)
    {
        draft.Add(parked);
        var reason = $"Job {parked.Job} has stopped.";
        foreach (var gang in Open(draft.State, draft.State.Jobs[parked.Job]).Where(static gang => gang is { Islands.IsEmpty: false, IsLeaving: false }))
        {
            draft.Add(new JobMoves { At = draft.Now, Job = gang.Id, Reason = reason });
            draft.Add(new JobParked { At = draft.Now, Job = gang.Id, Checkpoint = null, Reason = reason });
        }
    }

    /// <summary>Has a whole job save and be placed anew because of one of its gangs.</summary>
    public static void Move(Draft draft, FactoryJob gang, string reason)
    {
        var whole = draft.State.WholeOf(gang);
        if (whole is { End: null, HoldRequested: false, IsLeaving: false, Islands.IsEmpty: false })
        {
            draft.Add(new JobMoves { At = draft.Now, Job = whole.Id, Reason = reason });
            HoldPlanner.Plan(draft, whole.Id);
        }
    }

    /// <summary>How a gang of a role is over: with its job, by a fault, or because its processes have done their part.</summary>
    public static (JobState State, string Reason)? EndOf(FactoryState state, FactoryJob gang)
    {
        if (state.WholeOf(gang).End is { } end)
        {
            return (end.State, $"Job {gang.Role!.Job}, which it is {NameOf(gang.Role)} of, {Sentence.Ended(end.State)}.");
        }

        return EndRules.Fault(gang) is { } reason ? (JobState.Failed, reason)
            : !gang.Islands.IsEmpty && gang.Islands.All(static island => island.IsFinished) ? (JobState.Completed, "Its processes have ended.") : null;
    }

    /// <summary>Why a job fails by a gang of a role; null where none has failed.</summary>
    public static string? Fault(FactoryState state, FactoryJob job)
    {
        foreach (var gang in Open(state, job))
        {
            if (EndRules.Fault(gang) is { } reason)
            {
                return $"{Sentence.Capital(NameOf(gang.Role!))} failed: {reason}";
            }
        }

        return null;
    }
}
