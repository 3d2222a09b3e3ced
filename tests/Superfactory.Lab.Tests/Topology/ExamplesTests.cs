using Superfactory.Lab.Topology;

namespace Superfactory.Lab.Tests.Topology;

/// <summary>The topologies that come with the project.</summary>
public sealed class ExamplesTests
{
    public static TheoryData<string> Files => [.. Directory.EnumerateFiles(Path.Combine(Home(), "examples", "lab")).Select(static file => Path.GetFileName(file)).Order()];

    [Theory]
    [MemberData(nameof(Files))]
    public void An_example_is_a_topology_without_problems(string file) => Read(file).Sites.ShouldNotBeEmpty();

    [Fact]
    public void The_examples_are_two_sites_a_triangle_and_a_ring_of_five_with_a_chord()
    {
        var shapes = Files.Select(static row => Read(row.Data)).Select(static topology => (topology.Sites.Length, topology.Links.Length));
        shapes.Order().ShouldBe([(2, 1), (3, 3), (5, 6)]);
    }

    [Fact]
    public void The_documentation_shows_a_topology_that_can_be_read()
    {
        var text = File.ReadAllText(Path.Combine(Home(), "docs", "lab.md"));
        var start = text.IndexOf("```yaml\n", StringComparison.Ordinal) + 8;
        LabTopologyFile.Parse(text[start..text.IndexOf("```", start, StringComparison.Ordinal)], "documented").Problems.ShouldBeEmpty();
    }

    internal static LabTopology Read(string file)
    {
        var path = Path.Combine(Home(), "examples", "lab", file);
        var outcome = LabTopologyFile.Parse(File.ReadAllText(path), Path.GetFileNameWithoutExtension(file), file);
        outcome.Problems.ShouldBeEmpty();
        return outcome.Value.ShouldNotBeNull();
    }

    internal static string Home()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "Superfactory.slnx")))
            {
                return directory.FullName;
            }
        }

        throw new InvalidOperationException("The tests run outside a checkout: no Superfactory.slnx above them.");
    }
}
