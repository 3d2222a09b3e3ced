using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Superfactory.Tidy.Tests;

/// <summary>The checkout under test: its root, and the files that belong to it.</summary>
internal static partial class Repository
{
    private static readonly Lazy<string> LazyRoot = new(FindRoot);

    private static readonly Lazy<string[]> LazyFiles = new(ListFiles);

    public static string Root => LazyRoot.Value;

    /// <summary>Every file of the checkout that git tracks or would track, relative to the root, in ordinal order.</summary>
    public static IReadOnlyList<string> Files => LazyFiles.Value;

    public static IEnumerable<string> Sources => Files.Where(file => SourceName().IsMatch(file));

    public static string Read(string file) => File.ReadAllText(Path.Combine(Root, file));

    public static string[] ReadLines(string file) => File.ReadAllLines(Path.Combine(Root, file));

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Superfactory.slnx")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException("The tests run outside a checkout: no Superfactory.slnx above them.");
    }

    private static string[] ListFiles()
    {
        var start = new ProcessStartInfo("git", ["ls-files", "--cached", "--others", "--exclude-standard"])
        {
            WorkingDirectory = Root,
            RedirectStandardOutput = true,
        };
        using var git = Process.Start(start)!;
        var listed = git.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        git.WaitForExit();
        git.ExitCode.ShouldBe(0, "git lists the checkout's files");
        return [.. listed.Distinct().Where(file => File.Exists(Path.Combine(Root, file))).Order(StringComparer.Ordinal)];
    }

    [GeneratedRegex(@"\.(cs|py|sh)$|^(superfactory|test|eng/(setup|build))$")]
    private static partial Regex SourceName();
}
