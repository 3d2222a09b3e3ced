using System.Diagnostics;
using Superfactory.Model;
using Superfactory.Site.Processes;

namespace Superfactory.Site.Gangs;

/// <summary>Finds a Python that has PyTorch.</summary>
internal static class PythonLocator
{
    /// <summary>The variable by which a user says which Python to take.</summary>
    public const string Variable = "SUPERFACTORY_PYTHON";

    private const string SystemPython = "/usr/bin/python3";

    /// <summary>How long one Python may take to say whether it has torch: finding a module without importing it takes a tenth of a second on an idle machine.</summary>
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(30);

    /// <summary>The Python that the user named or, where none was named, the first of <c>python3</c> on the path and the system's own that has torch.</summary>
    /// <param name="named">The one that the user named; null takes <see cref="Variable"/> where it is set.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <returns>Its full path in <see cref="Outcome{T}.Value"/>.</returns>
    public static async Task<Outcome<string>> FindAsync(string? named, CancellationToken cancellationToken)
    {
        named ??= Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } variable ? variable : null;
        if (named is not null)
        {
            return SystemTools.Find(named) is { } path
                ? new(path)
                : new([new Problem($"There is no Python at '{named}'.", Hint: $"Set {Variable} to the Python that has torch.")]);
        }

        string[] candidates = [.. new[] { SystemTools.Find("python3"), SystemTools.Find(SystemPython) }.OfType<string>().Distinct(StringComparer.Ordinal)];
        foreach (var candidate in candidates)
        {
            if (await HasTorchAsync(candidate, cancellationToken))
            {
                return new(candidate);
            }
        }

        var looked = candidates.Length == 0 ? "there is no python3 on PATH" : $"{string.Join(" and ", candidates)} cannot find torch";
        return new([new Problem($"Cannot find a Python with PyTorch: {looked}.", Hint: $"Install 'python3-torch', or set {Variable} to the Python that has it.")]);
    }

    private static async Task<bool> HasTorchAsync(string python, CancellationToken cancellationToken)
    {
        // Finding the module is enough and quick; importing it would take seconds of a trainer's time.
        var question = new ProcessStartInfo(python, ["-c", "import importlib.util, sys; sys.exit(importlib.util.find_spec('torch') is None)"])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
        };
        using var process = Process.Start(question) ?? throw new InvalidOperationException($"The system started nothing for '{python}'.");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(AnswerLimit);
        try
        {
            await process.WaitForExitAsync(limit.Token);
            return process.ExitCode == 0;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }
}
