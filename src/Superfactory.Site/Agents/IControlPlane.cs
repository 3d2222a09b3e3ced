using Superfactory.Model.Agents;

namespace Superfactory.Site.Agents;

/// <summary>What an agent asks of the control plane. What goes wrong on the way is an answer, never an exception. Thread-safe.</summary>
internal interface IControlPlane
{
    /// <summary>Says who this agent is.</summary>
    /// <returns><see cref="ControlAnswer.Welcomed"/>, <see cref="ControlAnswer.Refused"/> or <see cref="ControlAnswer.Unreachable"/>.</returns>
    Task<ControlAnswer> HelloAsync(AgentHello hello, CancellationToken cancellationToken);

    /// <summary>Reports.</summary>
    /// <returns><see cref="ControlAnswer.Taken"/>, <see cref="ControlAnswer.UnknownSession"/> or <see cref="ControlAnswer.Unreachable"/>.</returns>
    Task<ControlAnswer> ReportAsync(AgentReport report, CancellationToken cancellationToken);

    /// <summary>Asks for instructions newer than a revision, or grants other than those of another, and waits for them.</summary>
    /// <returns><see cref="ControlAnswer.Instructed"/>, <see cref="ControlAnswer.Unchanged"/>, <see cref="ControlAnswer.UnknownSession"/> or <see cref="ControlAnswer.Unreachable"/>.</returns>
    Task<ControlAnswer> InstructionsAsync(long after, long routes, CancellationToken cancellationToken);

    /// <summary>Says that this agent leaves in good order.</summary>
    Task<ControlAnswer> LeaveAsync(CancellationToken cancellationToken);
}
