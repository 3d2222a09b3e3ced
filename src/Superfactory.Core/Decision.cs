using System.Collections.Immutable;
using Superfactory.Core.Records;
using Superfactory.Model;

namespace Superfactory.Core;

/// <summary>What came of a command: records to append, commit and apply, or why it was refused. Immutable.</summary>
public sealed record Decision
{
    /// <summary>The records in order: first what entered, then what was decided upon it. Empty where nothing changes.</summary>
    public ImmutableArray<JournalRecord> Records { get; init; } = [];

    /// <summary>Why the command was refused; null where it was accepted.</summary>
    public Refusal? Refusal { get; init; }
}

/// <summary>A command was refused, and changed nothing.</summary>
/// <param name="Kind">In what way.</param>
/// <param name="Problems">Everything that stands in its way; at least one.</param>
public sealed record Refusal(RefusalKind Kind, ImmutableArray<Problem> Problems);

/// <summary>In what way a command was refused.</summary>
public enum RefusalKind
{
    /// <summary>Something in it is wrong.</summary>
    Invalid,

    /// <summary>What it names doesn't exist.</summary>
    NotFound,

    /// <summary>It contradicts what stands.</summary>
    Conflict,

    /// <summary>The session that it comes from is no longer, or not yet, known.</summary>
    SessionUnknown,

    /// <summary>It speaks another protocol version.</summary>
    ProtocolDiffers,
}
