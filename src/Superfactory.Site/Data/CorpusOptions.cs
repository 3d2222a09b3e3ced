using System.Collections.Immutable;

namespace Superfactory.Site.Data;

/// <summary>What a corpus is to be made from, and how. Immutable.</summary>
public sealed record CorpusOptions
{
    /// <summary>The corpus made from .NET's own documentation, and the default name.</summary>
    public const string DotnetDocs = "dotnet-docs";

    /// <summary>File name endings that are taken from a folder unless others are named.</summary>
    public static ImmutableArray<string> DefaultExtensions { get; } =
        [".txt", ".text", ".md", ".markdown", ".rst", ".adoc", ".org", ".tex"];

    /// <summary>The corpus's name: letters, digits, <c>-</c> and <c>_</c>, at most 63 of them.</summary>
    public string Name { get; init; } = DotnetDocs;

    /// <summary>The directory that holds one directory for each corpus.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>A folder or file of text; null takes the XML documentation in the .NET SDK.</summary>
    public string? From { get; init; }

    /// <summary>The .NET root to take documentation from; null finds it. Used where <see cref="From"/> is null.</summary>
    public string? DotnetRoot { get; init; }

    /// <summary>File name endings that are taken from a folder, with their dot. A file that <see cref="From"/> names itself is taken whatever its ending.</summary>
    public ImmutableArray<string> Extensions { get; init; } = DefaultExtensions;

    /// <summary>The share of documents that go to the validation part, in ten-thousandths. 1 to 5,000, default 500 (5 %).</summary>
    public int ValidationShare { get; init; } = 500;

    /// <summary>Bytes after which a new shard begins; a document is never cut, so a shard may be longer by one document. Default 64 MiB.</summary>
    public long ShardBytes { get; init; } = 64L << 20;
}

/// <summary>How far the preparation of a corpus is.</summary>
/// <param name="FilesDone">Source files read.</param>
/// <param name="FilesTotal">Source files there are.</param>
/// <param name="Documents">Documents written.</param>
/// <param name="Tokens">Tokens written.</param>
public readonly record struct CorpusProgress(int FilesDone, int FilesTotal, int Documents, long Tokens);

/// <summary>A corpus that was made.</summary>
/// <param name="Index">What it holds.</param>
/// <param name="Directory">Where it is.</param>
/// <param name="FilesRead">Source files that gave its documents.</param>
/// <param name="FilesSkipped">Files that are not UTF-8 text, or are empty, and were left out.</param>
/// <param name="FilesOfOtherEndings">Files of the folder whose name's ending was not asked for.</param>
/// <param name="SkippedExamples">The first few of the files that were left out.</param>
public sealed record PreparedCorpus(
    CorpusIndex Index, string Directory, int FilesRead, int FilesSkipped, int FilesOfOtherEndings, ImmutableArray<string> SkippedExamples);
