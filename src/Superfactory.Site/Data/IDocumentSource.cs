using System.Collections.Immutable;
using Superfactory.Model;

namespace Superfactory.Site.Data;

/// <summary>Files that documents are read from, in a fixed order.</summary>
internal interface IDocumentSource
{
    /// <summary>What they are, for the index; no path of this machine.</summary>
    string Description { get; }

    /// <summary>The files, sorted by their names' code units.</summary>
    ImmutableArray<string> Files { get; }

    /// <summary>Files that were found and not taken because of their names' endings.</summary>
    int FilesOfOtherEndings { get; }

    /// <summary>Reads the documents of one file.</summary>
    FileDocuments Read(string file);
}

/// <summary>What one source file held: documents, or that it is no text, or what is wrong with it.</summary>
/// <param name="Documents">The documents, none of them empty or holding a zero character.</param>
/// <param name="Skipped">Whether the file was left out: it is not UTF-8 text, or holds none.</param>
/// <param name="Problem">What is wrong, where it stops the preparation.</param>
internal sealed record FileDocuments(ImmutableArray<string> Documents, bool Skipped = false, Problem? Problem = null)
{
    /// <summary>A file that is left out.</summary>
    public static FileDocuments None { get; } = new([], Skipped: true);
}
