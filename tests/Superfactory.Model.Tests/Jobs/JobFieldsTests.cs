using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using Superfactory.Model.Jobs;

namespace Superfactory.Model.Tests.Jobs;

/// <summary>The table of fields is what the specification holds, what parsing does and what docs/job.md says.</summary>
public class JobFieldsTests
{
    private const string Document = "docs/job.md";

    private static readonly Dictionary<JobFieldKind, string> _types = new()
    {
        [JobFieldKind.Section] = "section",
        [JobFieldKind.Name] = "text",
        [JobFieldKind.Choice] = "word",
        [JobFieldKind.Flag] = "flag",
        [JobFieldKind.Hardware] = "word or list of words",
        [JobFieldKind.Whole] = "whole number",
        [JobFieldKind.Number] = "number",
        [JobFieldKind.Sites] = "list or whole number",
        [JobFieldKind.Command] = "list of texts",
        [JobFieldKind.SiteNames] = "list of texts",
        [JobFieldKind.Texts] = "list of texts",
        [JobFieldKind.Folder] = "text",
        [JobFieldKind.Variables] = "texts by name",
        [JobFieldKind.Roles] = "sections by name",
        [JobFieldKind.Rate] = "text",
    };

    [Fact]
    public void The_documentation_has_a_row_for_every_field_and_no_other()
    {
        var documented = RepositoryFiles.Read(Document).Split('\n').Where(line => line.StartsWith("| `", StringComparison.Ordinal)).ToList();
        var expected = JobFields.All.Select(Row).ToList();
        documented.ShouldBe(expected, $"{Document} should hold these rows:\n{string.Join('\n', expected)}\n");
    }

    [Fact]
    public void The_example_in_the_documentation_is_the_one_in_examples() =>
        Blocks("yaml").ShouldContain(RepositoryFiles.Read("examples/pretrain-two-sites.yaml"));

    [Fact]
    public void The_messages_in_the_documentation_are_the_ones_that_its_wrong_file_gives()
    {
        var wrong = Blocks("yaml").Single(block => block.Contains("evry", StringComparison.Ordinal));
        var shown = string.Concat(JobFile.Parse(wrong, "job.yaml").Problems.Select(problem => problem + "\n"));
        Blocks("text").ShouldContain(shown, $"{Document} should show:\n{shown}");
    }

    [Fact]
    public void Every_field_of_the_specification_is_in_the_table_and_every_field_of_the_table_in_the_specification()
    {
        var specification = Leaves(Specification(recipe: true)).Union(Leaves(Specification(recipe: false)), StringComparer.Ordinal);

        // The number of sites is written under 'sites'; the values of environment are the user's own names.
        var expected = specification.Where(path => path != "site_count").Order(StringComparer.Ordinal);
        JobFields.All.Where(field => field.Kind != JobFieldKind.Section).Select(field => field.Path).Order(StringComparer.Ordinal).ShouldBe(expected);
    }

    [Fact]
    public void Every_default_in_the_table_is_the_one_that_parsing_fills_in()
    {
        var (recipe, command) = (Specification(recipe: true), Specification(recipe: false));
        foreach (var field in JobFields.All.Where(field => field.Kind is JobFieldKind.Whole or JobFieldKind.Number or JobFieldKind.Choice or JobFieldKind.Flag))
        {
            var written = field.Default.Split(';')[0];
            if (written is "required" or "–")
            {
                continue;
            }

            var actual = field.Path.Replace('*', 'r').Split('.').Aggregate((JsonNode)(field.Path.Contains('*') ? command : recipe), (node, name) => node[name]!).ToString();
            if (field.Kind is JobFieldKind.Choice or JobFieldKind.Flag)
            {
                actual.ShouldBe(written, field.Path);
            }
            else
            {
                double.Parse(actual, CultureInfo.InvariantCulture).ShouldBe(double.Parse(written, CultureInfo.InvariantCulture), field.Path);
            }
        }
    }

    [Fact]
    public void Every_default_is_within_its_range() =>
        JobFields.All
            .Where(field => field.Kind is JobFieldKind.Whole or JobFieldKind.Number && field.Default is not ("required" or "–"))
            .ShouldAllBe(field => field.Accepts(double.Parse(field.Default.Split(';', StringSplitOptions.None)[0], CultureInfo.InvariantCulture)));

    [Fact]
    public void Every_range_keeps_whole_numbers_exact_and_within_their_type() =>
        JobFields.All
            .Where(field => field.Kind == JobFieldKind.Whole)
            .ShouldAllBe(field => field.Minimum >= 0 && field.Maximum <= (field.Path.StartsWith("budget.", StringComparison.Ordinal) ? 1e15 : int.MaxValue));

    private static string Row(JobField field) =>
        $"| `{field.Path}` | {_types[field.Kind]} | {field.Unit ?? "–"} | {field.Default} | {field.Range} | {field.Meaning} |";

    private static ImmutableArray<string> Blocks(string language) =>
        [.. RepositoryFiles.Read(Document).Split("```" + language + "\n").Skip(1).Select(rest => rest[..rest.IndexOf("```", StringComparison.Ordinal)])];

    private static JsonObject Specification(bool recipe)
    {
        var work = recipe ? "trainer: {recipe: pretrain}" : "command: [a]\ndirectory: /srv/a\nenvironment: {A: b}\nlanes: {tensors: [a, b], apart: [b]}\nroles: {r: {command: [c]}}";
        var job = JobFile.Parse($"name: a\nsites: [b, c]\nwan: {{rate: 40mbit, parameters: 1, step: 0.5}}\ndata: {{corpus: c}}\nbudget: {{steps: 1}}\n{work}", null).Value!;
        return System.Text.Json.JsonSerializer.SerializeToNode(job, FactoryJson.Options)!.AsObject();
    }

    private static IEnumerable<string> Leaves(JsonObject node, string path = "") =>
        node.SelectMany(entry =>
            entry.Key == "roles" ? ["roles", .. (entry.Value as JsonObject)!.SelectMany(role => Leaves(role.Value!.AsObject(), "roles.*."))]
            : entry.Value is JsonObject inner && entry.Key != "environment" ? Leaves(inner, $"{path}{entry.Key}.") : [path + entry.Key]);
}
