namespace Superfactory.Model.Jobs;

/// <summary>The way from the text of a job file, YAML or JSON, to a <see cref="JobSpecification"/> and back. Pure and safe to call from any thread.</summary>
public static class JobFile
{
    /// <summary>
    /// Reads a job file. Never throws on any text: everything that is wrong comes back at once, each with file, line, field, what was
    /// expected, and a near match where there is one, from the top of the file to its end.
    /// </summary>
    /// <param name="text">The text of the file, at most 1,048,576 characters.</param>
    /// <param name="fileName">The file as the user named it, for messages; null where there is none.</param>
    /// <param name="folder">The absolute path of the file's folder, where a <c>command</c> starts if the file names no <c>directory</c>; null where there is none.</param>
    public static Outcome<JobSpecification> Parse(string text, string? fileName, string? folder = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        var problems = new JobProblems(fileName);
        var root = JobYaml.Read(text, problems);
        if (root is not JobNode.Map)
        {
            if (root is not null)
            {
                new JobReader(problems).Read(root);
            }

            return new Outcome<JobSpecification>(problems.ToOrdered());
        }

        var values = new JobReader(problems).Read(root);
        JobAssembly.Check(values, problems);
        return problems.Any
            ? new Outcome<JobSpecification>(problems.ToOrdered())
            : new Outcome<JobSpecification>(JobAssembly.Build(values, folder));
    }

    /// <summary>A job file in JSON, every default written out, that <see cref="Parse"/> reads back as the same job.</summary>
    public static string Write(JobSpecification job) => JobFileWriter.Write(job);
}
