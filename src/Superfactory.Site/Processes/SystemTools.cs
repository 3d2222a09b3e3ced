namespace Superfactory.Site.Processes;

/// <summary>Finds programs as a shell would.</summary>
internal static class SystemTools
{
    /// <summary>The program that ties a child's life to its parent's, from Debian's <c>util-linux</c>.</summary>
    public const string Keeper = "setpriv";

    /// <summary>The program that starts a child in a session of its own, out of the terminal's reach, from Debian's <c>util-linux</c>.</summary>
    public const string SessionMaker = "setsid";

    /// <summary>The full path of a program.</summary>
    /// <param name="program">A path, or a name that is looked for on <c>PATH</c>.</param>
    /// <returns>Null where there is none.</returns>
    public static string? Find(string program)
    {
        if (program.Contains('/', StringComparison.Ordinal))
        {
            return File.Exists(program) ? Path.GetFullPath(program) : null;
        }

        var directories = (Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin").Split(':', StringSplitOptions.RemoveEmptyEntries);
        return directories.Select(directory => Path.Combine(directory, program)).FirstOrDefault(File.Exists);
    }

    /// <summary>What a user is told where a program of <c>util-linux</c> is missing.</summary>
    public static string Missing(string program) =>
        $"Cannot find the program '{program}', which every process of a gang is started with. Install the package 'util-linux'.";
}
