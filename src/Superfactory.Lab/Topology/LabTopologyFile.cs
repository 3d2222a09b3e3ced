using Superfactory.Model;
using Superfactory.Model.Jobs;

namespace Superfactory.Lab.Topology;

/// <summary>The way from the text of a topology file, YAML or JSON, to a <see cref="LabTopology"/>; <c>docs/lab.md</c> describes it. Pure and safe to call from any thread.</summary>
public static class LabTopologyFile
{
    /// <summary>
    /// Reads a topology. Never throws on any text: everything that is wrong comes back at once, each with file, line, field, what was expected, and a
    /// near match where there is one.
    /// </summary>
    /// <param name="text">The text of the file, at most 1,048,576 characters.</param>
    /// <param name="name">The laboratory's name where the file does not say one; null where it must.</param>
    /// <param name="fileName">The file as the user named it, for messages; null where there is none.</param>
    public static Outcome<LabTopology> Parse(string text, string? name, string? fileName = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        var problems = new JobProblems(fileName);
        var root = JobYaml.Read(text, problems, new YamlSubject("laboratory", "docs/lab.md"));
        if (root is null)
        {
            return new Outcome<LabTopology>(problems.ToOrdered());
        }

        var topology = new TopologyReader(problems).Read(root, name);
        return problems.Any ? new Outcome<LabTopology>(problems.ToOrdered()) : new Outcome<LabTopology>(topology!);
    }
}
