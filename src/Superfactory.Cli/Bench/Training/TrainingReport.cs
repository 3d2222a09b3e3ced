using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Superfactory.Cli.Bench.Merge;

namespace Superfactory.Cli.Bench.Training;

/// <summary>What <c>superfactory bench training --json</c> writes. Immutable.</summary>
internal sealed record TrainingReport
{
    /// <summary>Sites.</summary>
    public required int Sites { get; init; }

    /// <summary>The link asked for.</summary>
    public required string Wan { get; init; }

    /// <summary>Steps of each island.</summary>
    public required int Steps { get; init; }

    /// <summary>What was trained.</summary>
    public required TrainingModel Model { get; init; }

    /// <summary>The seed.</summary>
    public required int Seed { get; init; }

    /// <summary>Each mode, in the order asked for.</summary>
    public required ImmutableArray<TrainingFigures> Modes { get; init; }

    /// <summary>DistributedDataParallel over Gloo; null where it was not asked for.</summary>
    public TrainingFigures? Peer { get; init; }

    /// <summary>One trainer by itself.</summary>
    public required TrainingFigures OneSite { get; init; }

    /// <summary>Where it was measured.</summary>
    public required MachineReport Machine { get; init; }
}

/// <summary>What one mode came to. Immutable.</summary>
internal sealed record TrainingFigures
{
    /// <summary>The mode; <c>ddp</c> for the peer, <c>alone</c> for one site.</summary>
    public required string Mode { get; init; }

    /// <summary>How gradients or outer gradients travel, in the job file's words; null where nothing does.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? Format { get; init; }

    /// <summary>Steps between merges of the same parameters.</summary>
    public required int Every { get; init; }

    /// <summary>Tokens/s with merging ÷ tokens/s of the same trainers without: the median of the blocks.</summary>
    public required double ComputeUtilization { get; init; }

    /// <summary>The least of the blocks.</summary>
    public required double ComputeUtilizationMin { get; init; }

    /// <summary>The most of the blocks.</summary>
    public required double ComputeUtilizationMax { get; init; }

    /// <summary>Tokens of all blocks with merging ÷ their seconds, in terms of the same of the blocks without: rounds that are longer than a block are in it with their full cost.</summary>
    public required double ComputeUtilizationWhole { get; init; }

    /// <summary>Blocks with merging, each after one without.</summary>
    public required int Blocks { get; init; }

    /// <summary>Of all trainers together with merging, the median of the blocks.</summary>
    public required double TokensPerSecond { get; init; }

    /// <summary>The same without merging.</summary>
    public required double TokensPerSecondOff { get; init; }

    /// <summary>Bytes of IP packets over all links in both directions from the first step to the last, merging or not.</summary>
    public required long WanBytes { get; init; }

    /// <summary>Seconds in merges, copying included, of the trainer that has the most of them; null where the program does not tell.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public double? WaitSeconds { get; init; }

    /// <summary>What <c>auto</c> chose, in order; null for other modes.</summary>
    public ImmutableArray<TrainingChoice>? Choices { get; init; }

    /// <summary>The validation loss after the last step, nats per token.</summary>
    public required double FinalLoss { get; init; }
}
