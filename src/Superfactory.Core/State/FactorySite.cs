using System.Collections.Immutable;
using Superfactory.Model.Agents;

namespace Superfactory.Core;

/// <summary>A site as the control plane knows it. Immutable.</summary>
public sealed record FactorySite
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>The process of its agent that joined last.</summary>
    public required string Session { get; init; }

    /// <summary>The agent's machine, for people.</summary>
    public required string Host { get; init; }

    /// <summary>The agent's process id there, for people.</summary>
    public required int ProcessId { get; init; }

    /// <summary>Where other sites reach its gateway, as <c>host:port</c>.</summary>
    public required string Gateway { get; init; }

    /// <summary>Gangs that it runs at the same time; at least 0.</summary>
    public required int Slots { get; init; }

    /// <summary>The gateway's emulated link, as the user wrote it; null where links are real.</summary>
    public string? EmulatedWan { get; init; }

    /// <summary>Its directory of checkpoints; null where its agent knows of none.</summary>
    public string? CheckpointDirectory { get; init; }

    /// <summary>How long its gangs go on without the control plane before they end themselves, in seconds; 0 for ever. Of agents that took each other's gangs over, the longest.</summary>
    public int GangLeaseSeconds { get; init; }

    /// <summary>Whether that time is over since it was heard: nothing runs there.</summary>
    public bool GangLeaseEnded { get; init; }

    /// <summary>Whether that time was over and its agent has not said since that nothing runs there: a lease that did not hold is no reason to place anything beside what still runs.</summary>
    public bool ClearingAwaited { get; init; }

    /// <summary>The longer of two leases of gangs.</summary>
    internal static int LongerLease(int one, int other) => one == 0 || other == 0 ? 0 : Math.Max(one, other);

    /// <summary>The program's version there.</summary>
    public required string Version { get; init; }

    /// <summary>The corpora that lie there by name, as its agent said last.</summary>
    public ImmutableArray<CorpusReport> Corpora { get; init; } = [];

    /// <summary>How it stands to the control plane.</summary>
    public required SiteStanding Standing { get; init; }

    /// <summary>When it joined, returned, was last heard before it was lost, or left: milliseconds since 1970-01-01 UTC.</summary>
    public required long HeardAt { get; init; }

    /// <summary>The revision at which its instructions changed last.</summary>
    public required long InstructionsRevision { get; init; }
}

/// <summary>How a site stands to the control plane.</summary>
public enum SiteStanding
{
    /// <summary>Its agent is heard.</summary>
    Connected,

    /// <summary>Its agent was not heard for a whole lease. Its gangs are presumed dead, and may yet turn out not to be.</summary>
    Lost,

    /// <summary>Its agent left in good order, after stopping its gangs.</summary>
    Left,
}
