using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Superfactory.Model.Jobs;

/// <summary>Reads one word or number of a job file. Pure.</summary>
internal static partial class JobScalars
{
    /// <summary>Reads a whole number or a number; where it is none, says so.</summary>
    public static bool TryNumber(JobNode node, JobField field, JobProblems problems, string path, [NotNullWhen(true)] out object? value)
    {
        value = null;
        if (node is not JobNode.Scalar scalar || scalar.IsNothing)
        {
            problems.AddExpected(node, path, field.Expected);
            return false;
        }

        if (!scalar.Plain || !NumberText().IsMatch(scalar.Text))
        {
            problems.AddExpected(node, path, field.Expected, HintForNumber(scalar, field));
            return false;
        }

        // Both overflow to infinity and to .nan are out of every range, and read as such.
        var number = Parse(scalar.Text);
        if (!field.Accepts(number) || (field.Kind == JobFieldKind.Whole && number != Math.Truncate(number)))
        {
            problems.AddExpected(node, path, field.Expected);
            return false;
        }

        if (field.Kind == JobFieldKind.Number)
        {
            value = number;
            return true;
        }

        // Ranges of whole numbers end far below 2^53, so that the double is exact; 4e2 and 400.0 are whole numbers too.
        value = (long)number;
        return true;
    }

    /// <summary>Reads one of the field's words; where it is none, says so.</summary>
    public static bool TryChoice(JobNode node, JobField field, JobProblems problems, string path, [NotNullWhen(true)] out object? value)
    {
        value = null;
        if (node is JobNode.Scalar scalar && field.Choices.Contains(scalar.Text))
        {
            value = scalar.Text;
            return true;
        }

        problems.AddExpected(node, path, field.Expected, node is JobNode.Scalar other ? NearMatch.Hint(other.Text, field.Choices) : null);
        return false;
    }

    /// <summary>Reads true or false; where it is neither, says so.</summary>
    public static bool TryFlag(JobNode node, JobField field, JobProblems problems, [NotNullWhen(true)] out object? value)
    {
        value = node is JobNode.Scalar { Plain: true, Text: "true" or "false" } scalar ? scalar.Text == "true" : null;
        if (value is null)
        {
            problems.AddExpected(node, field.Path, field.Expected, node is JobNode.Scalar other ? HintForFlag(other) : null);
        }

        return value is not null;
    }

    /// <summary>Reads a name; where it is none, says so.</summary>
    public static bool TryName(JobNode node, JobProblems problems, string path, [NotNullWhen(true)] out object? value)
    {
        value = null;
        if (node is JobNode.Scalar { IsNothing: false } scalar && FactoryName.IsValid(scalar.Text))
        {
            value = scalar.Text;
            return true;
        }

        problems.AddExpected(node, path, $"a name: {FactoryName.Expected}");
        return false;
    }

    /// <summary>Reads an absolute path; where it is none, says so.</summary>
    public static bool TryFolder(JobNode node, JobProblems problems, JobField field, [NotNullWhen(true)] out object? value)
    {
        value = null;
        if (!TryText(node, problems, field.Path, field.Expected, out var text))
        {
            return false;
        }

        if (!text.StartsWith('/'))
        {
            problems.AddExpected(node, field.Path, field.Expected);
            return false;
        }

        value = text;
        return true;
    }

    /// <summary>Reads any text that a process can be given; where it is none, says so.</summary>
    public static bool TryText(JobNode node, JobProblems problems, string path, string expected, [NotNullWhen(true)] out string? value)
    {
        value = null;
        if (node is not JobNode.Scalar scalar || scalar.IsNothing)
        {
            problems.AddExpected(node, path, expected, node is JobNode.Scalar ? "Write \"\" for an empty text." : null);
            return false;
        }

        if (scalar.Text.Contains('\0'))
        {
            problems.Add(node.Line, path, "The text holds a zero byte, which no process can be given.");
            return false;
        }

        value = scalar.Text;
        return true;
    }

    /// <summary>Reads a bandwidth; where it is none, says so.</summary>
    public static bool TryRate(JobNode node, JobField field, JobProblems problems, [NotNullWhen(true)] out object? value)
    {
        value = null;
        if (node is not JobNode.Scalar { IsNothing: false } scalar)
        {
            problems.AddExpected(node, field.Path, field.Expected);
            return false;
        }

        if (!Units.Bandwidth.TryParse(scalar.Text, out var rate, out var problem))
        {
            problems.Add(node.Line, field.Path, problem.Message, problem.Hint);
            return false;
        }

        value = rate;
        return true;
    }

    private static string? HintForFlag(JobNode.Scalar scalar) => scalar.Text.ToLowerInvariant() switch
    {
        "true" or "false" when !scalar.Plain => $"Write {scalar.Text.ToLowerInvariant()} without the quotes.",
        "true" or "yes" or "on" or "1" => "Did you mean true?",
        "false" or "no" or "off" or "0" => "Did you mean false?",
        _ => null,
    };

    private static double Parse(string text) => text.TrimStart('-', '+').ToLowerInvariant() switch
    {
        ".nan" => double.NaN,
        ".inf" => text[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity,
        _ => double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture),
    };

    private static string? HintForNumber(JobNode.Scalar scalar, JobField field)
    {
        var text = scalar.Text.Trim();
        if (!scalar.Plain && NumberText().IsMatch(text))
        {
            return $"Write {text} without the quotes.";
        }

        if (NumberWithUnit().Match(text) is { Success: true } match)
        {
            var number = match.Groups[1].Value;
            return field.Unit is null
                ? $"Write the number alone, {number}."
                : $"Write the number alone, {number}: the unit is {field.Unit}.";
        }

        var joined = text.Replace(",", string.Empty, StringComparison.Ordinal).Replace("_", string.Empty, StringComparison.Ordinal);
        return joined.Length < text.Length && NumberText().IsMatch(joined) ? $"Did you mean {joined}?" : null;
    }

    [GeneratedRegex(@"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$|^[-+]?\.(inf|Inf|INF)$|^\.(nan|NaN|NAN)$", RegexOptions.NonBacktracking)]
    private static partial Regex NumberText();

    [GeneratedRegex(@"^([-+]?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?) ?(?:[A-Za-z%µ]+)$", RegexOptions.NonBacktracking)]
    private static partial Regex NumberWithUnit();
}
