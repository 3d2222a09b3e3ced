using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text;
using System.Xml;
using Superfactory.Model;

namespace Superfactory.Site.Data;

/// <summary>The English prose of .NET's own XML documentation, as the SDK ships it: one document for each type, made of what is written about the type and its members.</summary>
internal sealed class DotnetDocumentation : IDocumentSource
{
    private const string Pack = "Microsoft.NETCore.App.Ref";

    private DotnetDocumentation(string version, ImmutableArray<string> files) =>
        (Description, Files) = ($"{Pack} {version}", files);

    /// <inheritdoc/>
    public string Description { get; }

    /// <inheritdoc/>
    public ImmutableArray<string> Files { get; }

    /// <inheritdoc/>
    public int FilesOfOtherEndings => 0;

    /// <summary>Finds the newest documentation below <paramref name="root"/>, or below the roots where .NET is usually installed.</summary>
    public static Outcome<IDocumentSource> Find(string? root)
    {
        string[] roots = root is not null ? [root] : [.. UsualRoots().Distinct(StringComparer.Ordinal)];
        foreach (var candidate in roots)
        {
            var pack = Path.Combine(candidate, "packs", Pack);
            if (!Directory.Exists(pack))
            {
                continue;
            }

            var newest = Directory.GetDirectories(pack)
                .Select(static path => (Path: path, Name: Path.GetFileName(path)))
                .OrderByDescending(static entry => Version.TryParse(entry.Name, out var version) ? version : new Version(0, 0))
                .ThenByDescending(static entry => entry.Name, StringComparer.Ordinal);
            foreach (var (path, name) in newest)
            {
                var reference = Path.Combine(path, "ref");
                ImmutableArray<string> files = Directory.Exists(reference)
                    ? [.. Directory.GetFiles(reference, "*.xml", SearchOption.AllDirectories).Order(StringComparer.Ordinal)]
                    : [];
                if (!files.IsEmpty)
                {
                    return new Outcome<IDocumentSource>(new DotnetDocumentation(name, files));
                }
            }
        }

        return new Outcome<IDocumentSource>([new Problem(
            $"The documentation of .NET was not found: no packs/{Pack}/*/ref/*/*.xml in {string.Join(", ", roots)}.",
            Hint: "It is part of the .NET SDK (the runtime alone lacks it): install the SDK, set DOTNET_ROOT to it, or name text of your own with --from.")]);
    }

    /// <inheritdoc/>
    public FileDocuments Read(string file)
    {
        // Types in the order in which the file first names them: the same in every run.
        var types = new List<StringBuilder>();
        var byName = new Dictionary<string, StringBuilder>(StringComparer.Ordinal);
        try
        {
            using var reader = XmlReader.Create(file, new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, IgnoreComments = true });
            while (reader.ReadToFollowing("member"))
            {
                var type = TypeOf(reader.GetAttribute("name") ?? string.Empty);
                if (!byName.TryGetValue(type, out var text))
                {
                    byName.Add(type, text = new StringBuilder());
                    types.Add(text);
                }

                using var member = reader.ReadSubtree();
                DocumentationText.Append(member, text);
            }
        }
        catch (XmlException exception)
        {
            return new FileDocuments([], Problem: new Problem($"This XML documentation is malformed: {exception.Message}", file, exception.LineNumber));
        }

        return types.Any(static text => text.Length > 0)
            ? new FileDocuments([.. types.Where(static text => text.Length > 0).Select(static text => text.ToString())])
            : FileDocuments.None;
    }

    /// <summary>The type that a documentation identifier such as <c>M:System.Text.Rune.TryCreate(System.Char,System.Text.Rune@)</c> belongs to.</summary>
    internal static string TypeOf(string member)
    {
        if (member.StartsWith("T:", StringComparison.Ordinal))
        {
            return member[2..];
        }

        var end = member.AsSpan().IndexOfAny('(', '~');
        var name = end < 0 ? member : member[..end];
        var dot = name.LastIndexOf('.');
        var start = name.Length > 1 && name[1] == ':' ? 2 : 0;
        return dot > start ? name[start..dot] : name[start..];
    }

    private static IEnumerable<string> UsualRoots()
    {
        if (Environment.GetEnvironmentVariable("DOTNET_ROOT") is { Length: > 0 } variable)
        {
            yield return variable;
        }

        // shared/Microsoft.NETCore.App/<version>/ is three levels below the root.
        yield return Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        yield return "/usr/share/dotnet";
        yield return "/usr/lib/dotnet";
    }
}
