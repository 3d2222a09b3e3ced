using System.Collections.Immutable;

namespace Superfactory.Model.Agents;

/// <summary>How far a run is, as one island's bridge sees it.</summary>
public sealed record RunProgress
{
    /// <summary>The epoch it is in.</summary>
    public int Epoch { get; init; }

    /// <summary>Rounds merged.</summary>
    public long Rounds { get; init; }

    /// <summary>Steps that this island has taken.</summary>
    public long Steps { get; init; }

    /// <summary>Steps of this island in the whole run, with all its islands; 0 before it is known.</summary>
    public long StepsPlanned { get; init; }

    /// <summary>Tokens that this island has trained on and that were merged.</summary>
    public long Tokens { get; init; }

    /// <summary>The run's ledger; null where the loop does not draw its samples from the run (untracked).</summary>
    public LedgerTotals? Ledger { get; init; }

    /// <summary>Merged ÷ planned, 0 to 1.</summary>
    public double Fraction { get; init; }

    /// <summary>The token-weighted mean training loss over all islands in the last merged round; null before the first.</summary>
    public double? Loss { get; init; }

    /// <summary>This island's own mean training loss in the last round it contributed to; null before the first.</summary>
    public double? IslandLoss { get; init; }

    /// <summary>What it waits for, in a few words; null while it trains.</summary>
    public string? Waiting { get; init; }

    /// <summary>Contributions refused, for whatever reason, over all islands.</summary>
    public long ContributionsRefused { get; init; }

    /// <summary>How many of each island this island's bridge saw refused for what they were, since the bridge began.</summary>
    public ImmutableArray<RefusalCount> RefusalCounts { get; init; } = [];

    /// <summary>The newest of those, at most 8, the newest first.</summary>
    public ImmutableArray<ContributionRefusal> Refusals { get; init; } = [];

    /// <summary>What is merged now, and when, in a run that chooses by itself; null in others.</summary>
    public RunSchedule? Schedule { get; init; }

    /// <summary>What it measured of its newest rounds, where the run chooses by that; null in others and before there are any.</summary>
    public IslandMeasurement? Measured { get; init; }

    /// <summary>What this island's bridge refused of others because it breaks the protocol, since the bridge began: messages, and connections that it closed for them.</summary>
    public long PeerFaults { get; init; }

    /// <summary>The newest of them: who, and what it was; null where there was none.</summary>
    public string? PeerFault { get; init; }
}

/// <summary>Samples of a run; in streaming, where each fragment is merged by itself, pairs of a sample and a fragment. Always planned = merged + in flight + free.</summary>
/// <param name="Planned">Samples that the run is to merge.</param>
/// <param name="Merged">Samples in final results.</param>
/// <param name="InFlight">Samples dealt for rounds that are not final yet.</param>
/// <param name="Free">Samples not dealt yet, or given back.</param>
/// <param name="Replayed">Pairs that were merged and are dealt again, with the rest of their sample, because their island was lost before all fragments had it; 0 outside streaming.</param>
public sealed record LedgerTotals(long Planned, long Merged, long InFlight, long Free, long Replayed = 0);

/// <summary>What an island's trainers measured at a step.</summary>
public sealed record Measurement
{
    /// <summary>The job.</summary>
    public required long Job { get; init; }

    /// <summary>The island.</summary>
    public required string Island { get; init; }

    /// <summary>When, in milliseconds since 1970-01-01 UTC, by the site's clock.</summary>
    public required long UnixMilliseconds { get; init; }

    /// <summary>The island's step.</summary>
    public required long Step { get; init; }

    /// <summary>Values by name: <c>loss</c>, <c>tokens_per_second</c>, <c>validation_loss</c> and what the user's loop reports.</summary>
    public required ImmutableSortedDictionary<string, double> Values { get; init; }
}

/// <summary>What came of an island once the run is over.</summary>
public sealed record IslandResult
{
    /// <summary>SHA-256 of the parameters, in hexadecimal, computed by the island's own trainer from the tensors that it would save.</summary>
    public required string ParametersSha256 { get; init; }

    /// <summary>Steps taken by this island.</summary>
    public required long Steps { get; init; }

    /// <summary>Tokens trained on by this island and merged.</summary>
    public required long Tokens { get; init; }

    /// <summary>Seconds spent in training steps.</summary>
    public required double TrainingSeconds { get; init; }

    /// <summary>Seconds from the first step to the last.</summary>
    public required double WallSeconds { get; init; }

    /// <summary>Rounds merged.</summary>
    public required long Rounds { get; init; }

    /// <summary>Bytes of one full merge in fp32: four times the number of merged parameters.</summary>
    public required long ParameterBytes { get; init; }

    /// <summary>The run's ledger at the end; null where untracked.</summary>
    public LedgerTotals? Ledger { get; init; }

    /// <summary>Numbers that the trainer reported as results, such as <c>validation_loss_initial</c> and <c>validation_loss_final</c>.</summary>
    public ImmutableSortedDictionary<string, double> Values { get; init; } = ImmutableSortedDictionary<string, double>.Empty;

    /// <summary>Texts that the trainer reported as results, such as <c>sample</c>.</summary>
    public ImmutableSortedDictionary<string, string> Texts { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>Where the trainer saved the model at its site; null where it saved none.</summary>
    public string? OutputDirectory { get; init; }
}
