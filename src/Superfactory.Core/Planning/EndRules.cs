using System.Collections.Immutable;
using Superfactory.Core.Reading;
using Superfactory.Model.Agents;
using Superfactory.Model.Views;

namespace Superfactory.Core.Planning;

/// <summary>When a job is over, and how it ended.</summary>
internal static class EndRules
{
    public static (JobState State, string Reason)? Find(FactoryState state, FactoryJob job)
    {
        if (job.CancelRequested)
        {
            return (JobState.Cancelled, "It was cancelled.");
        }

        if (job.Role is not null)
        {
            return RoleRules.EndOf(state, job);
        }

        if (job.Islands.IsEmpty)
        {
            return null;
        }

        if ((Fault(job) ?? RoleRules.Fault(state, job)) is { } fault)
        {
            return (JobState.Failed, fault);
        }

        return job.Islands.All(island => island.IsFinished) ? Finished(job) : FinishedWithoutAll(state, job);
    }

    /// <summary>Why a job fails by an island of it; null where none has failed for good.</summary>
    public static string? Fault(FactoryJob job)
    {
        if (job.Islands.FirstOrDefault(island => island is { Gang: GangState.Failed, Retriable: false, SetAside: null }) is { } failed)
        {
            return failed.Reason ?? $"The gang of island {failed.Site} failed and its agent gave no reason.";
        }

        return job.Islands.FirstOrDefault(island => island.Failures > FactoryLimits.IslandRestartsMax && island.SetAside is null) is { } hopeless
            ? $"Island {hopeless.Site} was started again {FactoryLimits.IslandRestartsMax} times and failed each time. The last time: {hopeless.Reason ?? "its agent gave no reason."}"
            : null;
    }

    private static (JobState State, string Reason) Finished(FactoryJob job)
    {
        var first = job.Islands.First(island => island.IsFinished);
        var other = job.Islands.FirstOrDefault(island => island.IsFinished && !SameModel(first.Result, island.Result));
        return other is null
            ? (JobState.Completed, "Everything planned is merged.")
            : (JobState.Failed,
                $"The islands ended with different models: {first.Site} has parameters {Hash(first)}, {other.Site} has {Hash(other)}.");
    }

    /// <summary>An island finishes only when all have: one that was lost after that has nothing left to do, and nobody to take the state from.</summary>
    private static (JobState State, string Reason)? FinishedWithoutAll(FactoryState state, FactoryJob job)
    {
        var missing = job.Islands.Where(island => !island.IsFinished).ToImmutableArray();
        var members = job.Members.ToImmutableArray();
        if (missing.Length == job.Islands.Length
            || missing.Any(island => members.Contains(island) && !MembershipPlanner.IsLeftBehind(job, island) && (island.Standing != IslandStanding.Gone || !state.IsConnected(island.Site))))
        {
            return null;
        }

        var (end, reason) = Finished(job);
        return (end, $"{reason} {Sentence.Capital(Sentence.List(missing.Select(island => island.Site)))} "
            + $"{(missing.Length == 1 ? "was" : "were")} {(missing.All(island => island.SetAside is not null) ? "set aside" : missing.All(island => island.Withheld is not null) ? "left out" : "lost")} before the end, so {(missing.Length == 1 ? "its" : "their")} own result is not known.");
    }

    private static bool SameModel(IslandResult? one, IslandResult? other)
        => string.Equals(one?.ParametersSha256, other?.ParametersSha256, StringComparison.OrdinalIgnoreCase);

    private static string Hash(FactoryIsland island)
        => island.Result?.ParametersSha256 is { Length: > 0 } hash ? hash[..Math.Min(12, hash.Length)] : "no hash";
}
