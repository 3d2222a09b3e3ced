using Superfactory.Cli.Bench.Merge;

namespace Superfactory.Cli.Bench.Scheduling;

/// <summary>What <c>superfactory bench schedule --scenario slurm</c> measured, as its JSON file has it. The two lines say different things and are never mixed. Immutable.</summary>
internal sealed record SlurmReport
{
    /// <summary>Nodes.</summary>
    public required int Nodes { get; init; }

    /// <summary>Accelerators of each node.</summary>
    public required int AcceleratorsPerNode { get; init; }

    /// <summary>The seed of the sizes of gangs, 1 to 64 nodes, all alike often.</summary>
    public required int Seed { get; init; }

    /// <summary>Decisions alone, on named nodes: no journal, no control plane.</summary>
    public required SlurmDecisions Decisions { get; init; }

    /// <summary>From HTTP submission to an allocation that is committed with an fsync.</summary>
    public required SlurmDurable Durable { get; init; }

    /// <summary>Where it was measured.</summary>
    public required MachineReport Machine { get; init; }
}

/// <summary>How quickly gangs are decided on. Immutable.</summary>
/// <param name="FillGangs">Gangs that started until one found no room.</param>
/// <param name="FillPerSecond">How many a second.</param>
/// <param name="SteadyGangs">Gangs that started afterwards, for each one or more that ended.</param>
/// <param name="SteadyPerSecond">How many a second, ends and decisions for gangs that found no room included.</param>
/// <param name="Occupancy">The least and the most of the accelerators that were busy meanwhile.</param>
/// <param name="DecisionMs">From the request to the new state.</param>
internal sealed record SlurmDecisions(int FillGangs, double FillPerSecond, int SteadyGangs, double SteadyPerSecond, double[] Occupancy, Spread DecisionMs);

/// <summary>How quickly a running control plane takes gangs and allocates durably. Immutable.</summary>
/// <param name="Sites">The sites that the nodes are divided among; each places its own gangs, so that what is allocated are accelerators and no named nodes.</param>
/// <param name="Submitters">Submissions under way at the same time.</param>
/// <param name="FillGangs">Gangs that were allocated while the empty fleet was filled, three times after the first.</param>
/// <param name="FillPerSecond">How many a second.</param>
/// <param name="FirstFillPerSecond">How many a second when it was filled for the first time: the control plane compiles itself meanwhile.</param>
/// <param name="Seconds">How long gangs came and ended afterwards.</param>
/// <param name="Gangs">Gangs whose answer said that they were allocated.</param>
/// <param name="GangsPerSecond">How many a second.</param>
/// <param name="Queued">Gangs whose answer said that they wait: not counted as allocated.</param>
/// <param name="SubmitMs">From the submission to its answer.</param>
internal sealed record SlurmDurable(int Sites, int Submitters, int FillGangs, double FillPerSecond, double FirstFillPerSecond, double Seconds, int Gangs, double GangsPerSecond, int Queued, Spread SubmitMs);
