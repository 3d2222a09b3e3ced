using System.Collections.Immutable;
using Superfactory.Cli.Api;
using Superfactory.Site.Processes;

namespace Superfactory.Cli.Factory;

/// <summary>The control plane or a site of a local factory: a process that is started again when it ends unasked. Not safe for use by several threads.</summary>
internal sealed class KeptProcess(ProcessStarter starter, string name, string logFile) : IDisposable
{
    /// <summary>How often it is started again: a few accidents are outlived, a process that cannot run is reported within seconds.</summary>
    private const int RestartsMax = 5;

    private FactoryProcess? _process;

    /// <summary>What it is, for people: <c>control plane</c> or <c>site atlanta</c>.</summary>
    public string Name => name;

    /// <summary>What it is started with the next time.</summary>
    public ImmutableArray<string> Arguments { get; set; } = [];

    /// <summary>The newest lines that it wrote.</summary>
    public ImmutableArray<string> LastLines => _process?.LastLines ?? [];

    /// <summary>Ends with the process that runs now, and its exit code.</summary>
    public Task<int> Ended => _process?.Ended ?? throw new InvalidOperationException($"The {name} was not started.");

    /// <summary>Starts it.</summary>
    public async Task StartAsync(ImmutableArray<string> arguments)
    {
        Arguments = arguments;
        _process = await FactoryProcess.StartAsync(starter, name, logFile, arguments);
    }

    /// <summary>Waits for its <c>ready</c> line and returns the endpoint on it, or why there is none.</summary>
    public Task<Answer<string>> WaitReadyAsync(TimeProvider time, CancellationToken cancellation) =>
        _process?.WaitReadyAsync(time, cancellation) ?? throw new InvalidOperationException($"The {name} was not started.");

    /// <summary>Starts it again each time it ends; returns once it has ended too often.</summary>
    public async Task<KeptProcess> KeepAsync(Action<string> say, TimeProvider time, CancellationToken cancellation)
    {
        for (var restart = 1; restart <= RestartsMax; restart++)
        {
            var code = await Ended.WaitAsync(cancellation);
            cancellation.ThrowIfCancellationRequested();
            say($"The {name} ended with exit code {code} and is started again.");
            _process!.Dispose();
            await StartAsync(Arguments);

            // Where it does not become ready it ends, and that is the next end; one that hangs is ended.
            if (!(await WaitReadyAsync(time, cancellation)).Succeeded)
            {
                await _process.StopAsync(TimeSpan.Zero, time);
            }
        }

        await Ended.WaitAsync(cancellation);
        return this;
    }

    /// <summary>Asks it to end, and ends it by force after <paramref name="limit"/>.</summary>
    public Task StopAsync(TimeSpan limit, TimeProvider time) => _process?.StopAsync(limit, time) ?? Task.CompletedTask;

    /// <inheritdoc/>
    public void Dispose() => _process?.Dispose();
}
