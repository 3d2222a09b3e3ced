using System.Collections.Immutable;
using System.Globalization;

namespace Superfactory.Model.Jobs;

/// <summary>Reads which two sites the links of a file join, each pair once. Not safe for concurrent use.</summary>
internal sealed class YamlLinkEnds(JobProblems problems)
{
    private const string Expected = "the two sites that the link joins, such as [wisconsin, atlanta]";

    private readonly Dictionary<(string, string), int> _joined = [];

    /// <summary>Reads the field <c>between</c>; null where something is wrong with it.</summary>
    /// <param name="fields">The link's fields.</param>
    /// <param name="sites">The sites that there are; empty where they could not be read.</param>
    public (string A, string B)? Read(YamlFields fields, ImmutableArray<string> sites)
    {
        if (fields.Require("between", Expected) is not { } node)
        {
            return null;
        }

        if (node is not JobNode.List { Items.Length: 2 } list)
        {
            problems.AddExpected(node, fields.PathOf("between"), Expected);
            return null;
        }

        var names = new string[2];
        for (var end = 0; end < 2; end++)
        {
            var path = $"{fields.PathOf("between")}[{end.ToString(CultureInfo.InvariantCulture)}]";
            if (list.Items[end] is JobNode.Refused || !JobScalars.TryName(list.Items[end], problems, path, out var name))
            {
                return null;
            }

            names[end] = (string)name;
            if (!sites.IsEmpty && !sites.Contains(names[end]))
            {
                problems.Add(list.Items[end].Line, path, $"There is no site '{name}'. The sites are {string.Join(", ", sites)}.", NearMatch.Hint(names[end], sites));
                return null;
            }
        }

        return Joined(fields, list, names[0], names[1]);
    }

    private (string A, string B)? Joined(YamlFields fields, JobNode.List list, string a, string b)
    {
        if (a == b)
        {
            problems.Add(list.Line, fields.PathOf("between"), $"The link joins '{a}' to itself. Expected two different sites.");
            return null;
        }

        var pair = string.CompareOrdinal(a, b) < 0 ? (a, b) : (b, a);
        if (!_joined.TryAdd(pair, list.Line))
        {
            problems.Add(list.Line, fields.PathOf("between"), $"'{a}' and '{b}' are joined twice, first on line {_joined[pair]}. Expected at most one link between two sites.");
            return null;
        }

        return (a, b);
    }
}
