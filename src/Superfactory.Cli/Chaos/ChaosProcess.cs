using System.Collections.Immutable;
using System.Globalization;
using Superfactory.Cli.Factory;
using Superfactory.Site.Interop;

namespace Superfactory.Cli.Chaos;

/// <summary>
/// The control plane or a site's agent under faults: killed on order, and started again as an operator, or what watches over services, would.
/// Safe for use by several threads.
/// </summary>
internal sealed class ChaosProcess(string name, Func<Task<FactoryProcess>> start, Action<string> violation, TimeProvider time) : IAsyncDisposable
{
    /// <summary>How long after its end a process is started again where nothing says otherwise.</summary>
    private static readonly TimeSpan _restartAfter = TimeSpan.FromSeconds(1);

    /// <summary>How long it may take to end in good order.</summary>
    private static readonly TimeSpan _stopLimit = TimeSpan.FromSeconds(20);

    private readonly CancellationTokenSource _stopping = new();
    private FactoryProcess? _process;
    private Task _keeping = Task.CompletedTask;
    private TimeSpan? _killedFor;

    /// <summary>What it is, for people.</summary>
    public string Name => name;

    /// <summary>Its process id; 0 while it is not there.</summary>
    public int Id => _process is { Ended.IsCompleted: false } running ? running.Id : 0;

    /// <summary>Starts it and waits until it is ready; the endpoint that it says.</summary>
    public async Task<Api.Answer<string>> StartAsync(CancellationToken cancellation)
    {
        _process = await start();
        var ready = await _process.WaitReadyAsync(time, cancellation);
        if (ready.Succeeded)
        {
            _keeping = KeepAsync();
        }

        return ready;
    }

    /// <summary>Kills it; it is started again after a time.</summary>
    /// <returns>False where it is not there.</returns>
    public bool Kill(TimeSpan away)
    {
        if (Id is not (var id and > 0))
        {
            return false;
        }

        _killedFor = away;
        return Native.Signal(id, Native.SignalKill);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _keeping;
        if (_process is not null)
        {
            await _process.StopAsync(_stopLimit, time);
            _process.Dispose();
        }

        _stopping.Dispose();
    }

    private async Task KeepAsync()
    {
        try
        {
            while (true)
            {
                var code = await _process!.Ended.WaitAsync(_stopping.Token);
                var away = _killedFor;
                if (away is null)
                {
                    violation(string.Create(CultureInfo.InvariantCulture, $"The {name} ended with exit code {code} though nobody killed it. {string.Join(' ', _process.LastLines)}"));
                }

                _killedFor = null;
                await Task.Delay(away ?? _restartAfter, time, _stopping.Token);
                _process.Dispose();
                _process = await start();

                // One that does not become ready ends, which is its next end.
                await _process.WaitReadyAsync(time, _stopping.Token);
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The run is over.
            return;
        }
    }
}
