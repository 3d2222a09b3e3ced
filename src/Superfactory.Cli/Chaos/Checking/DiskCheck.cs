using System.Security.Cryptography;
using System.Text.Json;

namespace Superfactory.Cli.Chaos.Checking;

/// <summary>Looks through what a run left on disk for anything that is not whole.</summary>
internal static class DiskCheck
{
    /// <summary>The end of the name of a file that is being copied from another site.</summary>
    private const string Copying = ".superfactory-partial";

    private static readonly string[] _unfinished = [".partial", ".part", ".tmp", ".new", Copying];

    /// <summary>Whether something is still being copied from another site: the newest checkpoint may be, when its job ends.</summary>
    public static bool Copies(string stateDirectory) =>
        Directory.EnumerateFiles(stateDirectory, $"*{Copying}", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0, IgnoreInaccessible = true }).Any();

    /// <summary>Every file of every checkpoint against its manifest, and names that only what is being written has.</summary>
    /// <param name="stateDirectory">The state directory of all sites.</param>
    /// <returns>What is wrong, in sentences.</returns>
    public static List<string> Of(string stateDirectory)
    {
        var problems = new List<string>();
        foreach (var entry in Directory.EnumerateFileSystemEntries(stateDirectory, "*", SearchOption.AllDirectories))
        {
            var name = Path.GetFileName(entry);
            if (_unfinished.Any(mark => name.StartsWith(mark, StringComparison.Ordinal) || name.EndsWith(mark, StringComparison.Ordinal)))
            {
                problems.Add($"{Path.GetRelativePath(stateDirectory, entry)} was left half-written.");
            }
            else if (name.StartsWith("round-", StringComparison.Ordinal) && Directory.Exists(entry))
            {
                problems.AddRange(Checkpoint(entry).Select(problem => $"{Path.GetRelativePath(stateDirectory, entry)}: {problem}"));
            }
        }

        return problems;
    }

    /// <summary>How many samples the newest finished checkpoint of a job says are merged.</summary>
    public static long? MergedAtTheEnd(string stateDirectory)
    {
        long? merged = null;
        foreach (var file in Directory.EnumerateFiles(stateDirectory, "manifest.json", SearchOption.AllDirectories))
        {
            using var manifest = JsonDocument.Parse(File.ReadAllBytes(file));
            if (manifest.RootElement.TryGetProperty("finished", out var finished) && finished.GetBoolean())
            {
                merged = manifest.RootElement.GetProperty("ledger").GetProperty("merged").GetInt64();
            }
        }

        return merged;
    }

    private static IEnumerable<string> Checkpoint(string directory)
    {
        var file = Path.Combine(directory, "manifest.json");
        if (!File.Exists(file))
        {
            return ["it has no manifest."];
        }

        var bytes = File.ReadAllBytes(file);
        var seal = Convert.ToHexStringLower(SHA256.HashData(bytes));
        if (!Path.GetFileName(directory).EndsWith(seal[..12], StringComparison.Ordinal))
        {
            return ["its manifest is not the one that was sealed."];
        }

        using var manifest = JsonDocument.Parse(bytes);
        return [.. manifest.RootElement.GetProperty("parts").EnumerateArray()
            .Select(part => (File: part.GetProperty("file").GetString()!, Hash: part.GetProperty("sha256").GetString()))
            .Where(part => !File.Exists(Path.Combine(directory, part.File)) || HashOf(Path.Combine(directory, part.File)) != part.Hash)
            .Select(static part => $"its part {part.File} is not what the manifest says.")];
    }

    private static string HashOf(string file)
    {
        using var stream = File.OpenRead(file);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }
}
