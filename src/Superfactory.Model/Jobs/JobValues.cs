using System.Diagnostics.CodeAnalysis;

namespace Superfactory.Model.Jobs;

/// <summary>What a job file says, field by field, each value checked by itself. Not safe for concurrent use.</summary>
internal sealed class JobValues
{
    private readonly Dictionary<string, object> _values = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _lines = new(StringComparer.Ordinal);
    private readonly HashSet<string> _meant = new(StringComparer.Ordinal);

    /// <summary>The line that the job begins on.</summary>
    public int Line { get; set; } = 1;

    /// <summary>Notes that a field stands in the file, whatever it holds.</summary>
    public void MarkPresent(string path, int line) => _lines[path] = line;

    /// <summary>Notes that a misspelt field was probably meant to be this one: that it is missing is no second problem.</summary>
    public void MarkMeant(string path) => _meant.Add(path);

    /// <summary>Notes a field's valid value.</summary>
    public void Set(string path, object value) => _values[path] = value;

    /// <summary>Whether the field stands in the file, or was meant to.</summary>
    public bool IsPresent(string path) => _lines.ContainsKey(path) || _meant.Contains(path);

    /// <summary>The line of the field, or of the nearest of its sections that stands in the file, or of the job.</summary>
    public int LineOf(string path)
    {
        for (var place = path; place.Length > 0; place = place.LastIndexOf('.') is var point && point < 0 ? string.Empty : place[..point])
        {
            if (_lines.TryGetValue(place, out var line))
            {
                return line;
            }
        }

        return Line;
    }

    /// <summary>The field's value, where it stands in the file and is valid.</summary>
    public bool TryGet<T>(string path, [NotNullWhen(true)] out T? value)
    {
        value = default;
        if (!_values.TryGetValue(path, out var found))
        {
            return false;
        }

        value = (T)found;
        return true;
    }

    /// <summary>The field's value, or what holds where there is none.</summary>
    public T Get<T>(string path, T fallback)
        where T : notnull =>
        TryGet<T>(path, out var value) ? value : fallback;

    /// <summary>A whole number that the field's range keeps within an int.</summary>
    public int Count(string path, int fallback) => TryGet<long>(path, out var value) ? (int)value : fallback;

    /// <summary>A word as the enumeration that it names.</summary>
    public T Choice<T>(string path, T fallback)
        where T : struct, Enum =>
        TryGet<string>(path, out var word) ? Enum.GetValues<T>()[JobFields.Words<T>().IndexOf(word)] : fallback;
}
