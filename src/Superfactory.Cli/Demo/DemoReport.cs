using System.Collections.Immutable;
using Superfactory.Model.Agents;
using Superfactory.Model.Jobs;
using Superfactory.Model.Views;

namespace Superfactory.Cli.Demo;

/// <summary>What came of a demo: written as JSON by <c>--json</c>, field for field. Immutable.</summary>
internal sealed record DemoReport
{
    /// <summary>The sites' names in the job's order.</summary>
    public required ImmutableArray<string> Sites { get; init; }

    /// <summary>What was merged when.</summary>
    public required SyncMode Mode { get; init; }

    /// <summary>Steps of each island.</summary>
    public required long Steps { get; init; }

    /// <summary>Steps between merges.</summary>
    public required int Every { get; init; }

    /// <summary>The seed.</summary>
    public required int Seed { get; init; }

    /// <summary>Tokens that were trained on and merged, by site.</summary>
    public required ImmutableSortedDictionary<string, long> Tokens { get; init; }

    /// <summary>The validation loss of the merged model.</summary>
    public required LossReport Loss { get; init; }

    /// <summary>SHA-256 of the parameters by site, each computed in that site's own trainer process.</summary>
    public required ImmutableSortedDictionary<string, string> Replicas { get; init; }

    /// <summary>Whether the sites' parameters are the same to the last bit.</summary>
    public required bool ReplicasIdentical { get; init; }

    /// <summary>What went over the wide-area network.</summary>
    public required WanReport Wan { get; init; }

    /// <summary>Time in training steps ÷ wall time from the first step to the last, by site, and under <c>mean</c> over all sites.</summary>
    public required ImmutableSortedDictionary<string, double> StepTimeShare { get; init; }

    /// <summary>Rounds merged.</summary>
    public required long Rounds { get; init; }

    /// <summary>Bytes of the model's merged parameters in fp32.</summary>
    public required long ParameterBytes { get; init; }

    /// <summary>The run's samples at the end; null where untracked.</summary>
    public LedgerTotals? Ledger { get; init; }

    /// <summary>How often a trainer was started again, over all sites.</summary>
    public required int TrainerRestarts { get; init; }

    /// <summary>From submission to the job's end, in seconds.</summary>
    public required double Seconds { get; init; }

    /// <summary>Text that the trained model wrote; null where the trainer reported none.</summary>
    public string? Sample { get; init; }

    /// <summary>The report of a completed job; every island has a result.</summary>
    public static DemoReport Of(JobView job, string wanProfile)
    {
        ArgumentNullException.ThrowIfNull(job);
        var results = job.Islands.Select(static island => (island.Site, Result: island.Result ?? throw new InvalidOperationException($"The job is completed and site {island.Site} has no result."))).ToArray();
        var first = results[0].Result;
        var steps = results.Max(static island => island.Result.Steps);
        var shares = results.ToImmutableSortedDictionary(
            static island => island.Site,
            static island => island.Result.WallSeconds > 0 ? island.Result.TrainingSeconds / island.Result.WallSeconds : 0,
            StringComparer.Ordinal);
        return new DemoReport
        {
            Sites = [.. results.Select(static island => island.Site)],
            Mode = job.Specification.Sync.Mode,
            Steps = steps,
            Every = job.Specification.Sync.Every,
            Seed = job.Specification.Seed,
            Tokens = results.ToImmutableSortedDictionary(static island => island.Site, static island => island.Result.Tokens, StringComparer.Ordinal),
            Loss = new LossReport(Value(results.Select(static island => island.Result), "validation_loss_initial"), Value(results.Select(static island => island.Result), "validation_loss_final")),
            Replicas = results.ToImmutableSortedDictionary(static island => island.Site, static island => island.Result.ParametersSha256, StringComparer.Ordinal),
            ReplicasIdentical = results.All(island => island.Result.ParametersSha256 == first.ParametersSha256),
            Wan = new WanReport(
                job.Islands.Sum(static island => island.WanBytesSent),
                EveryStepBytes(steps, results.Length, first.ParameterBytes),
                wanProfile),
            StepTimeShare = shares.Add("mean", shares.Values.Average()),
            Rounds = first.Rounds,
            ParameterBytes = first.ParameterBytes,
            Ledger = first.Ledger,
            TrainerRestarts = job.Islands.Sum(static island => island.TrainerRestarts),
            Seconds = ((job.EndedUnixMilliseconds ?? job.SubmittedUnixMilliseconds) - job.SubmittedUnixMilliseconds) / 1000.0,
            Sample = results.Select(static island => island.Result.Texts.GetValueOrDefault("sample")).FirstOrDefault(static text => text is not null),
        };
    }

    /// <summary>
    /// What data parallel with a merge every step would have sent over all sites: a ring all-reduce of fp32 gradients has each of N sites
    /// send 2(N−1)/N times the parameters' bytes, all of them together 2(N−1) times, at every step.
    /// </summary>
    public static long EveryStepBytes(long steps, int sites, long parameterBytes) => steps * 2 * (sites - 1) * parameterBytes;

    private static double? Value(IEnumerable<IslandResult> results, string name) =>
        results.Select(result => result.Values.TryGetValue(name, out var value) ? value : (double?)null).FirstOrDefault(static value => value is not null);
}

/// <summary>The validation loss of the merged model, in nats per token.</summary>
/// <param name="Initial">Before the first step.</param>
/// <param name="Final">After the last merge.</param>
internal sealed record LossReport(double? Initial, double? Final);

/// <summary>What went over the wide-area network.</summary>
/// <param name="Bytes">Bytes that all sites together wrote to their gateways' sockets.</param>
/// <param name="BytesEveryStep">What every-step data parallel would have sent, see <see cref="DemoReport.EveryStepBytes"/>.</param>
/// <param name="Profile">The emulated link.</param>
internal sealed record WanReport(long Bytes, long BytesEveryStep, string Profile);
