using System.Globalization;
using System.Text;

namespace Superfactory.Wan;

/// <summary>Text that others had a hand in, such as a name in a stranger's certificate, made fit for a line of a log or terminal.</summary>
internal static class PrintableText
{
    /// <summary>The most that is kept: the longest reason of a peer with a sentence around it.</summary>
    public const int CharsMax = 2000;

    /// <summary>The text with what is not to be seen, such as line ends and escapes, as <c>\u000A</c>; cut to <see cref="CharsMax"/> before.</summary>
    public static string Of(string text)
    {
        if (text.Length <= CharsMax && !text.AsSpan().ContainsAnyExceptInRange(' ', '~'))
        {
            return text;
        }

        var printable = new StringBuilder(text.Length);
        foreach (var character in text.AsSpan(0, Math.Min(text.Length, CharsMax)))
        {
            if (IsSeen(character))
            {
                printable.Append(character);
            }
            else
            {
                printable.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:X4}");
            }
        }

        return printable.ToString();
    }

    private static bool IsSeen(char character) => char.GetUnicodeCategory(character)
        is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
}
