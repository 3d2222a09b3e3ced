namespace Superfactory.Cli.Soak;

/// <summary>What <c>superfactory soak</c> found, as its JSON file has it. Immutable.</summary>
internal sealed record SoakReport
{
    /// <summary>Schedules that ran.</summary>
    public required long Schedules { get; init; }

    /// <summary>Schedules in which something did not hold that must.</summary>
    public required long Violations { get; init; }

    /// <summary>How long it took.</summary>
    public required double Seconds { get; init; }

    /// <summary>Results that became final: one for each fragment of a round.</summary>
    public required long RoundsFinal { get; init; }

    /// <summary>Epochs that were decided after each run's first.</summary>
    public required long Epochs { get; init; }

    /// <summary>How often each kind of fault struck.</summary>
    public required IReadOnlyDictionary<string, long> FaultsByKind { get; init; }

    /// <summary>Contributions that were refused.</summary>
    public required long MergesRefused { get; init; }

    /// <summary>SHA-256 over the traces of all schedules in their order: the same for the same seed and number of schedules, on however many threads.</summary>
    public required string TraceSha256 { get; init; }
}
