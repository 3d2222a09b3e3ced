namespace Superfactory.Model.Agents;

/// <summary>What a site agent says first (<c>POST /v1/agents/{site}/session</c>).</summary>
public sealed record AgentHello
{
    /// <summary>The protocol version it speaks, <see cref="FactoryJson.ProtocolVersion"/>.</summary>
    public required int Protocol { get; init; }

    /// <summary>Names this process of the agent: drawn at its start, kept while it lives.</summary>
    public required string Session { get; init; }

    /// <summary>The machine it runs on, for people.</summary>
    public required string Host { get; init; }

    /// <summary>Its process id there, for people.</summary>
    public required int ProcessId { get; init; }

    /// <summary>Where other sites reach its gateway, as <c>host:port</c>.</summary>
    public required string Gateway { get; init; }

    /// <summary>Gangs that it runs at the same time.</summary>
    public int Slots { get; init; } = 1;

    /// <summary>The gateway's emulated link, as the user wrote it; null where links are real.</summary>
    public string? EmulatedWan { get; init; }

    /// <summary>The site's directory of checkpoints, an absolute path; null from an agent that knows of none.</summary>
    public string? CheckpointDirectory { get; init; }

    /// <summary>How long its gangs go on when the control plane has not taken a report, in seconds; then they end themselves, whether the agent lives or not. 0 for ever.</summary>
    public int GangLeaseSeconds { get; init; }

    /// <summary>The program's version, for people.</summary>
    public required string Version { get; init; }
}

/// <summary>The answer to <see cref="AgentHello"/>.</summary>
public sealed record AgentWelcome
{
    /// <summary>The agent is taken for lost when it has said nothing for this long, in milliseconds.</summary>
    public required int LeaseMilliseconds { get; init; }
}
