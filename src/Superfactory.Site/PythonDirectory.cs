namespace Superfactory.Site;

/// <summary>Finds the project's <c>python</c> directory, which holds the client and the recipes.</summary>
internal static class PythonDirectory
{
    /// <summary>The variable by which the launcher says where the project is.</summary>
    public const string HomeVariable = "SUPERFACTORY_HOME";

    private const string Name = "python";
    private const string Package = "superfactory";

    /// <summary>The directory that was named, else that of <see cref="HomeVariable"/>, else the first above this program.</summary>
    /// <returns>Null where there is none with the client in it.</returns>
    public static string? Find(string? named)
    {
        if (named is not null)
        {
            return Directory.Exists(Path.Combine(named, Package)) ? Path.GetFullPath(named) : null;
        }

        return Candidates().Select(home => Path.Combine(home, Name)).FirstOrDefault(directory => Directory.Exists(Path.Combine(directory, Package)));
    }

    private static IEnumerable<string> Candidates()
    {
        if (Environment.GetEnvironmentVariable(HomeVariable) is { Length: > 0 } home)
        {
            yield return Path.GetFullPath(home);
        }

        for (var above = new DirectoryInfo(AppContext.BaseDirectory); above is not null; above = above.Parent)
        {
            yield return above.FullName;
        }
    }
}
