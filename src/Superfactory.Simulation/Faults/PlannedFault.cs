namespace Superfactory.Simulation.Faults;

/// <summary>When in a round or an epoch change a fault strikes.</summary>
internal enum Moment
{
    /// <summary>An island has just contributed.</summary>
    Contributed,

    /// <summary>A chunk has just arrived.</summary>
    Chunk,

    /// <summary>A commit has just arrived.</summary>
    Commit,

    /// <summary>An island has just applied a round.</summary>
    Applied,

    /// <summary>The control plane has just ordered a seal.</summary>
    Sealed,

    /// <summary>An island has just promised.</summary>
    Promised,

    /// <summary>The control plane has just decided an epoch.</summary>
    Decided,

    /// <summary>A learner has just asked for the run's state.</summary>
    Learning,
}

/// <summary>A fault to come.</summary>
/// <param name="Kind">What goes wrong.</param>
/// <param name="Round">Not before the run has come to this round.</param>
/// <param name="Moment">When then; at any moment, where none such comes for two rounds.</param>
/// <param name="Skip">How many such moments pass before it strikes.</param>
/// <param name="Milliseconds">How long it lasts, where it does.</param>
/// <param name="Dice">Decides whom it strikes.</param>
internal sealed record PlannedFault(FaultKind Kind, long Round, Moment Moment, int Skip, int Milliseconds, ulong Dice)
{
    /// <summary>All kinds in the order of their numbers.</summary>
    public static readonly FaultKind[] Kinds = Enum.GetValues<FaultKind>();

    private static readonly Moment[] _moments = Enum.GetValues<Moment>();

    /// <summary>Draws a fault of a kind.</summary>
    public static PlannedFault Draw(FaultKind kind, long round, Randomness.SeededRandom random)
    {
        var moment = kind switch
        {
            _ when random.OneIn(2) => _moments[random.Below(4)],
            _ => _moments[random.Below(_moments.Length)],
        };
        var milliseconds = kind switch
        {
            FaultKind.Delay => random.Between(100, 1_500),
            FaultKind.Reorder or FaultKind.SlowLink or FaultKind.SlowIsland => random.Between(500, 2_500),
            FaultKind.Loss => random.Between(1, 400),
            FaultKind.Partition or FaultKind.OneWayCut => random.Between(500, 5_000),
            FaultKind.BridgePause or FaultKind.ControlPause => random.Between(200, 4_000),
            FaultKind.ControlCrash => random.Between(100, 3_000),
            FaultKind.ControlCut => random.Between(300, 7_000),
            FaultKind.TrainerStall => random.Between(9_000, 12_000),
            FaultKind.ClockJump => random.Between(-3_600_000, 3_600_000),
            _ => random.Between(100, 1_000),
        };
        return new PlannedFault(kind, round, moment, random.Below(4), milliseconds, random.Next());
    }
}
