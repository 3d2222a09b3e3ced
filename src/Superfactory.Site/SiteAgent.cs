namespace Superfactory.Site;

/// <summary>The agent of one site as a process: <c>superfactory site</c>.</summary>
public static class SiteAgent
{
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
        cancellationToken.ThrowIfCancellationRequested();
        throw new NotSupportedException($"The agent of {options.Name} cannot run yet.");
    }
}
