using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Superfactory.Tidy.Tests;

/// <summary>The core takes time, randomness and everything outside it as values.</summary>
public sealed partial class PurityTests
{
    [Fact]
    public void A_use_of_anything_banned_from_the_core_fails_the_build()
    {
        var output = Build("tests/Superfactory.Canary/Superfactory.Canary.csproj");
        foreach (var banned in new[] { "DateTimeOffset.UtcNow", "Random.Shared", "Guid.NewGuid()", "'File'", "Socket" })
        {
            output.Split('\n').ShouldContain(line => line.Contains("error RS0030", StringComparison.Ordinal) && line.Contains(banned, StringComparison.Ordinal), $"{banned} is banned");
        }
    }

    [Fact]
    public void Only_the_bridge_lifts_the_ban() =>
        Repository.Files
            .Where(file => Path.GetFileName(file) == ".editorconfig" && Repository.Read(file).Contains("RS0030", StringComparison.Ordinal))
            .ShouldBe(["src/Superfactory.Sync/Bridge/.editorconfig"]);

    [Fact]
    public void No_source_suppresses_a_warning_without_a_reason() =>
        Repository.Files
            .Where(file => file.EndsWith(".cs", StringComparison.Ordinal))
            .SelectMany(file => Repository.ReadLines(file).Select((line, index) => (file, line, number: index + 1)))
            .Where(entry => Suppression().IsMatch(entry.line) && !entry.line.Contains("Justification", StringComparison.Ordinal) && !ReasonedPragma().IsMatch(entry.line))
            .Where(entry => !entry.file.EndsWith("PurityTests.cs", StringComparison.Ordinal))
            .Select(entry => $"{entry.file}:{entry.number}: {entry.line.Trim()}")
            .ShouldBeEmpty();

    private static string Build(string project)
    {
        var start = new ProcessStartInfo("dotnet", ["build", Path.Combine(Repository.Root, project), "--nologo", "-nodeReuse:false", "-p:UseSharedCompilation=false"])
        {
            RedirectStandardOutput = true,
            WorkingDirectory = Repository.Root,
        };
        using var build = Process.Start(start)!;
        var output = build.StandardOutput.ReadToEnd();
        build.WaitForExit();
        build.ExitCode.ShouldNotBe(0, output);
        return output;
    }

    [GeneratedRegex(@"#pragma warning disable|SuppressMessage\(")]
    private static partial Regex Suppression();

    [GeneratedRegex(@"#pragma warning disable \S+ // \S")]
    private static partial Regex ReasonedPragma();
}
