using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Superfactory.Model;

namespace Superfactory.Control.Api;

/// <summary>Finds the line of the job file that a problem of the field <c>sites</c> is about, which the parsed job no longer knows.</summary>
internal static partial class SiteLines
{
    public static ImmutableArray<Problem> Locate(string text, ImmutableArray<Problem> problems)
    {
        var lines = text.Split('\n');
        var start = Array.FindIndex(lines, line => line.TrimStart().StartsWith("sites:", StringComparison.Ordinal));
        return start < 0 ? problems : [.. problems.Select(problem => Locate(lines, start, problem))];
    }

    private static Problem Locate(string[] lines, int start, Problem problem)
    {
        if (problem.Field != "sites" || problem.Line is not null)
        {
            return problem;
        }

        var name = QuotedName().Match(problem.Message).Groups[1].Value;
        var found = name.Length == 0 ? -1 : Array.FindIndex(lines, start, line => line.Contains(name, StringComparison.Ordinal));
        return problem with { Line = (found < 0 ? start : found) + 1 };
    }

    [GeneratedRegex("'([^']+)'")]
    private static partial Regex QuotedName();
}
