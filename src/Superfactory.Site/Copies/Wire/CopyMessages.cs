using Superfactory.Site.Copies.Files;

namespace Superfactory.Site.Copies.Wire;

/// <summary>What the two ends of a copy say to each other: the first byte of a message.</summary>
internal enum CopyMessageType : byte
{
    /// <summary>Destination: version and chunk size; the source begins, or begins again.</summary>
    Begin = 1,

    /// <summary>Source: what is copied, as a whole.</summary>
    Root = 2,

    /// <summary>Source: entries of the tree, each after the directory that it is in.</summary>
    Entries = 3,

    /// <summary>Source: how much there is to copy.</summary>
    Totals = 4,

    /// <summary>Source: there are no more entries.</summary>
    EntriesEnd = 5,

    /// <summary>Destination: chunks that it wants, with hashes of those that it has.</summary>
    Requests = 6,

    /// <summary>Source: chunks, or that they are the same, or zeros; and ends of files.</summary>
    Answers = 7,

    /// <summary>Destination: how many entries are finished, so that as many more may be named.</summary>
    Done = 8,

    /// <summary>Either: it cannot go on, and why.</summary>
    Abort = 9,

    /// <summary>Destination: everything is in place.</summary>
    Finished = 10,
}

/// <summary>What an answer is.</summary>
internal enum AnswerKind : byte
{
    /// <summary>A run of chunks is as the destination's hashes say.</summary>
    Same = 1,

    /// <summary>A run of chunks holds nothing but zeros.</summary>
    Zeros = 2,

    /// <summary>A chunk: its hash and its bytes.</summary>
    Data = 3,

    /// <summary>Everything asked for of a file is answered, and it did not change meanwhile.</summary>
    Unchanged = 4,

    /// <summary>Everything asked for of a file is answered, or left unanswered since it changed: how it is now.</summary>
    Changed = 5,
}

/// <summary>An entry of the tree that is copied. Immutable.</summary>
/// <param name="Id">Names a file in requests and answers.</param>
/// <param name="Path">Relative to the root; empty is the root itself.</param>
/// <param name="Status">What it is like.</param>
/// <param name="Target">What a link says; null where it is none.</param>
internal sealed record CopyEntry(long Id, string Path, FileStatus Status, string? Target);

/// <summary>What is copied, as a whole. Immutable.</summary>
/// <param name="Machine">Names the running kernel, so that both ends know when they are on the same machine.</param>
/// <param name="Name">The last part of its path.</param>
/// <param name="Status">What it is like.</param>
internal sealed record CopyRoot(string Machine, string Name, FileStatus Status);

/// <summary>How much there is to copy.</summary>
/// <param name="Files">Files.</param>
/// <param name="Bytes">Their bytes.</param>
/// <param name="LeftOut">Links and special files that are left out.</param>
internal readonly record struct CopyTotals(long Files, long Bytes, long LeftOut);

/// <summary>The head of a request: a run of chunks of a file.</summary>
/// <param name="File">The file.</param>
/// <param name="Attempt">Which attempt at it, from 1.</param>
/// <param name="First">The first chunk.</param>
/// <param name="Count">How many.</param>
/// <param name="HasHashes">Whether the hash of each follows: it is then sent only where it differs.</param>
/// <param name="IsLast">Whether nothing more of this file is asked for in this attempt.</param>
internal readonly record struct RequestHead(long File, int Attempt, long First, long Count, bool HasHashes, bool IsLast)
{
    /// <summary>Its length on the wire.</summary>
    public const int Bytes = (3 * sizeof(long)) + sizeof(int) + 1;
}

/// <summary>The head of an answer.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="File">The file.</param>
/// <param name="Attempt">Which attempt at it.</param>
/// <param name="First">The first chunk; 0 where it is about the whole file.</param>
/// <param name="Count">How many chunks; of data the number of bytes.</param>
internal readonly record struct AnswerHead(AnswerKind Kind, long File, int Attempt, long First, long Count)
{
    /// <summary>Its length on the wire.</summary>
    public const int Bytes = (3 * sizeof(long)) + sizeof(int) + 1;
}

/// <summary>The other end said something that has no meaning. Both run the same version, so this is a fault of it.</summary>
internal sealed class CopyProtocolException : Exception
{
    public CopyProtocolException(string message)
        : base(message)
    {
    }

    public CopyProtocolException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    public CopyProtocolException()
        : base("The other end said something that has no meaning.")
    {
    }
}
