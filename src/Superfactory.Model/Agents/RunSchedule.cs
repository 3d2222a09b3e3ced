using System.Globalization;
using Superfactory.Model.Jobs;

namespace Superfactory.Model.Agents;

/// <summary>What a run that chooses by itself merges, and when, as the control plane decided it. Immutable.</summary>
/// <param name="Mode">A mode that merges; never <see cref="SyncMode.Auto"/>.</param>
/// <param name="Every">Steps between two merges, at least 1; 1 in <see cref="SyncMode.EveryStep"/>.</param>
public sealed record RunSchedule(SyncMode Mode, int Every)
{
    /// <summary>What a run begins with that chooses by itself: it merges often enough that the islands stay together, and seldom enough to be measured.</summary>
    public static RunSchedule First { get; } = new(SyncMode.Diloco, 10);

    /// <summary>What a job file says by its mode, for a run that keeps it; <see cref="First"/> for one that chooses.</summary>
    /// <param name="sync">How the job merges.</param>
    public static RunSchedule Of(SyncSpecification sync)
    {
        ArgumentNullException.ThrowIfNull(sync);
        return sync.Mode switch
        {
            SyncMode.Auto => First,
            SyncMode.EveryStep => new RunSchedule(SyncMode.EveryStep, 1),
            _ => new RunSchedule(sync.Mode, sync.Every),
        };
    }

    /// <summary>Such as <c>every-step</c> or <c>diloco every 30</c>.</summary>
    public override string ToString() => Mode == SyncMode.EveryStep ? "every-step"
        : string.Create(CultureInfo.InvariantCulture, $"{Mode.ToString().ToLowerInvariant()} every {Every}");
}
