using System.Collections.Immutable;
using Superfactory.Model.Agents;

namespace Superfactory.Control.Telemetry;

/// <summary>What one report adds to the telemetry. Immutable.</summary>
internal sealed record TelemetryBatch
{
    public ImmutableArray<LogLine> Logs { get; init; } = [];

    public ImmutableArray<Measurement> Measurements { get; init; } = [];

    /// <summary>Entries of the board to keep, by key.</summary>
    public ImmutableArray<KeyValuePair<string, string>> Board { get; init; } = [];

    public bool IsEmpty => Logs.IsEmpty && Measurements.IsEmpty && Board.IsEmpty;
}

/// <summary>Log lines of a job from a number on.</summary>
public sealed record LogPage
{
    /// <summary>What to give as <c>after</c> next.</summary>
    public required long Next { get; init; }

    /// <summary>The lines in the order in which they arrived.</summary>
    public required ImmutableArray<LogLine> Lines { get; init; }
}

/// <summary>Measurements of a job from a number on.</summary>
public sealed record MeasurementPage
{
    /// <summary>What to give as <c>after</c> next.</summary>
    public required long Next { get; init; }

    /// <summary>The measurements in the order in which they arrived.</summary>
    public required ImmutableArray<Measurement> Items { get; init; }
}
