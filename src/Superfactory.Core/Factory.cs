using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Superfactory.Core.Commands;
using Superfactory.Core.Folding;
using Superfactory.Core.Planning;
using Superfactory.Core.Records;

namespace Superfactory.Core;

/// <summary>
/// The factory as a deterministic state machine. <see cref="Accept"/> decides, <see cref="Apply"/> folds, and neither knows a clock, a
/// file, a socket or chance: the same input gives the same records, byte for byte. Pure, and so safe to call from any thread.
/// </summary>
public static class Factory
{
    /// <summary>
    /// Decides upon a command: checks it against the state, and plans what follows from it until nothing more does.
    /// Changes nothing; the records take effect when they are applied in order, after the journal holds them.
    /// </summary>
    /// <param name="state">The factory as it is.</param>
    /// <param name="command">What entered.</param>
    /// <param name="now">The time at which it is accepted, in milliseconds since 1970-01-01 UTC.</param>
    /// <returns>Records, or a refusal with problems.</returns>
    public static Decision Accept(FactoryState state, FactoryCommand command, long now)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(command);
        var draft = new Draft(state, now);
        var refusal = RoleRules.Refuse(state, command) ?? command switch
        {
            JoinSite join => SiteDecisions.Join(draft, join),
            LeaveSite leave => SiteDecisions.Leave(draft, leave),
            ReportGangs report => GangDecisions.Report(draft, report),
            Tick tick => SiteDecisions.Expire(draft, tick),
            SubmitJob submit => JobDecisions.Submit(draft, submit),
            CancelJob { WholeArray: true } cancel => JobDecisions.ToAll(draft, cancel.Job, static (draft, id) => JobDecisions.Cancel(draft, new CancelJob(id))),
            HoldJob { WholeArray: true } hold => JobDecisions.ToAll(draft, hold.Job, static (draft, id) => HoldDecisions.Hold(draft, new HoldJob(id))),
            ReleaseJob { WholeArray: true } release => JobDecisions.ToAll(draft, release.Job, static (draft, id) => HoldDecisions.Release(draft, new ReleaseJob(id))),
            CancelJob cancel => JobDecisions.Cancel(draft, cancel),
            RequestCopy request => CopyDecisions.Request(draft, request),
            CancelCopy cancel => CopyDecisions.Cancel(draft, cancel),
            VerifyCheckpoints verify => CheckpointDecisions.Verify(draft, verify),
            RestoreJob restore => HoldDecisions.Restore(draft, restore),
            RollBackJob back => HoldDecisions.RollBack(draft, back),
            HoldJob hold => HoldDecisions.Hold(draft, hold),
            ReleaseJob release => HoldDecisions.Release(draft, release),
            SetPaused pause => QueueDecisions.Pause(draft, pause),
            ReprioritizeJob change => QueueDecisions.Reprioritize(draft, change),
            ApplyQueues apply => QueueDecisions.Apply(draft, apply),
            ApplyFleet apply => FleetDecisions.Apply(draft, apply),
            TakeOut take => OutageDecisions.TakeOut(draft, take),
            ReturnTarget back => OutageDecisions.Return(draft, back),
            ReserveWindow reserve => WindowDecisions.Reserve(draft, reserve),
            CancelWindow cancel => WindowDecisions.Cancel(draft, cancel),
            ChangeLink change => LinkDecisions.Change(draft, change),
            MeasureLink measure => LinkDecisions.Measure(draft, measure),
            _ => throw new InvalidOperationException($"The factory knows no command {command.GetType().Name}."),
        };
        if (refusal is not null)
        {
            return new Decision { Refusal = refusal };
        }

        if (!draft.IsEmpty || (command is Tick && (CheckpointPlanner.HasAged(state, now) || FleetPlacement.MayHaveRoomByTime(state, now) || FleetPlacement.IsTimeUp(state, now) || ElasticRules.MayGrowByTime(state, now) || OutagePlanner.IsDue(state, now) || WindowPlanner.IsDue(state, now) || TimeoutPlanner.IsDue(state, now) || MembershipPlanner.IsDue(state, now))))
        {
            Planner.Plan(draft);
        }

        return new Decision { Records = draft.TakeRecords() };
    }

    /// <summary>
    /// Decides upon submissions that came together: each is checked by itself, in their order, and what follows from all of them is planned once, so that each does
    /// not look at every open job again.
    /// </summary>
    /// <returns>A decision for each; what was planned is in that of the last that was taken.</returns>
    public static ImmutableArray<Decision> AcceptAll(FactoryState state, IReadOnlyList<SubmitJob> submissions, long now)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(submissions);
        var draft = new Draft(state, now);
        var decisions = new Decision[submissions.Count];
        var last = -1;
        for (var index = 0; index < decisions.Length; index++)
        {
            var refusal = JobDecisions.Submit(draft, submissions[index]);
            decisions[index] = refusal is null ? new Decision { Records = draft.TakeRecords() } : new Decision { Refusal = refusal };
            last = refusal is null ? index : last;
        }

        if (last >= 0)
        {
            Planner.Plan(draft);
            decisions[last] = new Decision { Records = decisions[last].Records.AddRange(draft.TakeRecords()) };
        }

        return ImmutableCollectionsMarshal.AsImmutableArray(decisions);
    }

    /// <summary>Folds one record into the state. Never decides: a plan is applied as it was recorded, by whichever version.</summary>
    /// <returns>The next state, whose revision is one higher.</returns>
    public static FactoryState Apply(FactoryState state, JournalRecord record)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(record);
        var next = state with { Revision = checked(state.Revision + 1), At = Math.Max(state.At, record.At) };
        return record switch
        {
            SiteJoined joined => SiteFold.Apply(next, joined),
            SiteReturned returned => SiteFold.Apply(next, returned),
            SiteLeft left => SiteFold.Apply(next, left),
            SiteLost lost => SiteFold.Apply(next, lost),
            GangLeaseEnded ended => SiteFold.Apply(next, ended),
            SiteCleared cleared => SiteFold.Apply(next, cleared),
            CorporaListed listed => SiteFold.Apply(next, listed),
            JobSubmitted submitted => JobFold.Apply(next, submitted),
            JobCancelled cancelled => JobFold.Apply(next, cancelled),
            GangChanged changed => GangFold.Apply(next, changed),
            GangReleased released => GangFold.Apply(next, released),
            JobStarted started => RunFold.Apply(next, started),
            IslandRestarted restarted => RunFold.Apply(next, restarted),
            RunRestarted restarted => RunFold.Apply(next, restarted),
            EpochDecided decided => MembershipFold.Apply(next, decided),
            SealOrdered ordered => MembershipFold.Apply(next, ordered),
            IslandSetAside aside => MembershipFold.Apply(next, aside),
            LearnersChanged changed => MembershipFold.Apply(next, changed),
            MembershipRecord membership => MembershipFold.Apply(next, membership),
            JobEnded ended => JobFold.Apply(next, ended),
            CopyRequested requested => CopyFold.Apply(next, requested),
            CopyEnded ended => CopyFold.Apply(next, ended),
            CheckpointSealed found => CheckpointFold.Apply(next, found),
            CheckpointPlaced placed => CheckpointFold.Apply(next, placed),
            CheckpointCopying copying => CheckpointFold.Apply(next, copying),
            CheckpointDamaged damaged => CheckpointFold.Apply(next, damaged),
            CheckpointVerified verified => CheckpointFold.Apply(next, verified),
            CheckpointExpired expired => CheckpointFold.Apply(next, expired),
            CheckpointDeleted deleted => CheckpointFold.Apply(next, deleted),
            CheckpointFailed failed => CheckpointFold.Apply(next, failed),
            CheckpointsToVerify asked => CheckpointFold.Apply(next, asked),
            JobRolledBack back => HoldFold.Apply(next, back),
            JobHeld held => HoldFold.Apply(next, held),
            JobParked parked => HoldFold.Apply(next, parked),
            JobReleased released => HoldFold.Apply(next, released),
            QueuesApplied applied => FleetFold.Apply(next, applied),
            QueuePaused paused => FleetFold.Apply(next, paused),
            JobReprioritized changed => FleetFold.Apply(next, changed),
            StartPlanned planned => FleetFold.Apply(next, planned),
            StartReserved reserved => FleetFold.Apply(next, reserved),
            StartDropped dropped => FleetFold.Apply(next, dropped),
            JobGivesWay way => FleetFold.Apply(next, way),
            IslandReclaimed reclaimed => FleetFold.Apply(next, reclaimed),
            FleetApplied applied => FleetFold.Apply(next, applied),
            OutageBegan began => OutageFold.Apply(next, began),
            TargetDrained drained => OutageFold.Apply(next, drained),
            TargetReturned returned => OutageFold.Apply(next, returned),
            IslandEvicted evicted => OutageFold.Apply(next, evicted),
            JobMoves moves => OutageFold.Apply(next, moves),
            StartTimedOut timedOut => TimeoutFold.Apply(next, timedOut),
            IslandsShort few => TimeoutFold.Apply(next, few),
            IslandsLeftBehind behind => TimeoutFold.Apply(next, behind),
            WindowReserved reserved => WindowFold.Apply(next, reserved),
            WindowEnded ended => WindowFold.Apply(next, ended),
            LinkChanged changed => RateFold.Apply(next, changed),
            RatesRouted routed => RateFold.Apply(next, routed),
            _ => throw new InvalidOperationException($"The factory knows no record {record.GetType().Name}."),
        };
    }
}
