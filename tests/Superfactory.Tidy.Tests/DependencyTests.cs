using System.Xml.Linq;

namespace Superfactory.Tidy.Tests;

/// <summary>Lower projects know nothing of higher ones: the table of docs/architecture.md, held here.</summary>
public sealed class DependencyTests
{
    private static readonly Dictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        ["Model"] = [],
        ["Routing"] = ["Model"],
        ["Scheduling"] = ["Model", "Routing"],
        ["Core"] = ["Model", "Routing", "Scheduling"],
        ["Wan"] = ["Model", "Routing"],
        ["Sync"] = ["Model", "Wan"],
        ["Simulation"] = ["Model", "Core", "Sync", "Wan"],
        ["Control"] = ["Model", "Routing", "Core"],
        ["Site"] = ["Model", "Sync", "Wan"],
        ["Lab"] = ["Model"],
        ["Cli"] = ["Model", "Routing", "Scheduling", "Control", "Site", "Sync", "Wan", "Lab", "Simulation"],
    };

    [Fact]
    public void Projects_reference_only_what_the_table_allows() =>
        Projects("src/")
            .SelectMany(project => References(project).Select(reference => (project, reference)))
            .Where(pair => !Allowed.GetValueOrDefault(Name(pair.project), []).Contains(pair.reference))
            .Select(pair => $"{pair.project} references {pair.reference}")
            .ShouldBeEmpty();

    [Fact]
    public void Every_project_stands_in_the_table_and_every_row_has_a_project() =>
        Projects("src/").Select(Name).Order().ShouldBe(Allowed.Keys.Order());

    [Fact]
    public void The_table_in_the_documentation_is_the_one_held_here()
    {
        var documented = Repository.ReadLines("docs/architecture.md")
            .Where(line => line.StartsWith("| `Superfactory.", StringComparison.Ordinal))
            .Select(line => line.Split('|', StringSplitOptions.TrimEntries))
            .ToDictionary(
                cells => cells[1].Trim('`')["Superfactory.".Length..],
                cells => cells[3] == "–" ? [] : cells[3].Split(", "),
                StringComparer.Ordinal);
        documented.Keys.Order().ShouldBe(Allowed.Keys.Order());
        foreach (var (project, references) in documented)
        {
            references.Order().ShouldBe(Allowed[project].Order(), project);
        }
    }

    [Fact]
    public void Every_project_is_explained_in_a_readme() =>
        Projects("src/")
            .Where(project => !Repository.Files.Contains($"{Path.GetDirectoryName(project)}/README.md"))
            .ShouldBeEmpty();

    [Fact]
    public void Every_project_is_in_the_solution_but_the_canary()
    {
        var solution = Repository.Read("Superfactory.slnx");
        Projects(string.Empty).Where(project => !solution.Contains(project, StringComparison.Ordinal))
            .ShouldBe(["tests/Superfactory.Canary/Superfactory.Canary.csproj"]);
    }

    private static IEnumerable<string> Projects(string under) =>
        Repository.Files.Where(file => file.StartsWith(under, StringComparison.Ordinal) && file.EndsWith(".csproj", StringComparison.Ordinal));

    private static IEnumerable<string> References(string project) =>
        XDocument.Parse(Repository.Read(project)).Descendants("ProjectReference")
            .Select(reference => Name((string?)reference.Attribute("Include") ?? string.Empty));

    private static string Name(string project) => Path.GetFileNameWithoutExtension(project.Replace('\\', '/'))["Superfactory.".Length..];
}
