using Superfactory.Sync.Bridge;

namespace Superfactory.Site.Gangs;

/// <summary>What happens to a gang, as its <see cref="GangMachine"/> is told. Immutable.</summary>
internal abstract record GangInput
{
    private GangInput()
    {
    }

    /// <summary>A bridge said something.</summary>
    /// <param name="Event">What.</param>
    /// <param name="Lane">Its lane, from 0.</param>
    public sealed record BridgeSaid(BridgeEvent Event, int Lane = 0) : GangInput;

    /// <summary>A bridge's process ended; all that it said came before.</summary>
    /// <param name="End">How it ended.</param>
    /// <param name="Lane">Its lane, from 0.</param>
    public sealed record BridgeEnded(ProcessEnd End, int Lane = 0) : GangInput;

    /// <summary>A trainer's process ended.</summary>
    /// <param name="Start">Which start of the trainers it belongs to, from 0.</param>
    /// <param name="Rank">Its rank.</param>
    /// <param name="End">How it ended.</param>
    public sealed record TrainerEnded(int Start, int Rank, ProcessEnd End) : GangInput;

    /// <summary>The time set by the newest <see cref="GangEffect.SetDeadline"/> is over.</summary>
    public sealed record DeadlinePassed : GangInput;

    /// <summary>The agent said something.</summary>
    public sealed record Commanded(GangCommand Command) : GangInput;

    /// <summary>The agent is gone.</summary>
    public sealed record AgentGone : GangInput;

    /// <summary>A process could not be started or set up, for a reason that starting the gang again would not change.</summary>
    public sealed record CannotStart(string Reason) : GangInput;
}

/// <summary>How a process ended.</summary>
/// <param name="ExitCode">Its exit code; 128 and the signal's number where a signal ended it.</param>
/// <param name="LastErrors">The last lines that it wrote to standard error, joined; empty where it wrote none.</param>
internal sealed record ProcessEnd(int ExitCode, string LastErrors);

/// <summary>What a <see cref="GangMachine"/> wants done, in order. Immutable.</summary>
internal abstract record GangEffect
{
    private GangEffect()
    {
    }

    /// <summary>All trainers of the island are to be started.</summary>
    /// <param name="Start">Which start it is, from 0.</param>
    public sealed record StartTrainers(int Start) : GangEffect;

    /// <summary>All trainers, and all that they started, are to be killed; done when they are gone.</summary>
    public sealed record EndTrainers : GangEffect;

    /// <summary>The island's bridges are to be told something.</summary>
    /// <param name="Command">What.</param>
    /// <param name="Except">A lane whose bridge is not to be told; null tells all.</param>
    public sealed record TellBridge(BridgeCommand Command, int? Except = null) : GangEffect;

    /// <summary>The agent is to be told something.</summary>
    public sealed record Tell(GangEvent Event) : GangEffect;

    /// <summary>People are to be told something, as a line of the gang's log.</summary>
    public sealed record Say(string Text) : GangEffect;

    /// <summary>A deadline replaces the one before.</summary>
    /// <param name="After">How long from now; null takes the deadline back.</param>
    public sealed record SetDeadline(TimeSpan? After) : GangEffect;

    /// <summary>The gang ends. Nothing follows.</summary>
    /// <param name="Last">What the agent is told last; null where there is none to tell.</param>
    /// <param name="Ask">Whether trainers are asked to end before they are made to.</param>
    public sealed record End(GangEvent? Last, bool Ask) : GangEffect;
}
