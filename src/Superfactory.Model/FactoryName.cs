namespace Superfactory.Model;

/// <summary>What names of jobs, sites and corpora look like: they become directories, addresses and table cells. Pure and safe to call from any thread.</summary>
public static class FactoryName
{
    /// <summary>The most characters a name has.</summary>
    public const int LengthMax = 63;

    /// <summary>What is expected, as the end of a sentence.</summary>
    public const string Expected = "letters (a-z, A-Z), digits, '-' and '_', at most 63 of them, the first a letter or a digit";

    /// <summary>Whether <paramref name="text"/> is a name: see <see cref="Expected"/>. Null is none.</summary>
    public static bool IsValid(string? text) =>
        text is { Length: > 0 and <= LengthMax }
        && char.IsAsciiLetterOrDigit(text[0])
        && text.All(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '_');
}
