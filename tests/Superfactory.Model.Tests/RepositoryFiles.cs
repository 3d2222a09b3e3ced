namespace Superfactory.Model.Tests;

/// <summary>Reads what the repository holds beside the code.</summary>
internal static class RepositoryFiles
{
    /// <summary>The text of a file by its path from the root.</summary>
    public static string Read(string path)
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "Superfactory.slnx")))
        {
            root = root.Parent ?? throw new DirectoryNotFoundException($"The tests run outside the repository, in {AppContext.BaseDirectory}.");
        }

        return File.ReadAllText(Path.Combine(root.FullName, path));
    }
}
