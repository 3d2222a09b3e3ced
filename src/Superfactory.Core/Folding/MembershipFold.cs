using Superfactory.Core.Records;
using Superfactory.Model.Agents;

namespace Superfactory.Core.Folding;

/// <summary>Folds what islands said of the membership, and what was ordered upon it.</summary>
internal static class MembershipFold
{
    public static FactoryState Apply(FactoryState state, MembershipRecord record)
    {
        var job = state.Jobs[record.Job];
        if (job.FindIsland(record.Island) is not { } island || island.Incarnation != record.Incarnation)
        {
            throw new InvalidOperationException($"Record {state.Revision} is about incarnation {record.Incarnation} of island {record.Island}, which job {record.Job} doesn't have.");
        }

        return state.WithJob(job.WithIsland(record switch
        {
            // Who promises is heard.
            IslandSealed promised => island with { Promise = new SealPromise(promised.Epoch, promised.Round), Doubt = null },
            IslandLevel level => island with { LevelIn = level.Epoch },
            IslandRejecting rejecting => island with { Rejected = rejecting.Rejected },
            IslandMissed missed => island with { Missing = missed.Missing },
            IslandDoubted doubted => island with { Doubt = doubted.Reason },
            IslandTrusted => island with { Doubt = null },
            IslandMeasured measured => island with { Measured = measured.Measured, MeasuredAt = record.At },
            _ => throw new InvalidOperationException($"The factory knows no record {record.GetType().Name}."),
        }));
    }

    public static FactoryState Apply(FactoryState state, SealOrdered record)
    {
        var job = state.Jobs[record.Job];
        var ordered = job with { Epoch = job.Epoch! with { Sealed = true, Change = job.Epoch.Change + 1 }, SealedAt = record.At, Note = record.Reason };
        return state.WithJob(ordered).Touch(ordered);
    }

    public static FactoryState Apply(FactoryState state, IslandSetAside record)
    {
        var job = state.Jobs[record.Job];
        var aside = job.WithIsland(job.FindIsland(record.Island)! with { SetAside = record.Reason });
        return state.WithJob(aside).Touch(aside);
    }

    public static FactoryState Apply(FactoryState state, LearnersChanged record)
    {
        var job = state.Jobs[record.Job];
        var changed = job with { Epoch = job.Epoch! with { Learners = record.Learners, Change = job.Epoch.Change + 1 } };
        return state.WithJob(changed).Touch(changed);
    }

    public static FactoryState Apply(FactoryState state, EpochDecided record)
    {
        var job = state.Jobs[record.Job];
        var decided = job with
        {
            Epoch = record.Epoch,
            SealedAt = null,
            HasRun = job.HasRun || record.Epoch.Start >= 0,
            Note = job.Epoch is null ? null : record.Reason,
            Choice = record.Choice ?? (record.Epoch.Schedule == job.Epoch?.Schedule ? job.Choice : null),
            Islands = [.. job.Islands.Select(island => Begin(job.Epoch, record.Epoch, island))],
        };
        return state.WithJob(decided).Touch(decided);
    }

    /// <summary>Who became a member has shown that it can run.</summary>
    private static FactoryIsland Begin(RunEpoch? before, RunEpoch epoch, FactoryIsland island) => island with
    {
        Missing = [],
        Rejected = [],
        Measured = epoch.Start < 0 ? null : island.Measured,
        Failures = before is not null && epoch.Start >= 0 && epoch.Members.Contains(island.Present) && !before.Members.Contains(island.Present) ? 0 : island.Failures,
    };
}
