using System.Collections.Immutable;
using Superfactory.Model.Agents;

namespace Superfactory.Core;

/// <summary>One island of a run, and the gang that is its present incarnation. Immutable.</summary>
public sealed record FactoryIsland
{
    /// <summary>Its site, which is its name too.</summary>
    public required string Site { get; init; }

    /// <summary>Which start of it, from 1.</summary>
    public required int Incarnation { get; init; }

    /// <summary>What the control plane wants of the present gang.</summary>
    public required IslandStanding Standing { get; init; }

    /// <summary>How the gang is; null before its site has said so.</summary>
    public GangState? Gang { get; init; }

    /// <summary>Why the gang is as it is; null where there is no reason.</summary>
    public string? Reason { get; init; }

    /// <summary>Whether starting the gang again could help, where it failed.</summary>
    public bool Retriable { get; init; }

    /// <summary>How often the gang's trainers were started again.</summary>
    public int TrainerRestarts { get; init; }

    /// <summary>How many gangs of this island failed by themselves since it last showed that it can run, over all its incarnations.</summary>
    public int Failures { get; init; }

    /// <summary>How often this incarnation could not write a checkpoint.</summary>
    public int CheckpointFailures { get; init; }

    /// <summary>Whether this incarnation has joined the run, and so holds its state.</summary>
    public bool Joined { get; init; }

    /// <summary>What came of it; null before it finished.</summary>
    public IslandResult? Result { get; init; }

    /// <summary>Its newest promise; null before any.</summary>
    public SealPromise? Promise { get; init; }

    /// <summary>The newest epoch in which it was level as a learner; 0 before any.</summary>
    public int LevelIn { get; init; }

    /// <summary>Members that it waits for and does not hear, by name.</summary>
    public ImmutableArray<string> Missing { get; init; } = [];

    /// <summary>Members that it does not accept any more, and why.</summary>
    public ImmutableArray<IslandRejection> Rejected { get; init; } = [];

    /// <summary>Why it is left out of the membership until the job is placed anew, whatever its incarnation; null where it is not.</summary>
    public string? SetAside { get; init; }

    /// <summary>Why it is left out of the membership though its gang is not known to be dead; null where it is not.</summary>
    public string? Doubt { get; init; }

    /// <summary>What it measured of its rounds, in a run that chooses its mode by itself; null before it has said so.</summary>
    public IslandMeasurement? Measured { get; init; }

    /// <summary>When it said so, in milliseconds since 1970-01-01 UTC; 0 before.</summary>
    public long MeasuredAt { get; init; }

    /// <summary>Whether it is on its queue's guarantee; what is not is borrowed.</summary>
    public bool IsOwned { get; init; }

    /// <summary>The kind of hardware that it holds; null where its job names a single one.</summary>
    public string? Hardware { get; init; }

    /// <summary>How many accelerators it holds, of a job whose islands may have fewer than the most; 0 for what its job says.</summary>
    public int Accelerators { get; init; }

    /// <summary>The domains that it has an equal slice of each of, at a site that the fleet places; empty where the site places its own gangs.</summary>
    public ImmutableArray<string> Places { get; init; } = [];

    /// <summary>Why it is left out until there is room for it, in a sentence; null where it is not.</summary>
    public string? Withheld { get; init; }

    /// <summary>What is kept for it while it is left out to start again with more or fewer accelerators; null where nothing is.</summary>
    public KeptPlace? Kept { get; init; }

    /// <summary>When this incarnation was started while its job went on, in milliseconds since 1970-01-01 UTC; 0 where it started with its job.</summary>
    public long RestartedAt { get; init; }

    /// <summary>As a member or learner is named.</summary>
    internal RunMember Present => new(Site, Incarnation);

    /// <summary>Whether it takes a slot at its site.</summary>
    public bool HoldsSlot => Standing is IslandStanding.Wanted or IslandStanding.Stopping;

    /// <summary>Whether its part of the run is done.</summary>
    public bool IsFinished => Gang == GangState.Finished;
}

/// <summary>What is kept for an island at its site.</summary>
/// <param name="Accelerators">How many accelerators.</param>
/// <param name="Places">The domains, at a site that the fleet places.</param>
public sealed record KeptPlace(int Accelerators, ImmutableArray<string> Places);

/// <summary>What the control plane wants of an island's gang.</summary>
public enum IslandStanding
{
    /// <summary>It is in its site's instructions.</summary>
    Wanted,

    /// <summary>This incarnation is dead; the next one is still to be started.</summary>
    Gone,

    /// <summary>The job ended; the site has not confirmed yet that the gang stopped, so its slot stays charged.</summary>
    Stopping,

    /// <summary>The job ended and nothing of it runs there.</summary>
    Released,
}
