using System.Diagnostics;

namespace Superfactory.Cli.Tests.CommandLine;

/// <summary>The program as a process, as a user's shell runs it.</summary>
internal static class CommandProcess
{
    /// <summary>Longer than any of these commands takes on a machine busy with other tests.</summary>
    private static readonly TimeSpan _limit = TimeSpan.FromMinutes(2);

    /// <summary>The launcher beside the command's assembly.</summary>
    public static string Path { get; } = Factory.Self.Command()[0];

    /// <summary>The root of the checkout.</summary>
    public static string Home { get; } = FindHome();

    /// <summary>Starts the program with its output redirected.</summary>
    public static Process Start(IEnumerable<string> arguments, string? directory = null, IReadOnlyDictionary<string, string?>? environment = null)
    {
        var start = new ProcessStartInfo(Path, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = directory ?? Home,
        };
        foreach (var (name, value) in Factory.Self.Environment())
        {
            start.Environment[name] = value;
        }

        // A command that people wait for starts quickly; what it starts to stay says otherwise by itself.
        start.Environment.Remove("DOTNET_TieredCompilation");
        start.Environment["SUPERFACTORY_HOME"] = Home;
        start.Environment.Remove("SUPERFACTORY_CONTROL");
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>())
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    /// <summary>Runs the program to its end.</summary>
    public static Task<Ran> RunAsync(params string[] arguments) => RunAsync(arguments, directory: null);

    /// <summary>Runs the program to its end in a directory of the test's.</summary>
    public static async Task<Ran> RunAsync(IEnumerable<string> arguments, string? directory, TimeSpan? limit = null)
    {
        using var process = Start(arguments, directory);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        using var late = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        late.CancelAfter(limit ?? _limit);
        try
        {
            await process.WaitForExitAsync(late.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"superfactory {string.Join(' ', arguments)} did not end. It wrote: {await output}{await error}");
        }

        return new Ran(process.ExitCode, await output, await error);
    }

    private static string FindHome()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(directory.FullName, "Superfactory.slnx")))
            {
                return directory.FullName;
            }
        }

        throw new InvalidOperationException("The tests run outside a checkout: no Superfactory.slnx above them.");
    }
}

/// <summary>A run of the program that has ended.</summary>
internal sealed record Ran(int ExitCode, string Output, string Error)
{
    /// <summary>Standard error without its last line end: the one clear message.</summary>
    public string Message => Error.TrimEnd('\n');
}
