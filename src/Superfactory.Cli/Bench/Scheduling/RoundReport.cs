namespace Superfactory.Cli.Bench.Scheduling;

/// <summary>What was measured of rounds over a backlog. Immutable.</summary>
internal sealed record RoundReport
{
    /// <summary>Jobs that wait at the beginning; one is submitted for each that ends.</summary>
    public required int Jobs { get; init; }

    /// <summary>Queues that they wait in.</summary>
    public required int Queues { get; init; }

    /// <summary>The busy part of the schedulable accelerators at the end.</summary>
    public required double Occupancy { get; init; }

    /// <summary>The first round, in which queues take back what is theirs.</summary>
    public required FirstRound First { get; init; }

    /// <summary>A round that remembers nothing of earlier ones, after 20 ends.</summary>
    public required Spread RoundColdMs { get; init; }

    /// <summary>The end of a job and the round that follows.</summary>
    public required Spread RoundAfterEventMs { get; init; }

    /// <summary>From the loss of a node, which may come in the midst of a step, until it is decided what becomes of its jobs, while full rounds run.</summary>
    public required Spread EventMs { get; init; }

    /// <summary>Losses of nodes whose jobs had no spare to go on with.</summary>
    public required int LossesWithoutSpare { get; init; }

    /// <summary>All steps of all rounds.</summary>
    public required Spread StepMs { get; init; }

    /// <summary>Steps of more than 3 ms, and what of them was the collector.</summary>
    public required SlowSteps SlowSteps { get; init; }

    /// <summary>Starts that are reserved at the end.</summary>
    public required int ReservedStarts { get; init; }
}

/// <summary>Steps that took more than 3 ms. Immutable.</summary>
/// <param name="Count">How many.</param>
/// <param name="Paused">In how many of them the collector stopped the program.</param>
/// <param name="PauseMsMax">The longest that the collector stopped any step, in milliseconds.</param>
/// <param name="OwnMsMax">The longest step without what the collector took, in milliseconds; on a machine that has other work, with that.</param>
internal sealed record SlowSteps(int Count, int Paused, double PauseMsMax, double OwnMsMax);
