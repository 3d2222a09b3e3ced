using System.Text;

namespace Superfactory.Model.Copies;

/// <summary>A file or directory at a site, as people write it: <c>atlanta:/data/run-7</c>. Immutable.</summary>
/// <param name="Site">The site.</param>
/// <param name="Path">
/// The path there. One that does not begin with <c>/</c> is below the site's directory of corpora. As a destination it names the copy
/// itself; with a <c>/</c> at its end it names the directory that the copy is put into, under the source's name.
/// </param>
public sealed record CopyPlace(string Site, string Path)
{
    /// <summary>The longest path, in bytes of UTF-8: what Linux takes (<c>PATH_MAX</c> without its closing zero).</summary>
    public const int PathBytesMax = 4095;

    private const string Expected = "expected a site, a colon and a path, such as atlanta:/data/run-7";

    /// <summary>Reads <c>SITE:PATH</c>. Whether the site exists is not looked at. Never throws.</summary>
    /// <param name="text">What the user wrote.</param>
    /// <param name="field">What the text is, for the problem, such as <c>source</c>.</param>
    public static Outcome<CopyPlace> Parse(string? text, string field)
    {
        var given = text ?? string.Empty;
        var colon = given.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0)
        {
            return Wrong($"'{given}' names no site: {Expected}.", field);
        }

        var place = new CopyPlace(given[..colon], given[(colon + 1)..]);
        return place.Check(field) is { } problem ? new([problem]) : new(place);
    }

    /// <summary>What is wrong with it by itself; null where nothing is.</summary>
    /// <param name="field">What it is, for the problem.</param>
    public Problem? Check(string field)
    {
        if (Site is null || Path is null || !FactoryName.IsValid(Site))
        {
            return new Problem($"'{Site}' is no name of a site: {Expected}; a site's name has {FactoryName.Expected}.", Field: field);
        }

        if (Path.Length == 0)
        {
            return new Problem($"'{this}' has no path: {Expected}.", Field: field, Hint: $"'{Site}:.' is all of the site's directory of corpora.");
        }

        if (Path.Contains('\0', StringComparison.Ordinal) || Encoding.UTF8.GetByteCount(Path) > PathBytesMax)
        {
            return new Problem($"The path at {Site} holds a zero or is longer than {PathBytesMax} bytes.", Field: field);
        }

        return Path.StartsWith('~')
            ? new Problem($"'{Path}' begins with '~', which no shell has replaced: expected a path from '/' on, or one below the site's directory of corpora.", Field: field)
            : null;
    }

    /// <summary>As <see cref="Parse"/> reads it.</summary>
    public override string ToString() => $"{Site}:{Path}";

    private static Outcome<CopyPlace> Wrong(string message, string field) => new([new Problem(message, Field: field)]);
}
