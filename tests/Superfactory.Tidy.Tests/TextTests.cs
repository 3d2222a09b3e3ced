using System.Text.RegularExpressions;

namespace Superfactory.Tidy.Tests;

/// <summary>What no file of the project may say.</summary>
public sealed partial class TextTests
{
    [Fact]
    public void No_source_reads_like_something_unfinished() =>
        Matches(Unfinished(), Repository.Sources).ShouldBeEmpty();

    [Fact]
    public void No_catch_swallows() =>
        Repository.Sources
            .Where(file => file.EndsWith(".cs", StringComparison.Ordinal))
            .SelectMany(file => EmptyCatch().Matches(Repository.Read(file)).Select(match => $"{file}: {match.Value.ReplaceLineEndings(" ")}"))
            .ShouldBeEmpty();

    [Fact]
    public void No_file_names_a_path_of_the_machine_it_was_written_on()
    {
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        var parent = Path.GetDirectoryName(Repository.Root)!;
        string[] paths = [.. new[] { home, parent }.Where(path => path.Length > 4).Select(path => path + "/")];
        Texts()
            .Where(file => paths.Any(path => Repository.Read(file).Contains(path, StringComparison.Ordinal)))
            .ShouldBeEmpty();
    }

    [Fact]
    public void Event_ids_of_log_messages_are_unique_in_a_project() =>
        Repository.Sources
            .Where(file => file.StartsWith("src/", StringComparison.Ordinal) && file.EndsWith(".cs", StringComparison.Ordinal))
            .SelectMany(file => EventId().Matches(Repository.Read(file)).Select(match => (project: file.Split('/')[1], id: match.Groups[1].Value)))
            .GroupBy(entry => entry)
            .Where(group => group.Count() > 1)
            .Select(group => $"{group.Key.project}: {group.Key.id}")
            .ShouldBeEmpty();

    [Fact]
    public void Files_end_with_a_newline_and_have_no_carriage_returns() =>
        Texts()
            .Where(file => Repository.Read(file) is { Length: > 0 } text && (!text.EndsWith('\n') || text.Contains('\r')))
            .ShouldBeEmpty();

    [Fact]
    public void Links_between_documents_lead_somewhere() =>
        Repository.Files
            .Where(file => file.EndsWith(".md", StringComparison.Ordinal))
            .SelectMany(file => Link().Matches(Repository.Read(file)).Select(match => (file, target: match.Groups[1].Value)))
            .Where(link => !link.target.Contains("://", StringComparison.Ordinal) && !link.target.StartsWith('#'))
            .Where(link => !Path.Exists(Path.Combine(Repository.Root, Path.GetDirectoryName(link.file)!, link.target.Split('#')[0])))
            .Select(link => $"{link.file}: {link.target}")
            .ShouldBeEmpty();

    private static IEnumerable<string> Texts() =>
        Repository.Files.Where(file => TextName().IsMatch(file));

    private static IEnumerable<string> Matches(Regex pattern, IEnumerable<string> files) =>
        files
            .Where(file => !file.EndsWith("TextTests.cs", StringComparison.Ordinal))
            .SelectMany(file => Repository.ReadLines(file).Select((line, index) => (file, line, number: index + 1)))
            .Where(entry => pattern.IsMatch(entry.line))
            .Select(entry => $"{entry.file}:{entry.number}: {entry.line.Trim()}");

    [GeneratedRegex(@"\b(TODO|FIXME|HACK|XXX)\b|NotImplementedException|\bfor now\b|\bsimplified\b|\bplaceholder\b", RegexOptions.IgnoreCase)]
    private static partial Regex Unfinished();

    [GeneratedRegex(@"catch\s*(\([^)]*\))?\s*\{\s*\}")]
    private static partial Regex EmptyCatch();

    [GeneratedRegex(@"EventId\s*=\s*(\d+)")]
    private static partial Regex EventId();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"\.(cs|py|sh|md|yaml|json|props|slnx|csproj|txt)$|^(superfactory|test|eng/\w+)$")]
    private static partial Regex TextName();
}
