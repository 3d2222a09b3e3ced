using System.Text.RegularExpressions;

namespace Superfactory.Tidy.Tests;

/// <summary>A file holds one idea, a method fits on a screen.</summary>
public sealed partial class LengthTests
{
    private const int FileLinesMax = 400;
    private const int MethodLinesMax = 70;

    [Fact]
    public void Source_files_are_under_400_lines() =>
        Repository.Sources
            .Select(file => (file, lines: Repository.ReadLines(file).Length))
            .Where(entry => entry.lines >= FileLinesMax)
            .Select(entry => $"{entry.file}: {entry.lines} lines")
            .ShouldBeEmpty();

    [Fact]
    public void Methods_are_under_70_lines() =>
        Repository.Sources
            .SelectMany(file => file.EndsWith(".cs", StringComparison.Ordinal) ? CSharp(file) : file.EndsWith(".py", StringComparison.Ordinal) ? Python(file) : [])
            .Where(method => method.Lines >= MethodLinesMax)
            .Select(method => $"{method.File}:{method.Line}: {method.Lines} lines")
            .ShouldBeEmpty();

    [Fact]
    public void The_method_measure_sees_a_long_method()
    {
        string[] source = ["class Example", "{", "    void Long()", "    {", .. Enumerable.Repeat("        Step();", 80), "    }", "}"];
        CSharp("example.cs", source).ShouldContain(method => method.Line == 3 && method.Lines == 83);
    }

    private static IEnumerable<Method> CSharp(string file) => CSharp(file, Repository.ReadLines(file));

    /// <summary>Relies on the house's layout: a body's braces stand alone, at the indentation of its header.</summary>
    private static IEnumerable<Method> CSharp(string file, string[] lines)
    {
        for (var index = 1; index < lines.Length; index++)
        {
            if (lines[index].Trim() != "{")
            {
                continue;
            }

            var indentation = lines[index].Length - 1;
            var header = index - 1;
            while (header > 0 && Indentation(lines[header]) > indentation)
            {
                header--;
            }

            if (TypeHeader().IsMatch(lines[header]) || !MemberHeader().IsMatch(lines[header]))
            {
                continue;
            }

            var end = Array.FindIndex(lines, index, line => line.StartsWith(new string(' ', indentation) + "}", StringComparison.Ordinal));
            yield return new Method(file, header + 1, end - header + 1);
        }
    }

    private static IEnumerable<Method> Python(string file)
    {
        var lines = Repository.ReadLines(file);
        for (var index = 0; index < lines.Length; index++)
        {
            if (!PythonHeader().IsMatch(lines[index]))
            {
                continue;
            }

            var indentation = Indentation(lines[index]);
            var last = index;
            for (var next = index + 1; next < lines.Length; next++)
            {
                if (lines[next].Trim().Length == 0)
                {
                    continue;
                }

                if (Indentation(lines[next]) <= indentation && !lines[next].TrimStart().StartsWith(')'))
                {
                    break;
                }

                last = next;
            }

            yield return new Method(file, index + 1, last - index + 1);
        }
    }

    private static int Indentation(string line) => line.Length - line.TrimStart().Length;

    [GeneratedRegex(@"\b(class|struct|record|interface|enum|namespace)\s+\w")]
    private static partial Regex TypeHeader();

    [GeneratedRegex(@"^\s+[\w\[<(].*[\w>)\]?]\s*$")]
    private static partial Regex MemberHeader();

    [GeneratedRegex(@"^\s*(async )?def ")]
    private static partial Regex PythonHeader();

    private sealed record Method(string File, int Line, int Lines);
}
