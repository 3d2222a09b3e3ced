namespace Superfactory.Simulation.Planted;

/// <summary>
/// A bug that the simulation can be told to have, in its own hosts, disks and trainers: none is in what is shipped. Each breaks one promise
/// of <c>docs/protocol.md</c>, and shows that the checkers see it.
/// </summary>
public enum PlantedBug
{
    /// <summary>No bug.</summary>
    None,

    /// <summary>A host that is told of a seal says that its machine promised, and lets it go on.</summary>
    MergeAcceptedAfterSeal,

    /// <summary>A host tells its machine that all others hold a result as soon as it holds it itself.</summary>
    FinalBeforeAllHold,

    /// <summary>A host says that a promise is on disk and never writes it.</summary>
    PromiseNotDurable,

    /// <summary>A trainer goes on with the samples that it was dealt first when they are dealt anew.</summary>
    RangeDealtTwice,

    /// <summary>A host makes up a leader's commit when all of a fragment's numbers are here.</summary>
    CommitBeforeItCame,

    /// <summary>A host takes a checkpoint for whole without comparing its hashes.</summary>
    TornCheckpointRestored,

    /// <summary>A host that is started again without its memory takes the incarnation that the epoch names for its own.</summary>
    OldIncarnationMember,
}
