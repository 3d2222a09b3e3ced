namespace Superfactory.Model.Jobs;

/// <summary>What a file of YAML is to hold, for messages. Immutable.</summary>
/// <param name="Name">What it holds, such as <c>job</c>.</param>
/// <param name="Document">The document that describes it.</param>
internal sealed record YamlSubject(string Name, string Document)
{
    /// <summary>A job.</summary>
    public static YamlSubject Job { get; } = new("job", "docs/job.md");
}
