namespace Superfactory.Simulation.Faults;

/// <summary>What may go wrong in a schedule. Its name on the command line and in reports is in small letters with hyphens.</summary>
public enum FaultKind
{
    /// <summary>Messages between two islands take far longer for a while.</summary>
    Delay,

    /// <summary>Messages between two islands that may overtake each other do so as much as they can for a while.</summary>
    Reorder,

    /// <summary>A connection between two islands breaks and what was on its way is lost; it comes back.</summary>
    Loss,

    /// <summary>The islands fall into two groups that do not reach each other for a while; all reach the control plane.</summary>
    Partition,

    /// <summary>Nothing gets from one island to another for a while, and everything the other way.</summary>
    OneWayCut,

    /// <summary>The way between two islands is slow for a while.</summary>
    SlowLink,

    /// <summary>What an agent reports arrives twice, the second time late: requests are sent again where an answer is lost. Between bridges the transport delivers once.</summary>
    Duplicate,

    /// <summary>A trainer's process ends, and it is started again.</summary>
    TrainerCrash,

    /// <summary>A bridge's process ends, and its gang with it; the island's disk stays.</summary>
    BridgeCrash,

    /// <summary>A bridge's process ends, and another one's that has promised thereupon is started again in its gang's directory, where its promise lies.</summary>
    BridgeRestart,

    /// <summary>A site loses its power: agent, bridge and trainers end; its disk stays, less what was not on it yet.</summary>
    SiteCrash,

    /// <summary>A site loses its power and its disk.</summary>
    SiteLoss,

    /// <summary>All sites lose their power at once; their disks stay.</summary>
    Blackout,

    /// <summary>The newest checkpoint at a site is cut short or altered, and then all sites lose their power.</summary>
    TornCheckpoint,

    /// <summary>A bridge's process is paused and goes on.</summary>
    BridgePause,

    /// <summary>A trainer takes far longer for its steps for a while.</summary>
    SlowIsland,

    /// <summary>A chunk of a contribution is altered where no checksum of a link sees it.</summary>
    CorruptContribution,

    /// <summary>The loss of a contribution, or one of its numbers, is not finite.</summary>
    NonFiniteContribution,

    /// <summary>The numbers of a contribution are far larger than any that were accepted before.</summary>
    OversizedContribution,

    /// <summary>The control plane's process ends; another reads its journal and goes on.</summary>
    ControlCrash,

    /// <summary>An agent does not reach the control plane for a while.</summary>
    ControlCut,

    /// <summary>The control plane is paused and goes on.</summary>
    ControlPause,

    /// <summary>The clock of an island or of the control plane is set, ahead or back.</summary>
    ClockJump,

    /// <summary>A trainer takes no step for longer than <c>sync.stall</c>, while its bridge is well.</summary>
    TrainerStall,

    /// <summary>Whatever a trainer contributes from some round on is not finite, until its island is set aside.</summary>
    BrokenTrainer,
}
