using System.Globalization;
using System.Text.Json.Serialization;
using Superfactory.Model.Jobs;

namespace Superfactory.Model.Agents;

/// <summary>What a run that chooses by itself merges, and when, as the control plane decided it. Immutable.</summary>
/// <param name="Mode">A mode that merges; never <see cref="SyncMode.Auto"/>.</param>
/// <param name="Every">Steps between two merges of the same parameters, at least 1; 1 in <see cref="SyncMode.EveryStep"/>.</param>
/// <param name="Delay">Steps between sending a fragment and applying its result in <see cref="SyncMode.Streaming"/>; 0 in others.</param>
public sealed record RunSchedule(
    SyncMode Mode, int Every, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] int Delay = 0)
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

    /// <summary>Such as <c>every-step</c>, <c>diloco every 30</c> or <c>streaming with delay 2</c>.</summary>
    public override string ToString() => Mode == SyncMode.EveryStep ? "every-step"
        : Mode == SyncMode.Streaming && Delay > 0 ? string.Create(CultureInfo.InvariantCulture, $"streaming with delay {Delay}")
        : string.Create(CultureInfo.InvariantCulture, $"{Mode.ToString().ToLowerInvariant()} every {Every}");
}
