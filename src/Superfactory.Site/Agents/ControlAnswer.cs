using Superfactory.Model.Agents;

namespace Superfactory.Site.Agents;

/// <summary>What came of a call to the control plane. Immutable.</summary>
internal abstract record ControlAnswer
{
    private ControlAnswer()
    {
    }

    /// <summary>It took what it was told.</summary>
    public sealed record Taken : ControlAnswer;

    /// <summary>It accepted the agent's session.</summary>
    public sealed record Welcomed(AgentWelcome Welcome) : ControlAnswer;

    /// <summary>It has newer instructions.</summary>
    public sealed record Instructed(AgentInstructions Instructions) : ControlAnswer;

    /// <summary>It has nothing newer.</summary>
    public sealed record Unchanged : ControlAnswer;

    /// <summary>It does not know the agent's session: the agent must say hello again.</summary>
    public sealed record UnknownSession : ControlAnswer;

    /// <summary>It refuses this agent.</summary>
    /// <param name="Why">Its own sentences.</param>
    /// <param name="NameTaken">Whether another session has the site's name; otherwise it is the protocol or what the agent said.</param>
    public sealed record Refused(string Why, bool NameTaken) : ControlAnswer;

    /// <summary>It could not be reached, or what answered is no control plane in good order.</summary>
    /// <param name="Why">What happened instead, without the address and without a full stop.</param>
    public sealed record Unreachable(string Why) : ControlAnswer;
}
