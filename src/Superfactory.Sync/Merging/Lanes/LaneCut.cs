namespace Superfactory.Sync.Merging.Lanes;

/// <summary>
/// What the bridge of one lane tells those of the other lanes of its island of a checkpoint that they cut together. They arrive in their order,
/// among that lane's <see cref="LaneStatus"/>. Immutable.
/// </summary>
public sealed record LaneCut
{
    /// <summary>The lane, from 0.</summary>
    public required int Lane { get; init; }

    /// <summary>What is said.</summary>
    public required LaneCutStep Step { get; init; }

    /// <summary>The round whose beginning is cut: as many are merged.</summary>
    public long Round { get; init; }

    /// <summary>With <see cref="LaneCutStep.Asked"/>: whether the job is to save and stop, so that trainers' own state belongs to it.</summary>
    public bool Held { get; init; }

    /// <summary>With <see cref="LaneCutStep.Failed"/>: why, in a sentence.</summary>
    public string? Reason { get; init; }
}

/// <summary>What a lane says of a checkpoint.</summary>
public enum LaneCutStep
{
    /// <summary>The first lane cut its state; the others cut theirs at the same round.</summary>
    Asked,

    /// <summary>The lane's parts are on the disk.</summary>
    Written,

    /// <summary>The lane's parts could not be written; the first lane gives the checkpoint up when all have answered.</summary>
    Failed,

    /// <summary>The first lane asks for no checkpoint any more: its run is over.</summary>
    Ended,
}
