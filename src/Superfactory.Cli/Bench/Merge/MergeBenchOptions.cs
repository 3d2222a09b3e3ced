using Superfactory.Model.Jobs;
using Superfactory.Model.Units;

namespace Superfactory.Cli.Bench.Merge;

/// <summary>What <c>superfactory bench merge</c> was asked for. Immutable.</summary>
internal sealed record MergeBenchOptions
{
    /// <summary>The most islands: a full mesh of eight has 28 links, more than two cores emulate.</summary>
    public const int IslandsMax = 8;

    /// <summary>The largest merge, MiB of fp32: each island's arena takes twice as much.</summary>
    public const int MibMax = 2048;

    /// <summary>The most timed merges.</summary>
    public const int RepeatMax = 1000;

    /// <summary>Timed merges unless the user says otherwise.</summary>
    public const int DefaultRepeat = 7;

    /// <summary>The most that a link may lose, as a share: beyond it no transport gets anywhere.</summary>
    public const double LossMax = 0.5;

    /// <summary>Islands, 2 to <see cref="IslandsMax"/>.</summary>
    public required int Islands { get; init; }

    /// <summary>What each contributes, MiB of fp32, 1 to <see cref="MibMax"/>.</summary>
    public required int Mib { get; init; }

    /// <summary>How contributions travel.</summary>
    public required NumberFormat Format { get; init; }

    /// <summary>The link between every two islands; null for loopback without gateways.</summary>
    public WanProfile? Wan { get; init; }

    /// <summary>The share of packets that each link loses, 0 to <see cref="LossMax"/>.</summary>
    public double Loss { get; init; }

    /// <summary>Whether Gloo merges the same buffers in turn.</summary>
    public bool WithGloo { get; init; }

    /// <summary>Whether each merge is made once more, beside bulk that fills the links; only with a link.</summary>
    public bool WithBulk { get; init; }

    /// <summary>Timed merges.</summary>
    public int Repeat { get; init; } = DefaultRepeat;

    /// <summary>The seed of all numbers.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>Where the figures go as JSON; null nowhere.</summary>
    public string? JsonFile { get; init; }

    /// <summary>Elements that each island contributes.</summary>
    public int Elements => Mib * (1024 * 1024 / sizeof(float));
}
