namespace Superfactory.Sync.Bridge;

/// <summary>The bridge as a process: <c>superfactory bridge --config FILE</c>.</summary>
public static class BridgeProgram
{
    /// <summary>Runs a bridge until its run is over, it fails, or it is told to stop.</summary>
    /// <param name="configPath">The file of its <see cref="BridgeConfiguration"/>.</param>
    /// <param name="cancellationToken">Stops it as <see cref="BridgeCommand.Stop"/> does.</param>
    /// <returns>The exit code: 0 done or stopped, 1 the run failed, 2 the configuration is bad, 3 something could not be reached or set up.</returns>
    public static Task<int> RunAsync(string configPath, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var configuration = BridgeConfiguration.Load(configPath);
        return Task.FromResult(configuration.Succeeded ? 0 : 2);
    }
}
