namespace Superfactory.Sync.Bridge.Trainer;

/// <summary>Where a trainer's conversation with its bridge stands.</summary>
internal enum TrainerPhase
{
    /// <summary>Connected; says hello next.</summary>
    Hello,

    /// <summary>Welcomed; registers its tensors next.</summary>
    Register,

    /// <summary>Has its arena; says start next.</summary>
    Start,

    /// <summary>Waits for the islands to agree on a beginning.</summary>
    Beginning,

    /// <summary>Takes a state or steps of another trainer before it begins.</summary>
    Following,

    /// <summary>Trains; says data, merge, saved or finalize next.</summary>
    Training,

    /// <summary>Waits for its samples.</summary>
    Dealing,

    /// <summary>Waits for a merge; in streaming it trains on, and may say that it waits.</summary>
    Merging,

    /// <summary>Waits for a merge and has been asked for a copy of its state.</summary>
    Copying,

    /// <summary>Waits for the final tensors.</summary>
    Finalizing,

    /// <summary>Has the final tensors; says finish next.</summary>
    Finalized,

    /// <summary>Waits for the other islands to finish.</summary>
    Finishing,

    /// <summary>Nothing is left to say.</summary>
    Done,
}

/// <summary>Phases as people read them.</summary>
internal static class TrainerPhases
{
    /// <summary>What a trainer may say in a phase, apart from report and results.</summary>
    public static string Expected(this TrainerPhase phase) => phase switch
    {
        TrainerPhase.Hello => "'hello'",
        TrainerPhase.Register => "'register'",
        TrainerPhase.Start => "'start'",
        TrainerPhase.Training => "'data' (once), 'anchor', 'merge', 'saved' or, when everything is merged, 'finalize'",
        TrainerPhase.Following => "'followed' or 'unfit'",
        TrainerPhase.Copying => "'state_copied'",
        TrainerPhase.Finalized => "'finish'",
        TrainerPhase.Done => "the end of the connection",
        _ => "nothing before the bridge's answer",
    };
}
