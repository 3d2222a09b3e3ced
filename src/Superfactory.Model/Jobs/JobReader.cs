using System.Collections.Immutable;
using System.Globalization;

namespace Superfactory.Model.Jobs;

/// <summary>Checks each field of a job file by itself against <see cref="JobFields"/>. Not safe for concurrent use.</summary>
internal sealed class JobReader(JobProblems problems)
{
    // What Superfactory and torchrun's environment set; a job that changed them would cut itself off.
    private const string ReservedPrefix = "SUPERFACTORY_";

    private static readonly string[] _reserved = ["RANK", "LOCAL_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"];

    private readonly JobValues _values = new();

    /// <summary>Reads the top of the file.</summary>
    public JobValues Read(JobNode root)
    {
        if (root is JobNode.Map map)
        {
            _values.Line = map.Line;
            ReadSection(map, string.Empty);
        }
        else if (root is JobNode.Scalar { IsNothing: true })
        {
            problems.Add(root.Line, null, "The file is empty. Expected a job, as docs/job.md describes it.");
        }
        else if (root is not JobNode.Refused)
        {
            problems.Add(root.Line, null, $"Expected the fields of a job, such as 'name: docs-gpt', but found {root.Describe()}.");
        }

        return _values;
    }

    /// <param name="map">What stands in the file.</param>
    /// <param name="section">Where the table has its fields.</param>
    /// <param name="place">Where they stand in the file, if that is elsewhere.</param>
    private void ReadSection(JobNode.Map map, string section, string? place = null)
    {
        foreach (var entry in map.Entries)
        {
            var path = section.Length == 0 ? entry.Key : $"{place ?? section}.{entry.Key}";
            if (!entry.Key.Contains('.') && JobFields.ByPath.TryGetValue(place is null ? path : $"{section}.{entry.Key}", out var field))
            {
                _values.MarkPresent(path, entry.Line);
                ReadField(entry.Value, place is null ? field : field with { Path = path });
            }
            else
            {
                AddUnknown(entry, section, path);
            }
        }
    }

    private void AddUnknown(JobNode.Entry entry, string section, string path)
    {
        var siblings = JobFields.All.Where(field => field.Section == section).Select(field => field.Name).ToList();
        var near = NearMatch.Find(entry.Key, siblings);
        var elsewhere = JobFields.All.Where(field => field.Name == entry.Key).Select(field => field.Path).ToList();
        string? hint;
        if (near is not null)
        {
            _values.MarkMeant(section.Length == 0 ? near : $"{section}.{near}");
            hint = $"Did you mean '{near}'?";
        }
        else
        {
            elsewhere.ForEach(_values.MarkMeant);
            hint = HintForUnknown(entry.Key, elsewhere);
        }

        var place = section.Length == 0 ? "A job" : $"'{section}'";
        problems.Add(entry.Line, path, $"There is no such field. {place} has {string.Join(", ", siblings)}.", hint);
    }

    private static string? HintForUnknown(string key, List<string> elsewhere)
    {
        if (elsewhere.Count > 0)
        {
            return $"Did you mean {string.Join(" or ", elsewhere.Select(path => $"'{path}'"))}?";
        }

        if (JobFields.ByPath.TryGetValue(key, out var field))
        {
            return $"Write '{field.Name}' under '{field.Section}'.";
        }

        return key.Length > 0 && key.All(char.IsAsciiDigit) ? "A comma within braces begins another field: write numbers without commas." : null;
    }

    private void ReadField(JobNode node, JobField field)
    {
        if (node is JobNode.Refused)
        {
            return;
        }

        object? value = null;
        var valid = field.Kind switch
        {
            JobFieldKind.Section => TrySection(node, field),
            JobFieldKind.Name => JobScalars.TryName(node, problems, field.Path, out value),
            JobFieldKind.Choice => JobScalars.TryChoice(node, field, problems, field.Path, out value),
            JobFieldKind.Hardware => JobHardware.TryRead(node, field, problems, out value),
            JobFieldKind.Flag => JobScalars.TryFlag(node, field, problems, out value),
            JobFieldKind.Sites or JobFieldKind.SiteNames => TrySites(node, field, out value),
            JobFieldKind.Command or JobFieldKind.Texts => TryTexts(node, field, out value),
            JobFieldKind.Folder => JobScalars.TryFolder(node, problems, field, out value),
            JobFieldKind.Variables => TryVariables(node, field, out value),
            JobFieldKind.Roles => TryRoles(node, field, out value),
            JobFieldKind.Rate => JobScalars.TryRate(node, field, problems, out value),
            _ => JobScalars.TryNumber(node, field, problems, field.Path, out value),
        };
        if (valid && value is not null)
        {
            _values.Set(field.Path, value);
        }
    }

    private bool TrySection(JobNode node, JobField field)
    {
        if (node is JobNode.Map map)
        {
            // Only a section that can be read can lack a field.
            _values.Set(field.Path, map);
            ReadSection(map, field.Path);
            return true;
        }

        problems.AddExpected(node, field.Path, field.Expected);
        return false;
    }

    private bool TryRoles(JobNode node, JobField field, out object? value)
    {
        value = null;
        if (node is not JobNode.Map map)
        {
            problems.AddExpected(node, field.Path, field.Expected);
            return false;
        }

        if (!CheckLength(map.Entries.Length, map, field, "roles"))
        {
            return false;
        }

        var names = ImmutableArray.CreateBuilder<string>();
        foreach (var entry in map.Entries)
        {
            var path = $"{field.Path}.{entry.Key}";
            _values.MarkPresent(path, entry.Line);
            if (!FactoryName.IsValid(entry.Key) || entry.Key == RoleSpecification.Islands)
            {
                problems.Add(entry.Line, path, entry.Key == RoleSpecification.Islands
                    ? $"The job's own islands have the role '{RoleSpecification.Islands}'. Expected another name." : "Expected the name of a role: letters, digits, '-' and '_', at most 63 of them, the first a letter or a digit.");
            }
            else if (entry.Value is JobNode.Map role)
            {
                names.Add(entry.Key);
                ReadSection(role, JobRoles.Section, path);
            }
            else if (entry.Value is not JobNode.Refused)
            {
                problems.AddExpected(entry.Value, path, "the fields of a role, such as {count: 4, command: [python3, rollout.py]}");
            }
        }

        value = names.ToImmutable();
        return names.Count == map.Entries.Length;
    }

    private bool TrySites(JobNode node, JobField field, out object? value)
    {
        value = null;
        if (node is not JobNode.List && field.Kind == JobFieldKind.SiteNames)
        {
            problems.AddExpected(node, field.Path, field.Expected);
            return false;
        }

        if (node is not JobNode.List list)
        {
            var count = field with { Kind = JobFieldKind.Whole, Unit = "sites" };
            var named = node is JobNode.Scalar { IsNothing: false } scalar && FactoryName.IsValid(scalar.Text) && !char.IsAsciiDigit(scalar.Text[0]);
            if (node is JobNode.Scalar { IsNothing: false } && !named)
            {
                return JobScalars.TryNumber(node, count, problems, field.Path, out value);
            }

            problems.AddExpected(node, field.Path, field.Expected, named ? $"Did you mean [{((JobNode.Scalar)node).Text}]?" : null);
            return false;
        }

        if (!CheckLength(list.Items.Length, list, field, "sites"))
        {
            return false;
        }

        var names = ImmutableArray.CreateBuilder<string>();
        for (var index = 0; index < list.Items.Length; index++)
        {
            var path = Item(field.Path, index);
            if (list.Items[index] is JobNode.Refused || !JobScalars.TryName(list.Items[index], problems, path, out var name))
            {
                continue;
            }

            if (names.Contains((string)name))
            {
                problems.Add(list.Items[index].Line, path, $"The site '{name}' stands in the list twice. Expected each site once{(field.Kind == JobFieldKind.Sites ? ": it runs one island" : string.Empty)}.");
            }

            names.Add((string)name);
        }

        value = names.ToImmutable();
        return names.Count == list.Items.Length;
    }

    private bool TryTexts(JobNode node, JobField field, out object? value)
    {
        value = null;
        if (node is not JobNode.List list)
        {
            var hint = field.Kind == JobFieldKind.Command && node is JobNode.Scalar { IsNothing: false } scalar
                ? $"Did you mean [{string.Join(", ", scalar.Text.Split(' ', StringSplitOptions.RemoveEmptyEntries))}]?"
                : null;
            problems.AddExpected(node, field.Path, field.Expected, hint);
            return false;
        }

        if (!CheckLength(list.Items.Length, list, field, "texts"))
        {
            return false;
        }

        var texts = ImmutableArray.CreateBuilder<string>();
        for (var index = 0; index < list.Items.Length; index++)
        {
            if (list.Items[index] is not JobNode.Refused
                && JobScalars.TryText(list.Items[index], problems, Item(field.Path, index), field.Kind == JobFieldKind.Texts ? "a text" : index == 0 ? "a program" : "an argument", out var text))
            {
                texts.Add(text);
            }
        }

        if (texts.Count != list.Items.Length)
        {
            return false;
        }

        if (field.Kind == JobFieldKind.Command && string.IsNullOrWhiteSpace(texts[0]))
        {
            problems.Add(list.Items[0].Line, Item(field.Path, 0), "Expected the name of a program, but it is empty.");
            return false;
        }

        value = texts.ToImmutable();
        return true;
    }

    private bool TryVariables(JobNode node, JobField field, out object? value)
    {
        value = null;
        if (node is not JobNode.Map map)
        {
            problems.AddExpected(node, field.Path, field.Expected);
            return false;
        }

        if (!CheckLength(map.Entries.Length, map, field, "variables"))
        {
            return false;
        }

        var variables = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (var entry in map.Entries)
        {
            var path = $"{field.Path}.{entry.Key}";
            if (entry.Key.Length == 0 || char.IsAsciiDigit(entry.Key[0]) || !entry.Key.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '_'))
            {
                problems.Add(entry.Line, path, "Expected the name of a variable: letters, digits and '_', the first no digit.");
            }
            else if (entry.Key.StartsWith(ReservedPrefix, StringComparison.Ordinal) || _reserved.Contains(entry.Key))
            {
                problems.Add(entry.Line, path, $"Superfactory sets '{entry.Key}' for each process itself. Expected a variable of another name.");
            }
            else if (entry.Value is not JobNode.Refused && JobScalars.TryText(entry.Value, problems, path, "a text", out var text))
            {
                variables[entry.Key] = text;
            }
        }

        value = variables.ToImmutable();
        return true;
    }

    private bool CheckLength(int length, JobNode node, JobField field, string what)
    {
        if (length >= field.Minimum && length <= field.Maximum)
        {
            return true;
        }

        var found = length == 0 ? "an empty list" : $"a list of {length.ToString(CultureInfo.InvariantCulture)}";
        problems.Add(node.Line, field.Path, $"Expected {field.Minimum:0} to {field.Maximum:0} {what}, but found {found}.");
        return false;
    }

    private static string Item(string path, int index) => $"{path}[{index.ToString(CultureInfo.InvariantCulture)}]";
}
