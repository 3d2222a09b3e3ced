using System.Globalization;
using Superfactory.Model.Jobs;
using Superfactory.Model.Units;

namespace Superfactory.Model.Fleet;

/// <summary>Reads values and lists of a fleet file. Pure but for the problems that it collects.</summary>
internal static class FleetValues
{
    /// <summary>A whole number within bounds; <paramref name="fallback"/> where the field is absent, null where it is wrong.</summary>
    public static int? Whole(YamlFields fields, string field, int minimum, int maximum, int fallback)
    {
        var expected = $"a whole number, {minimum.ToString("#,0", CultureInfo.InvariantCulture)} to {maximum.ToString("#,0", CultureInfo.InvariantCulture)}";
        if (fields.Find(field) is null)
        {
            return fallback;
        }

        return fields.Value<int>(field, expected, (string? text, out int value, out Problem? problem) =>
        {
            var valid = int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value) && value >= minimum && value <= maximum;
            problem = valid ? null : new Problem($"Expected {expected}, but found '{text}'.");
            return valid;
        });
    }

    /// <summary>A power; null where the field is absent or wrong.</summary>
    public static Power? Watts(YamlFields fields) => fields.Value<Power>("power", "a power, such as 140kW", Power.TryParse);

    /// <summary>A name; <paramref name="fallback"/> where the field is absent, null where it is wrong.</summary>
    public static string? Name(YamlFields fields, JobProblems problems, string? fallback)
    {
        if (fields.Find("name") is not { } node)
        {
            return fallback;
        }

        return JobScalars.TryName(node, problems, fields.PathOf("name"), out var name) ? (string)name : null;
    }

    /// <summary>Degrees north and east; null where the field is absent or wrong.</summary>
    public static (double Latitude, double Longitude)? Position(YamlFields fields, JobProblems problems)
    {
        const string expected = "degrees north and east, such as [42.7, -87.9]";
        if (fields.Find("position") is not { } node)
        {
            return null;
        }

        if (node is JobNode.List { Items: [JobNode.Scalar north, JobNode.Scalar east] }
            && double.TryParse(north.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out var latitude)
            && double.TryParse(east.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out var longitude)
            && Math.Abs(latitude) <= 90 && Math.Abs(longitude) <= 180)
        {
            return (latitude, longitude);
        }

        problems.AddExpected(node, fields.PathOf("position"), expected + ", at most 90 and 180 either way");
        return null;
    }

    /// <summary>The maps of a field that holds one or a list of them, each with its path; empty where something is wrong.</summary>
    public static List<(JobNode.Map Map, string Path)> Maps(YamlFields fields, JobProblems problems, string field, string expected)
    {
        var node = fields.Require(field, expected);
        List<(JobNode.Map, string)> maps = [];
        if (node is JobNode.Map single)
        {
            maps.Add((single, fields.PathOf(field)));
        }
        else if (node is JobNode.List list)
        {
            if (list.Items.IsEmpty)
            {
                problems.Add(list.Line, fields.PathOf(field), $"Expected {expected}, but found an empty list.");
            }

            for (var index = 0; index < list.Items.Length; index++)
            {
                var path = $"{fields.PathOf(field)}[{index.ToString(CultureInfo.InvariantCulture)}]";
                if (list.Items[index] is JobNode.Map map)
                {
                    maps.Add((map, path));
                }
                else if (list.Items[index] is not JobNode.Refused)
                {
                    problems.AddExpected(list.Items[index], path, expected);
                }
            }
        }
        else if (node is not null)
        {
            problems.AddExpected(node, fields.PathOf(field), expected);
        }

        return maps;
    }
}
