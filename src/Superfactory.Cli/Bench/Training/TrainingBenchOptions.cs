using System.Collections.Immutable;
using Superfactory.Model.Units;

namespace Superfactory.Cli.Bench.Training;

/// <summary>What <c>superfactory bench training</c> was asked for. Immutable.</summary>
internal sealed record TrainingBenchOptions
{
    /// <summary>The fewest steps: five blocks of five.</summary>
    public const int StepsMin = 25;

    /// <summary>The most steps.</summary>
    public const int StepsMax = 1_000_000;

    /// <summary>Steps unless another number is named.</summary>
    public const int DefaultSteps = 200;

    /// <summary>The fewest blocks with merging, each beside one without.</summary>
    public const int BlocksMin = 5;

    /// <summary>The most steps of a block without merging: enough to tell a rate by.</summary>
    public const int OffStepsMax = 10;

    /// <summary>Sites; at least two, and at most one for each core.</summary>
    public required int Sites { get; init; }

    /// <summary>The link between every two sites.</summary>
    public required WanProfile Wan { get; init; }

    /// <summary>What is measured, in order.</summary>
    public required ImmutableArray<TrainingMode> Modes { get; init; }

    /// <summary>Steps of each island in each mode.</summary>
    public required int Steps { get; init; }

    /// <summary>What is trained.</summary>
    public TrainingModel Model { get; init; }

    /// <summary>The seed of the initial model and of the order of samples.</summary>
    public required int Seed { get; init; }

    /// <summary>Whether DistributedDataParallel trains the same.</summary>
    public required bool WithDdp { get; init; }

    /// <summary>Where the figures go as JSON; null nowhere.</summary>
    public string? JsonFile { get; init; }
}

/// <summary>What the bench trains.</summary>
internal enum TrainingModel
{
    /// <summary>The demo's: 0.87 million parameters, 16 samples a step.</summary>
    Demo,

    /// <summary>Of 25.6 million parameters, 4 samples a step.</summary>
    Large,
}
