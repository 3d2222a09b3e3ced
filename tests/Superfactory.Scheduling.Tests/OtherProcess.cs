using System.Diagnostics;
using System.Reflection;

namespace Superfactory.Tests;

/// <summary>Has a test of this assembly say something in another process, in which strings have other hashes.</summary>
internal static class OtherProcess
{
    private const string Variable = "SUPERFACTORY_SAYS_TO";

    // What is said takes a second.
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(2);

    /// <summary>The file that this process was started to say something to; null where it was not.</summary>
    public static string? SaysTo => Environment.GetEnvironmentVariable(Variable);

    /// <summary>Runs one test in another process.</summary>
    /// <returns>What it wrote to <see cref="SaysTo"/> there.</returns>
    public static async Task<string> AskAsync(Type tests, string test)
    {
        var file = Path.GetTempFileName();
        try
        {
            var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, Assembly.GetExecutingAssembly().GetName().Name!), ["-noLogo", "-noColor", "-method", $"{tests.FullName}.{test}"])
            {
                RedirectStandardOutput = true, RedirectStandardError = true, Environment = { [Variable] = file },
            };
            using var process = Process.Start(start)!;
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            limit.CancelAfter(_patience);
            try
            {
                var (said, errors) = (process.StandardOutput.ReadToEndAsync(limit.Token), process.StandardError.ReadToEndAsync(limit.Token));
                await process.WaitForExitAsync(limit.Token);
                process.ExitCode.ShouldBe(0, $"{await said}{await errors}");
            }
            finally
            {
                if (!process.HasExited)
                {
                    process.Kill(entireProcessTree: true);
                }
            }

            return await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
        }
        finally
        {
            File.Delete(file);
        }
    }
}
