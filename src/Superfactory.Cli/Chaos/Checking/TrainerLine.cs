using System.Collections.Immutable;

namespace Superfactory.Cli.Chaos.Checking;

/// <summary>A line of a trainer's own record, see <c>bench/chaos_trainer.py</c>; which fields it has depends on its type. Immutable.</summary>
internal sealed record TrainerLine
{
    /// <summary><c>begin</c>, <c>step</c>, <c>give</c>, <c>merged</c> or <c>end</c>.</summary>
    public required string Type { get; init; }

    /// <summary>When, in milliseconds of the machine's monotonic clock.</summary>
    public required double At { get; init; }

    /// <summary>The trainer's island.</summary>
    public required string Island { get; init; }

    /// <summary>The round that it works on, or contributed to.</summary>
    public long Round { get; init; }

    /// <summary>The round that comes next after a merge: the result taken is the one before it.</summary>
    public long Next { get; init; }

    /// <summary>Steps of a contribution.</summary>
    public int Steps { get; init; }

    /// <summary>Tokens of a contribution, or of all contributions in a result.</summary>
    public long Tokens { get; init; }

    /// <summary>Whether the contribution is said not to be in the result.</summary>
    public bool Refused { get; init; }

    /// <summary>Whether the trainer took another one's state, since its own parameters were not the run's: nothing is said of a result.</summary>
    public bool Restored { get; init; }

    /// <summary>Rounds of streaming in which every parameter is merged once, and a contribution's samples with them; 1 in other modes.</summary>
    public int Parts { get; init; } = 1;

    /// <summary>Whether a batch is the last of its step: islands that keep the global batch take several.</summary>
    public bool Last { get; init; } = true;

    /// <summary>The hash of the run's parameters as the trainer has them.</summary>
    public string Hash { get; init; } = string.Empty;

    /// <summary>The samples of a step's batch.</summary>
    public ImmutableArray<long> Samples { get; init; } = [];

    /// <summary>Samples of the dataset.</summary>
    public long Count { get; init; }

    /// <summary>Tokens of a sample.</summary>
    public int Context { get; init; }

    /// <summary>The seed of the order of samples.</summary>
    public ulong Seed { get; init; }

    /// <summary>The validation loss.</summary>
    public double Loss { get; init; }

    /// <summary>Where the model was saved.</summary>
    public string Output { get; init; } = string.Empty;
}
