using System.Collections.Immutable;
using Superfactory.Core.Reading;
using Superfactory.Core.Records;
using Superfactory.Model.Agents;
using Superfactory.Model.Jobs;

namespace Superfactory.Core.Planning;

/// <summary>
/// Decides who is a member of a run: seals an epoch when a member is lost, a learner is level or the run changes its mode, and decides
/// the next one from the promises of its members. <c>docs/protocol.md</c> has the argument why that leaves one history.
/// </summary>
internal static class MembershipPlanner
{
    /// <summary>Adds what follows for one open job until nothing more does.</summary>
    /// <param name="draft">The decision.</param>
    /// <param name="id">The job.</param>
    /// <param name="mayBegin">Whether a run whose state is lost may begin again: when its islands have been started again.</param>
    public static void Plan(Draft draft, long id, bool mayBegin)
    {
        while (draft.State.Jobs[id] is { Epoch: { } epoch, Held: false, IsLeaving: false } job && !job.Islands.IsEmpty && !job.Islands.Any(island => island.IsFinished)
            && (TrySetAside(draft, job) || (epoch.Sealed ? TryDecide(draft, job, epoch, mayBegin) : TrySeal(draft, job, epoch) || TryLearners(draft, job, epoch))))
        {
        }
    }

    /// <summary>Whether a time has come at which an island that hangs is waited for no longer.</summary>
    public static bool IsDue(FactoryState state, long now) => state.OpenJobs.Any(id => Hanging(state, state.Jobs[id], now).Count > 0);

    /// <summary>The first epoch: every island begins.</summary>
    public static void Begin(Draft draft, long id, string reason)
    {
        var job = draft.State.Jobs[id];
        Decide(draft, job, [.. job.Islands.Where(island => island.Standing == IslandStanding.Wanted).Select(island => island.Present)], -1, reason);
    }

    /// <summary>A member whose promise is waited for after a seal: alive, not doubted, and silent so far.</summary>
    public static bool IsAwaited(FactoryJob job, FactoryIsland island) => job.Epoch is { Sealed: true } epoch
        && epoch.Members.Contains(island.Present) && IsAlive(island) && island.Doubt is null && !HasPromised(epoch, island);

    /// <summary>Another member that misses an island, where there is one.</summary>
    public static FactoryIsland? MissedBy(FactoryJob job, FactoryIsland island) => job.Members.FirstOrDefault(other =>
        IsAlive(other) && !ReferenceEquals(other, island) && other.Missing.Contains(island.Site, StringComparer.Ordinal));

    /// <summary>
    /// Whether an island cannot end by itself where others have: it promised to leave the epoch, after which none comes, or it waits for a member that is
    /// not heard and does not come back in that epoch.
    /// </summary>
    public static bool IsLeftBehind(FactoryJob job, FactoryIsland island) => job.Epoch is { } epoch && job.Islands.Any(other => other.IsFinished)
        && ((epoch.Sealed && HasPromised(epoch, island)) || epoch.Members.Any(member => island.Missing.Contains(member.Island, StringComparer.Ordinal) && HasEnded(job, member)));

    /// <summary>Whether a member has finished, or its incarnation is known to be dead.</summary>
    private static bool HasEnded(FactoryJob job, RunMember member) =>
        job.FindIsland(member.Island) is not { Standing: IslandStanding.Wanted, IsFinished: false } island || island.Present != member;

    /// <summary>Whether no member is left that holds, or may hold, what is final.</summary>
    public static bool IsStateLost(FactoryJob job)
    {
        var living = job.Members.Where(IsAlive).ToList();
        return living.Count == 0 || (job.Epoch is { Sealed: true } epoch && living.All(island => HasPromised(epoch, island) && island.Promise!.Round < 0));
    }

    /// <summary>A member that most of the others do not accept any more is set aside: one that is wrong about all others sets nobody aside.</summary>
    private static bool TrySetAside(Draft draft, FactoryJob job)
    {
        var living = job.Members.Where(island => IsAlive(island) && island.Doubt is null).ToList();
        foreach (var island in living)
        {
            var against = living.Where(other => other.Rejected.Any(each => each.Island == island.Site)).ToList();
            if (2 * against.Count > living.Count - 1 && against.Count > 0)
            {
                var why = against[0].Rejected.First(each => each.Island == island.Site).Reason;
                draft.Add(new IslandSetAside { At = draft.Now, Job = job.Id, Island = island.Site, Reason = why });
                return true;
            }
        }

        return false;
    }

    private static bool TrySeal(Draft draft, FactoryJob job, RunEpoch epoch)
    {
        if (Reason(draft.State, job, epoch) is not { } reason)
        {
            return false;
        }

        draft.Add(new SealOrdered { At = draft.Now, Job = job.Id, Epoch = epoch.Number, Reason = reason });
        return true;
    }

    /// <summary>Why an epoch is to be replaced; null where it is not.</summary>
    private static string? Reason(FactoryState state, FactoryJob job, RunEpoch epoch)
    {
        foreach (var member in epoch.Members)
        {
            var island = job.FindIsland(member.Island)!;
            if (island.Present == member && island.SetAside is { } aside)
            {
                return $"Island {member.Island} is set aside: {Sentence.Lower(aside)}";
            }

            if (island.Present != member || !IsAlive(island))
            {
                return $"Island {member.Island} is lost: {Sentence.Lower(island.Reason ?? "It was started again.")}";
            }

            if (MissedBy(job, island) is { } other && MayLeaveOut(state, job, island))
            {
                return $"Island {other.Site} waits for {member.Island} and does not hear it.";
            }
        }

        return job.Islands.FirstOrDefault(island => IsLevel(epoch, island)) is { } level
            ? $"Island {level.Site} is level with the others."
            : ModePlanner.Change(job)?.Reason;
    }

    /// <summary>Where the job would rather wait than go on after a cut, only an island whose site is lost too may be left out.</summary>
    private static bool MayLeaveOut(FactoryState state, FactoryJob job, FactoryIsland island) =>
        job.Specification.Sync.Partition == PartitionPolicy.Continue || !state.IsConnected(island.Site);

    private static bool TryLearners(Draft draft, FactoryJob job, RunEpoch epoch)
    {
        ImmutableArray<RunMember> learners = [.. Learners(draft.State, job, epoch)];
        if (learners.SequenceEqual(epoch.Learners))
        {
            return false;
        }

        var reason = learners.IsEmpty ? "Nobody learns any more." : $"{Sentence.Capital(Sentence.List(learners.Select(learner => learner.Island)))} may take the run's state.";
        draft.Add(new LearnersChanged { At = draft.Now, Job = job.Id, Learners = learners, Reason = reason });
        return true;
    }

    private static IEnumerable<RunMember> Learners(FactoryState state, FactoryJob job, RunEpoch epoch) => job.Islands
        .Where(island => !epoch.Members.Contains(island.Present) && IsAlive(island) && island.Doubt is null && state.IsConnected(island.Site))
        .Select(island => island.Present);

    private static bool TryDecide(Draft draft, FactoryJob job, RunEpoch epoch, bool mayBegin)
    {
        var living = job.Members.Where(IsAlive).ToList();
        if (living.Count == 0)
        {
            return mayBegin && TryBeginAgain(draft, job, [.. job.Islands.Where(IsAlive)]);
        }

        var promised = living.Where(island => HasPromised(epoch, island)).ToList();
        if (promised.Count == 0 || living.Any(island => IsAwaited(job, island)))
        {
            return false;
        }

        var reason = job.Note ?? "The membership changed.";
        var newest = promised.Max(island => island.Promise!.Round);
        if (newest < epoch.Start && promised.Count < living.Count)
        {
            // Only somebody who has not promised holds what the epoch started with: these became members and have not caught up.
            return TryGiveUp(draft, job, epoch);
        }

        if (newest < 0)
        {
            // There is no state that a new incarnation would have to take first.
            return (mayBegin && TryBeginAgain(draft, job, [.. promised.Concat(job.Islands.Where(island => IsAlive(island) && !epoch.Members.Contains(island.Present)))]))
                || TryGiveUp(draft, job, epoch);
        }

        var chosen = Largest(job, promised);
        var start = chosen.Max(island => island.Promise!.Round);
        if (start < Math.Max(epoch.Start, 0))
        {
            // Who holds what the epoch started with, or what the run began from, is cut off from these, and goes on.
            chosen = Largest(job, [.. promised.Where(island => island.Promise!.Round == newest)]);
            start = newest;
        }

        if (start < epoch.Start)
        {
            reason = $"{reason} No member holds round {epoch.Start} any more, with which epoch {epoch.Number} started; the run goes back to round {start}.";
        }

        var level = job.Islands.Where(island => IsLevel(epoch, island) && !chosen.Any(other => other.Missing.Contains(island.Site, StringComparer.Ordinal)));
        Decide(draft, job, InOrder(job, chosen.Concat(level)), start, reason);
        return true;
    }

    /// <summary>
    /// Who alone may hold what the epoch started with, and hangs, is waited for so long; then it is started again as any island that is lost. Whether one
    /// whose site is not heard goes on nobody can say: that is waited for.
    /// </summary>
    private static bool TryGiveUp(Draft draft, FactoryJob job, RunEpoch epoch)
    {
        var hanging = Hanging(draft.State, job, draft.Now);
        foreach (var island in hanging)
        {
            draft.Add(new IslandRestarted
            {
                At = draft.Now, Job = job.Id, Island = island.Site, Incarnation = island.Incarnation + 1,
                Reason = $"Island {island.Site} was started again as incarnation {island.Incarnation + 1}: it alone may have held what epoch {epoch.Number} started with, and it hangs: it did not promise to leave that within {Sentence.Duration(FactoryLimits.HolderMillisecondsMax)}.",
            });
        }

        return hanging.Count > 0;
    }

    /// <summary>Members that hang and alone may hold what their sealed epoch started with, or merged since, when that has lasted too long; none otherwise.</summary>
    private static List<FactoryIsland> Hanging(FactoryState state, FactoryJob job, long now)
    {
        if (job is not { SealedAt: { } since, Epoch: { Sealed: true } epoch } || now - since < FactoryLimits.HolderMillisecondsMax)
        {
            return [];
        }

        var living = job.Members.Where(IsAlive).ToList();
        var hanging = living.Where(island => !HasPromised(epoch, island)).ToList();
        return hanging.Count < living.Count && hanging.TrueForAll(island => state.IsConnected(island.Site))
            && living.TrueForAll(island => !HasPromised(epoch, island) || island.Promise!.Round < Math.Max(epoch.Start, 0)) ? hanging : [];
    }

    /// <summary>
    /// Of the promised islands a largest set in which none misses another; among equals the one with the first islands. Removes, one after
    /// another, who misses or is missed by most, the last one first: exact for one cut, and a set without cuts in any case.
    /// </summary>
    private static List<FactoryIsland> Largest(FactoryJob job, List<FactoryIsland> promised)
    {
        var left = promised.OrderBy(island => job.Islands.IndexOf(island)).ToList();
        while (true)
        {
            var worst = left.Select((island, place) => (Cuts: left.Count(other => IsCut(island, other)), Place: place)).Max();
            if (worst.Cuts == 0)
            {
                return left;
            }

            left.RemoveAt(worst.Place);
        }
    }

    private static bool IsCut(FactoryIsland one, FactoryIsland other) => !ReferenceEquals(one, other)
        && (one.Missing.Contains(other.Site, StringComparer.Ordinal) || other.Missing.Contains(one.Site, StringComparer.Ordinal));

    private static bool TryBeginAgain(Draft draft, FactoryJob job, ImmutableArray<FactoryIsland> living)
    {
        if (living.IsEmpty)
        {
            return false;
        }

        if (job.MayHaveRun || !ResumeRules.IsAtHand(draft.State, job, [.. living.Select(island => island.Site)]))
        {
            // Model and ledger have to go back together first, or what they go back to is on its way.
            return false;
        }

        var chosen = Largest(job, [.. living]);
        if (living.FirstOrDefault(island => IsAtHand(draft.State, job, island)) is { } holder && !chosen.Any(island => IsAtHand(draft.State, job, island)))
        {
            // Who has what the run goes on from is cut off from these, and goes on.
            chosen = Largest(job, [.. living.Where(island => !IsCut(island, holder))]);
        }

        Decide(draft, job, InOrder(job, chosen), -1, job.Note ?? "The membership changed.");
        return true;
    }

    private static bool IsAtHand(FactoryState state, FactoryJob job, FactoryIsland island) => ResumeRules.IsAtHand(state, job, [island.Site]);

    private static void Decide(Draft draft, FactoryJob job, ImmutableArray<RunMember> members, long start, string reason)
    {
        var choice = start < 0 ? null : ModePlanner.Change(job);
        var epoch = new RunEpoch
        {
            Number = (job.Epoch?.Number ?? 0) + 1,
            Members = members,
            Islands = [.. job.Islands.Select(island => island.Site)],
            Start = start,
            Schedule = ModePlanner.Next(job, start, choice),
        };
        draft.Add(new EpochDecided
        {
            At = draft.Now, Job = job.Id, Reason = reason, Epoch = epoch with { Learners = [.. Learners(draft.State, job, epoch)] }, Choice = choice,
        });
    }

    private static ImmutableArray<RunMember> InOrder(FactoryJob job, IEnumerable<FactoryIsland> islands)
    {
        var chosen = islands.Select(island => island.Site).ToHashSet(StringComparer.Ordinal);
        return [.. job.Islands.Where(island => chosen.Contains(island.Site)).Select(island => island.Present)];
    }

    /// <summary>Whether an island's gang is not known to have ended, and may take part.</summary>
    private static bool IsAlive(FactoryIsland island) => island is { Standing: IslandStanding.Wanted, SetAside: null };

    private static bool HasPromised(RunEpoch epoch, FactoryIsland island) => island.Promise?.Epoch == epoch.Number;

    private static bool IsLevel(RunEpoch epoch, FactoryIsland island) => island.LevelIn == epoch.Number && IsAlive(island) && island.Doubt is null
        && epoch.Learners.Contains(island.Present);
}
