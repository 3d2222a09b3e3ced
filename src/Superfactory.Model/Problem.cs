namespace Superfactory.Model;

/// <summary>One thing that is wrong with what a user or another program gave: where it is, what was expected, what to do.</summary>
/// <param name="Message">A full sentence that says what is wrong and what was expected.</param>
/// <param name="File">The file that holds it, as the user named it; null where it is no file.</param>
/// <param name="Line">The line in the file, counted from 1; null where it has none.</param>
/// <param name="Field">The field by its path, such as <c>sync.every</c>; null where it is no field.</param>
/// <param name="Hint">What to do about it, such as the nearest known name; null where there is nothing to add.</param>
public sealed record Problem(string Message, string? File = null, int? Line = null, string? Field = null, string? Hint = null)
{
    /// <summary>One line for a terminal: <c>job.yaml:7: sync.evry: …. Did you mean 'every'?</c></summary>
    public override string ToString()
    {
        var place = File is null ? string.Empty : Line is null ? $"{File}: " : $"{File}:{Line}: ";
        var field = Field is null ? string.Empty : $"{Field}: ";
        return Hint is null ? $"{place}{field}{Message}" : $"{place}{field}{Message} {Hint}";
    }
}
