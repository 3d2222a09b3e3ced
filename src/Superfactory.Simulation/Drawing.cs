using System.Collections.Immutable;
using Superfactory.Model.Jobs;
using Superfactory.Simulation.Faults;

namespace Superfactory.Simulation;

/// <summary>
/// What schedules are drawn from. A schedule's number and seed mean something under the same drawing alone, so that schedules which are
/// pinned name the one that they were found under. Immutable.
/// </summary>
/// <param name="Modes">The modes, which schedules take in turn.</param>
/// <param name="Kinds">What may go wrong.</param>
/// <param name="StallSeconds">Seconds without a step after which a trainer stalls (<c>sync.stall</c>).</param>
/// <param name="Lanes">Whether models are merged in lanes in some of the schedules in which they may be.</param>
/// <param name="Near">Whether two islands that merge gradients are on one machine, and send them in fp32, in half of the schedules.</param>
internal sealed record Drawing(ImmutableArray<SyncMode> Modes, ImmutableArray<FaultKind> Kinds, int StallSeconds, bool Lanes, bool Near)
{
    /// <summary>What there was before models were merged in lanes: many schedules are pinned under it.</summary>
    public static Drawing OnePiece { get; } = new([SyncMode.Diloco, SyncMode.EveryStep, SyncMode.Streaming, SyncMode.Auto], [.. PlannedFault.Kinds], StallSeconds: 2, Lanes: false, Near: false);

    /// <summary>All that there is.</summary>
    public static Drawing Whole { get; } = OnePiece with { Lanes = true, Near = true };

    /// <summary>What there was before runs chose their mode and islands were set aside: many schedules are pinned under it.</summary>
    public static Drawing Fixed { get; } = new(
        [SyncMode.Diloco, SyncMode.EveryStep, SyncMode.Streaming], [.. PlannedFault.Kinds.Where(kind => kind <= FaultKind.ClockJump)], StallSeconds: 0, Lanes: false, Near: false);
}
