using Superfactory.Model.Jobs;

namespace Superfactory.Model.Fleet;

/// <summary>The way from the text of a fleet file, YAML or JSON, to a <see cref="FleetSpecification"/>; <c>docs/fleet.md</c> describes it. Pure and safe to call from any thread.</summary>
public static class FleetFile
{
    /// <summary>
    /// Reads a fleet. Never throws on any text: everything that is wrong comes back at once, each with file, line, field, what was expected, and a
    /// near match where there is one.
    /// </summary>
    /// <param name="text">The text of the file, at most 1,048,576 characters.</param>
    /// <param name="fileName">The file as the user named it, for messages; null where there is none.</param>
    public static Outcome<FleetSpecification> Parse(string text, string? fileName)
    {
        ArgumentNullException.ThrowIfNull(text);
        var problems = new JobProblems(fileName);
        var root = JobYaml.Read(text, problems, new YamlSubject("fleet", "docs/fleet.md"));
        var fleet = root is null ? null : new FleetReader(problems).Read(root);
        return problems.Any || fleet is null ? new Outcome<FleetSpecification>(problems.ToOrdered()) : new Outcome<FleetSpecification>(fleet);
    }
}
