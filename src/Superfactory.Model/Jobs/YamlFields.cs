namespace Superfactory.Model.Jobs;

/// <summary>The fields of one place in a file of YAML: finds them by name, complains of those that are unknown or missing. Not safe for concurrent use.</summary>
internal sealed class YamlFields
{
    private readonly Dictionary<string, JobNode.Entry> _entries = new(StringComparer.Ordinal);
    private readonly HashSet<string> _meant = new(StringComparer.Ordinal);
    private readonly JobProblems _problems;
    private readonly string _path;
    private readonly int _line;

    /// <summary>Reads the fields of a place.</summary>
    /// <param name="map">The place.</param>
    /// <param name="path">Where it is; empty at the top.</param>
    /// <param name="what">What it is, for messages: <c>A link</c>.</param>
    /// <param name="known">The fields that it may have.</param>
    /// <param name="problems">Takes what is wrong.</param>
    public YamlFields(JobNode.Map map, string path, string what, string[] known, JobProblems problems)
    {
        (_problems, _path, _line) = (problems, path, map.Line);
        foreach (var entry in map.Entries)
        {
            if (known.Contains(entry.Key))
            {
                _entries[entry.Key] = entry;
                continue;
            }

            var near = NearMatch.Find(entry.Key, known);
            if (near is not null)
            {
                _meant.Add(near);
            }

            problems.Add(entry.Line, PathOf(entry.Key), $"There is no such field. {what} has {string.Join(", ", known)}.", near is null ? null : $"Did you mean '{near}'?");
        }
    }

    /// <summary>The path of a field.</summary>
    public string PathOf(string field) => _path.Length == 0 ? field : $"{_path}.{field}";

    /// <summary>The line of a field, or of the place where it is missing.</summary>
    public int LineOf(string field) => _entries.TryGetValue(field, out var entry) ? entry.Line : _line;

    /// <summary>What a field holds; null where it is absent, or was refused already.</summary>
    public JobNode? Find(string field) => _entries.TryGetValue(field, out var entry) && entry.Value is not JobNode.Refused ? entry.Value : null;

    /// <summary>What a field holds; complains where it is absent.</summary>
    public JobNode? Require(string field, string expected)
    {
        if (!_entries.ContainsKey(field) && !_meant.Contains(field))
        {
            _problems.Add(_line, PathOf(field), $"The field is missing. Expected {expected}.");
        }

        return Find(field);
    }

    /// <summary>Adds that something is wrong with a field.</summary>
    public void Complain(string field, string message, string? hint = null) => _problems.Add(LineOf(field), PathOf(field), message, hint);

    /// <summary>The text of a field; null where it is absent, and where it is no text, which it complains of.</summary>
    public string? Text(string field, string expected)
    {
        var node = Find(field);
        if (node is null or JobNode.Scalar { IsNothing: false })
        {
            return (node as JobNode.Scalar)?.Text;
        }

        _problems.AddExpected(node, PathOf(field), expected);
        return null;
    }

    /// <summary>The value of a field that is read from a text; null where it is absent or wrong.</summary>
    public T? Value<T>(string field, string expected, Parser<T> parser)
        where T : struct
    {
        if (Text(field, expected) is not { } text)
        {
            return null;
        }

        if (parser(text, out var value, out var problem))
        {
            return value;
        }

        Complain(field, problem!.Message, problem.Hint);
        return null;
    }

    /// <summary>Reads a value from a text.</summary>
    internal delegate bool Parser<T>(string? text, out T value, out Problem? problem);
}
