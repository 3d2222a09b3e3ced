using System.Collections.Immutable;
using System.Text;
using Superfactory.Model;

namespace Superfactory.Site.Data;

/// <summary>Plain text files of the user's: each file is a document, and a long one is cut into several where paragraphs end.</summary>
internal sealed class TextFiles : IDocumentSource
{
    /// <summary>The longest document, 64 Ki characters: long enough for whole articles, short enough that 5 % of a single book can be set aside for validation.</summary>
    internal const int DocumentCharactersMax = 64 << 10;

    /// <summary>The shortest limit that a small corpus is cut by.</summary>
    internal const int DocumentCharactersMin = 1 << 10;

    /// <summary>The largest file that is taken, 1 GiB: a file is read whole, and .NET's strings end at about that length.</summary>
    internal const long FileBytesMax = 1L << 30;

    /// <summary>A small corpus is cut into about this many documents, so that each part gets some.</summary>
    private const int DocumentsWanted = 20;

    private static readonly UTF8Encoding _strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly int _limit;

    private TextFiles(ImmutableArray<string> files, int otherEndings)
    {
        Files = files;
        FilesOfOtherEndings = otherEndings;
        var bytes = files.Sum(static file => new FileInfo(file).Length);
        _limit = (int)Math.Clamp(bytes / DocumentsWanted, DocumentCharactersMin, DocumentCharactersMax);
    }

    /// <inheritdoc/>
    public string Description => Files.Length == 1 ? "1 text file" : $"{Files.Length} text files";

    /// <inheritdoc/>
    public ImmutableArray<string> Files { get; }

    /// <inheritdoc/>
    public int FilesOfOtherEndings { get; }

    /// <summary>Finds the text files in a folder and all below it, hidden ones and symbolic links left out, or takes a single file.</summary>
    public static Outcome<IDocumentSource> Find(string path, ImmutableArray<string> extensions)
    {
        if (File.Exists(path))
        {
            var file = new FileInfo(path);
            return file.Length > FileBytesMax
                ? Fail(new Problem($"This file is {file.Length >> 20} MiB; a text file may be at most {FileBytesMax >> 20} MiB.", path, Hint: "Split it into several files and name their folder."))
                : new Outcome<IDocumentSource>(new TextFiles([path], otherEndings: 0));
        }

        if (!Directory.Exists(path))
        {
            return Fail(new Problem("There is no such file or folder.", path, Hint: "Name a text file, or a folder of them, with --from."));
        }

        var everything = new EnumerationOptions
        {
            RecurseSubdirectories = true,
            AttributesToSkip = FileAttributes.Hidden | FileAttributes.System | FileAttributes.ReparsePoint,
            IgnoreInaccessible = false,
        };
        string[] found;
        try
        {
            found = Directory.GetFiles(path, "*", everything);
        }
        catch (UnauthorizedAccessException exception)
        {
            return Fail(new Problem($"This folder cannot be read: {exception.Message}", path));
        }

        ImmutableArray<string> taken = [.. found
            .Where(file => extensions.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase))
            .Order(StringComparer.Ordinal)];
        return taken.IsEmpty
            ? Fail(new Problem(
                $"This folder holds no text: none of its {found.Length} files ends in {string.Join(", ", extensions)}.", path,
                Hint: "Name other endings with --extensions, such as '--extensions .py,.cs'."))
            : new Outcome<IDocumentSource>(new TextFiles(taken, found.Length - taken.Length));
    }

    /// <inheritdoc/>
    public FileDocuments Read(string file)
    {
        if (new FileInfo(file).Length > FileBytesMax)
        {
            return new FileDocuments([], Problem: new Problem($"This file is larger than {FileBytesMax >> 20} MiB.", file, Hint: "Split it into several files."));
        }

        string text;
        try
        {
            var bytes = File.ReadAllBytes(file);
            if (bytes.AsSpan().Contains((byte)0))
            {
                return FileDocuments.None;
            }

            text = _strict.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return FileDocuments.None;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new FileDocuments([], Problem: new Problem($"This file cannot be read: {exception.Message}", file));
        }

        var normalized = Normalize(text);
        return normalized.Length == 0 ? FileDocuments.None : new FileDocuments([.. Cut(normalized, _limit)]);
    }

    /// <summary>Line ends become <c>\n</c>; the byte order mark, spaces at the end of lines and repeated empty lines go; indentation stays.</summary>
    internal static string Normalize(string text)
    {
        var result = new StringBuilder(text.Length);
        var empty = 0;
        foreach (var line in text.AsSpan().TrimStart('\uFEFF').EnumerateLines())
        {
            var trimmed = line.TrimEnd();
            if (trimmed.IsEmpty)
            {
                empty++;
                continue;
            }

            if (result.Length > 0)
            {
                result.Append(empty > 0 ? "\n\n" : "\n");
            }

            empty = 0;
            result.Append(trimmed);
        }

        return result.ToString();
    }

    /// <summary>Cuts text longer than <paramref name="limit"/> where a paragraph ends, else where a line or a word does, else anywhere.</summary>
    internal static IEnumerable<string> Cut(string text, int limit)
    {
        var start = 0;
        while (text.Length - start > limit)
        {
            // Looking back no further than half the limit keeps documents of similar length.
            var window = text.AsSpan(start + (limit / 2), limit - (limit / 2));
            var cut = window.LastIndexOf("\n\n");
            cut = cut >= 0 ? cut : window.LastIndexOf('\n');
            cut = cut >= 0 ? cut : window.LastIndexOf(' ');
            var end = cut >= 0 ? start + (limit / 2) + cut : start + limit;
            if (char.IsLowSurrogate(text[end]))
            {
                end--;
            }

            var piece = text.AsSpan(start, end - start).Trim();
            if (!piece.IsEmpty)
            {
                yield return piece.ToString();
            }

            start = end;
        }

        if (text.AsSpan(start).Trim() is { IsEmpty: false } rest)
        {
            yield return rest.ToString();
        }
    }

    private static Outcome<IDocumentSource> Fail(Problem problem) => new([problem]);
}
