using System.Collections.Immutable;
using System.Globalization;
using Superfactory.Core.Commands;
using Superfactory.Core.Reading;
using Superfactory.Model;
using Superfactory.Model.Choosing;
using Superfactory.Model.Fleet;
using Superfactory.Model.Jobs;
using Superfactory.Model.Units;
using Superfactory.Scheduling;
using Superfactory.Scheduling.Quotas;

namespace Superfactory.Core.Planning;

/// <summary>Computes the rate of a job that is submitted, where it does not say it, and refuses one that can never be reserved.</summary>
internal static class RateDecisions
{
    /// <summary>The job with its rate; or what is wrong.</summary>
    public static (JobSpecification Specification, Problem? Problem) Settle(FactoryState state, SubmitJob submit)
    {
        var specification = submit.Specification;
        if (specification.Wan is not { } wan)
        {
            return (specification, null);
        }

        if (wan.Rate is null)
        {
            if (Compute(state, specification, wan) is not { } rate)
            {
                return (specification, Unreachable(state, submit));
            }

            specification = specification with { Wan = wan with { Rate = rate } };
        }

        return (specification, Refuse(state, specification, submit.File));
    }

    private static Bandwidth? Compute(FactoryState state, JobSpecification job, WanSpecification wan)
    {
        if (wan is not { Parameters: > 0, Step: > 0 } || job.IslandsMax < 2)
        {
            return null;
        }

        var bytes = Math.Max(sizeof(float), (long)Math.Round(wan.Parameters.Value * 1_000_000) * sizeof(float));
        return RateNeed.Least(job.Sync, job.IslandsMax, bytes, TimeSpan.FromSeconds(wan.Step.Value), LongestRoundTrip(state, job));
    }

    /// <summary>The longest round trip between two sites that the job may get, each pair on its shortest route.</summary>
    private static TimeSpan LongestRoundTrip(FactoryState state, JobSpecification job)
    {
        ImmutableArray<string> sites = job.Sites.IsDefaultOrEmpty ? [.. state.Sites.Keys] : job.Sites;
        var ledger = FleetRates.Ledger(FleetRates.Declared(state));
        var longest = TimeSpan.Zero;
        for (var a = 0; a < sites.Length; a++)
        {
            for (var b = a + 1; b < sites.Length; b++)
            {
                longest = ledger.RoundTrip(sites[a], sites[b]) is { } time && time > longest ? time : longest;
            }
        }

        return longest;
    }

    private static Problem Unreachable(FactoryState state, SubmitJob submit)
    {
        var job = submit.Specification;
        if (job.Wan is not { Parameters: > 0, Step: > 0 } || job.IslandsMax < 2)
        {
            return new Problem("Expected two islands or more, and 'rate', or 'parameters' and 'step', from which it is computed.", submit.File, Field: "wan");
        }

        var share = (RateNeed.TargetMillionths(job.Sync) / 10_000m).ToString("0.##", CultureInfo.InvariantCulture);
        var what = job.Sync.Mode == SyncMode.Auto ? "any mode" : job.Sync.Mode == SyncMode.EveryStep ? "every-step" : job.Sync.Mode.ToString().ToLowerInvariant();
        return new Problem(
            $"At a round trip of {LongestRoundTrip(state, job).TotalMilliseconds.ToString("0.#", CultureInfo.InvariantCulture)} ms no rate lets {what} keep {share} % of the compute-only rate.", submit.File, Field: "wan", Hint: "Say 'rate', or choose a mode that merges less often.");
    }

    /// <summary>What is wrong where no route can ever carry the rate, even while nothing else is reserved; null where nothing is.</summary>
    private static Problem? Refuse(FactoryState state, JobSpecification job, string? file)
    {
        if (Lacks(state, job, job.Wan!.BytesPerSecond) is not { } lacks)
        {
            return null;
        }

        var (low, high) = (0L, job.Wan.BytesPerSecond);
        while (high - low > 1)
        {
            var middle = low + ((high - low) / 2);
            (low, high) = Lacks(state, job, middle) is null ? (middle, high) : (low, middle);
        }

        return low == 0
            ? new Problem($"No link that is known joins {lacks.From} and {lacks.To}, so that no rate can be reserved.", file, Field: "wan.rate", Hint: "Apply a fleet file with links: 'superfactory fleet apply'.")
            : new Problem($"No route from {lacks.From} to {lacks.To} can ever carry {job.Wan.Rate} beside the job's other rates; {new Bandwidth(low * 8)} would fit.", file, Field: "wan.rate");
    }

    private static PendingReason.Wan? Lacks(FactoryState state, JobSpecification job, long bytesPerSecond)
    {
        ImmutableArray<string> sites = job.Sites.IsDefaultOrEmpty ? [.. state.Sites.Keys] : job.Sites;
        var fleet = FleetMaker.WithLinks(FleetMaker.Whole(state), FleetRates.Declared(state));
        var request = FleetMaker.Request(state, new FactoryJob { Id = state.LastJob + 1, Specification = job with { StartAfter = 0, PreferredSites = [], Within = Within.Site }, SubmittedAt = state.At }, sites);
        sites = [.. sites.Where(site => fleet.Sites.Any(known => known.Name == site))];
        return new Scheduler(new FleetState(fleet, QueueTree.Create(state.Queues.Queues, null, state.Queues.Aging).Value!)).Decide(request with { Sites = sites, WanBytesPerSecond = bytesPerSecond }, Math.Max(0, state.At)).Reason as PendingReason.Wan;
    }
}
