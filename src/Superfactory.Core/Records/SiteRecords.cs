using System.Collections.Immutable;
using Superfactory.Model.Agents;

namespace Superfactory.Core.Records;

/// <summary>A new process of a site's agent said hello. Whatever an earlier one ran there is dead.</summary>
public sealed record SiteJoined : JournalRecord
{
    /// <summary>The site.</summary>
    public required string Site { get; init; }

    /// <summary>The agent's session.</summary>
    public required string Session { get; init; }

    /// <summary>The agent's machine.</summary>
    public required string Host { get; init; }

    /// <summary>The agent's process id there.</summary>
    public required int ProcessId { get; init; }

    /// <summary>Where its gateway listens, as <c>host:port</c>.</summary>
    public required string Gateway { get; init; }

    /// <summary>Gangs that it runs at the same time.</summary>
    public required int Slots { get; init; }

    /// <summary>The gateway's emulated link; null where links are real.</summary>
    public string? EmulatedWan { get; init; }

    /// <summary>The site's directory of checkpoints; null from an agent that knows of none.</summary>
    public string? CheckpointDirectory { get; init; }

    /// <summary>How long its gangs go on without the control plane before they end themselves, in seconds; 0 for ever.</summary>
    public int GangLeaseSeconds { get; init; }

    /// <summary>The program's version there.</summary>
    public required string Version { get; init; }
}

/// <summary>A site was away for longer than the lease of its gangs: they have ended themselves.</summary>
public sealed record GangLeaseEnded : JournalRecord
{
    /// <summary>The site.</summary>
    public required string Site { get; init; }

    /// <summary>The agent's session.</summary>
    public required string Session { get; init; }

    /// <summary>Why, in a sentence.</summary>
    public required string Reason { get; init; }

    /// <summary>Whether nothing is placed there before its agent has said that nothing of theirs runs; false in records of versions that did not wait for that.</summary>
    public bool ClearingAwaited { get; init; }
}

/// <summary>The agent of a site whose gangs' lease had ended says that none of them runs: gangs are placed there again.</summary>
public sealed record SiteCleared : JournalRecord
{
    /// <summary>The site.</summary>
    public required string Site { get; init; }

    /// <summary>The agent's session.</summary>
    public required string Session { get; init; }
}

/// <summary>Other corpora lie at a site than were known to.</summary>
public sealed record CorporaListed : JournalRecord
{
    /// <summary>The site.</summary>
    public required string Site { get; init; }

    /// <summary>All of them, by name.</summary>
    public required ImmutableArray<CorpusReport> Corpora { get; init; }
}

/// <summary>An agent that was taken for lost was heard again in the same session: its gangs may have gone on.</summary>
public sealed record SiteReturned : JournalRecord
{
    /// <summary>The site.</summary>
    public required string Site { get; init; }

    /// <summary>The agent's session.</summary>
    public required string Session { get; init; }
}

/// <summary>An agent left in good order.</summary>
public sealed record SiteLeft : JournalRecord
{
    /// <summary>The site.</summary>
    public required string Site { get; init; }

    /// <summary>The agent's session.</summary>
    public required string Session { get; init; }
}

/// <summary>An agent was not heard for a whole lease.</summary>
public sealed record SiteLost : JournalRecord
{
    /// <summary>The site.</summary>
    public required string Site { get; init; }

    /// <summary>The agent's session.</summary>
    public required string Session { get; init; }

    /// <summary>When it was last heard, in milliseconds since 1970-01-01 UTC.</summary>
    public required long HeardAt { get; init; }
}
