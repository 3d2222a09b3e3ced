using System.Security.Cryptography;
using Superfactory.Site.Engines;
using Superfactory.Site.Processes;

namespace Superfactory.Site;

/// <summary>The agent of one site as a process: <c>superfactory site</c>.</summary>
public static class SiteAgent
{
    private const int SessionCharacters = 32;

    /// <summary>
    /// Runs the agent until it is told to end, by the token, SIGINT, SIGTERM or SIGHUP. It writes <c>ready ENDPOINT</c> to standard
    /// output, the gateway's endpoint, once the control plane knows it, and what people should know to standard error.
    /// When it returns, every process that it started has ended.
    /// </summary>
    /// <param name="options">How it is set up.</param>
    /// <param name="cancellationToken">Tells it to end.</param>
    /// <returns>The exit code: 0 told to end; 2 bad input, such as a name that another agent uses; 3 something could not be reached or set up.</returns>
    public static Task<int> RunAsync(SiteOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        return RunAsync(options, SelfCommand.Running(), Console.Out, Console.Error, cancellationToken);
    }

    /// <summary>As the public one, with everything that a test may want to replace.</summary>
    /// <param name="options">How it is set up.</param>
    /// <param name="self">How to start the processes of its own.</param>
    /// <param name="output">Takes the line that says it is ready.</param>
    /// <param name="errors">Takes what people should know.</param>
    /// <param name="cancellationToken">Tells it to end.</param>
    internal static async Task<int> RunAsync(SiteOptions options, SelfCommand self, TextWriter output, TextWriter errors, CancellationToken cancellationToken)
    {
        var voice = new SiteVoice(options.Name, TextWriter.Synchronized(output), TextWriter.Synchronized(errors));
        var problems = SiteOptionsCheck.Check(options);
        if (!problems.IsEmpty)
        {
            return voice.Fail(ExitCodes.BadInput, problems.Select(problem => problem.ToString()));
        }

        if (ProcessEngine.MissingPrograms() is { Count: > 0 } missing)
        {
            return voice.Fail(ExitCodes.CannotSetUp, missing);
        }

        if (PythonDirectory.Find(options.PythonDirectory) is not { } python)
        {
            return voice.Fail(ExitCodes.CannotSetUp, [$"Cannot find the project's 'python' directory, which holds the client and the recipes: set {PythonDirectory.HomeVariable} to the project's own."]);
        }

        var opened = SiteDirectory.Open(options.StateDirectory, options.Name, RandomNumberGenerator.GetHexString(SessionCharacters, lowercase: true));
        if (!opened.Succeeded)
        {
            return voice.Fail(ExitCodes.BadInput, opened.Problems.Select(problem => problem.ToString()));
        }

        using var directory = opened.Value;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var signals = new SignalWatch(stop.Cancel);
        var host = new SiteHost(options, directory, python, self, voice, TimeProvider.System);
        try
        {
            return await host.RunAsync(stop.Token);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return ExitCodes.Done;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return voice.Fail(ExitCodes.CannotSetUp, [$"The site's files cannot be used: {error.Message}"]);
        }
    }
}
