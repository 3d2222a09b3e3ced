using System.Collections.Immutable;
using System.Text;

namespace Superfactory.Cli.CommandLine;

/// <summary>Columns of plain text, each as wide as its widest cell; columns whose heading begins with a space are set to the right. Pure.</summary>
internal static class Table
{
    /// <summary>The heading and the rows as lines, each set in by <paramref name="indent"/> spaces.</summary>
    public static ImmutableArray<string> Lines(ImmutableArray<string> heading, IEnumerable<ImmutableArray<string>> rows, int indent = 0)
    {
        ImmutableArray<ImmutableArray<string>> all = [[.. heading.Select(static cell => cell.TrimStart())], .. rows];
        var widths = heading.Select((_, column) => all.Max(row => row[column].Length)).ToArray();
        return [.. all.Select(row => new string(' ', indent) + Line(row, widths, heading))];
    }

    private static string Line(ImmutableArray<string> row, int[] widths, ImmutableArray<string> heading)
    {
        var line = new StringBuilder();
        for (var column = 0; column < row.Length; column++)
        {
            var cell = heading[column].StartsWith(' ') ? row[column].PadLeft(widths[column]) : row[column].PadRight(widths[column]);
            line.Append(column > 0 ? "  " : string.Empty).Append(cell);
        }

        return line.ToString().TrimEnd();
    }
}
