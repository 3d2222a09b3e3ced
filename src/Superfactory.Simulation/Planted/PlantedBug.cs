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

    /// <summary>A host whose trainer takes no step goes on saying that it is there, so that the others wait for it.</summary>
    StallUnnoticed,

    /// <summary>Hosts reject members of which nothing was refused.</summary>
    InnocentSetAside,

    /// <summary>The control plane's host forgets, as soon as it has written it down, that an island was set aside.</summary>
    SetAsideForgotten,

    /// <summary>A trainer does not take the optimizer's state that all take as the mode changes to every-step.</summary>
    OptimizerKept,

    /// <summary>As the mode changes from every-step, a trainer gives the parameters that it had before its last step.</summary>
    AnchorBeforeStep,

    /// <summary>A host tells the machine of a lane that the other lanes have all of a round as soon as this one has.</summary>
    MergedBeforeAllLanes,

    /// <summary>A supervisor passes the promise of the first lane that promises on as that of the island.</summary>
    SealedInOneLane,

    /// <summary>Hosts of two islands on one machine have no norm compared with those accepted before.</summary>
    NormsUnchecked,
}
