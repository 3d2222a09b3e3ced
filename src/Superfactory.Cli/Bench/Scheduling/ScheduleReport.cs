using System.Collections.Immutable;

namespace Superfactory.Cli.Bench.Scheduling;

/// <summary>What <c>superfactory bench schedule</c> measured, as its JSON file has it. Immutable.</summary>
internal sealed record ScheduleReport
{
    /// <summary>Accelerators of the fleet, spares included.</summary>
    public required long Accelerators { get; init; }

    /// <summary>Those that can be scheduled.</summary>
    public required long Schedulable { get; init; }

    /// <summary>The seed of everything random.</summary>
    public required int Seed { get; init; }

    /// <summary>Accelerators of a job of the churn, and how many in 100 jobs ask for so many.</summary>
    public required ImmutableArray<SizeShare> SizeMix { get; init; }

    /// <summary>Starts and ends before anything was measured.</summary>
    public required int Churn { get; init; }

    /// <summary>A gang over both sites without preemption, from the request to the new state.</summary>
    public required Spread? GangMs { get; init; }

    /// <summary>Accelerators of that gang.</summary>
    public required long GangAccelerators { get; init; }

    /// <summary>Wholly free racks at each site when it was placed, the fewest.</summary>
    public required int CleanRacksMin { get; init; }

    /// <summary>The same gang with its victims chosen and stopped.</summary>
    public required Spread? GangPreemptingMs { get; init; }

    /// <summary>Victims of each such gang, the median.</summary>
    public required int VictimsMedian { get; init; }

    /// <summary>Placements a second, one completion to each, completions included.</summary>
    public required double PlacementsPerSecond { get; init; }

    /// <summary>Seconds over which that was sustained.</summary>
    public required double Seconds { get; init; }

    /// <summary>The least and the most of the schedulable accelerators that were busy meanwhile.</summary>
    public required ImmutableArray<double> Occupancy { get; init; }

    /// <summary>Requests that found no room meanwhile: decided, and not counted as placements.</summary>
    public required long Refused { get; init; }

    /// <summary>Median time of a placement here against a fleet an eighth of the size, at the same occupancy and mix.</summary>
    public required double Scaling { get; init; }

    /// <summary>Microseconds of a placement, here and in the smaller fleet.</summary>
    public required ImmutableArray<double> PlacementMicroseconds { get; init; }

    /// <summary>Jobs that wait when rounds are measured.</summary>
    public required int Jobs { get; init; }

    /// <summary>Queues that they wait in.</summary>
    public required int Queues { get; init; }

    /// <summary>The first round of such a backlog, in which queues take back what is theirs.</summary>
    public required FirstRound FirstRound { get; init; }

    /// <summary>A round that remembers nothing of earlier ones, after 20 ends.</summary>
    public required Spread? RoundColdMs { get; init; }

    /// <summary>The end of a job and the round that follows.</summary>
    public required Spread? RoundAfterEventMs { get; init; }

    /// <summary>Steps of all rounds.</summary>
    public required Spread? StepMs { get; init; }

    /// <summary>Steps of more than 3 ms, and what of them was the collector.</summary>
    public required SlowSteps SlowSteps { get; init; }

    /// <summary>Starts that are reserved when rounds have been measured.</summary>
    public required int ReservedStarts { get; init; }

    /// <summary>From the loss of a node until it is decided what becomes of its jobs.</summary>
    public required Spread? EventMs { get; init; }

    /// <summary>Losses whose jobs had no spare to go on with.</summary>
    public required int LossesWithoutSpare { get; init; }

    /// <summary>The most memory that the process held, in MB of 10⁶ bytes.</summary>
    public required double MemoryMb { get; init; }

    /// <summary>Where it was measured.</summary>
    public required Merge.MachineReport Machine { get; init; }
}

/// <summary>What the first round over a backlog came to. Immutable.</summary>
internal sealed record FirstRound(double Milliseconds, int Starts, int Stops);

/// <summary>Of 100 jobs so many ask for so many accelerators. Immutable.</summary>
internal sealed record SizeShare(int Accelerators, int Percent);

/// <summary>How a time spread over its samples. Immutable.</summary>
internal sealed record Spread(int Samples, double Median, double P99, double Max)
{
    /// <summary>The spread of samples, the 99th percentile by the nearest rank.</summary>
    public static Spread Of(List<double> samples)
    {
        var sorted = samples.Order().ToList();
        return new Spread(sorted.Count, sorted[(sorted.Count - 1) / 2], sorted[(int)Math.Ceiling(sorted.Count * 0.99) - 1], sorted[^1]);
    }
}
