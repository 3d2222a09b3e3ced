using System.Diagnostics;
using System.Text.Json;
using Superfactory.Model;
using Superfactory.Site.Interop;
using Superfactory.Site.Processes;

namespace Superfactory.Site.Tests.Support;

/// <summary>A site agent as a process of its own, started as the command line would.</summary>
internal sealed class AgentProcess : IAsyncDisposable
{
    private readonly ChildProcess _process;
    private readonly Task<int> _exit;
    private readonly TaskCompletionSource<string> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<string> _errors = [];

    private AgentProcess(ChildProcess process)
    {
        _process = process;
        process.ReadOutput(4096, line => _ready.TrySetResult(line));
        process.ReadErrors(4096, line =>
        {
            lock (_errors)
            {
                _errors.Add(line);
            }
        });
        _exit = process.WaitAsync(Patience.Limit);
    }

    public static AgentProcess Start(SiteOptions options)
    {
        var self = SelfCommand.Running();
        var plan = new ProcessPlan
        {
            Command = [self.Program, .. self.Arguments, "site", JsonSerializer.Serialize(options, FactoryJson.Options)],
            WorkingDirectory = options.StateDirectory,
        };
        return new AgentProcess(new ChildProcess(Process.Start(plan.ToStartInfo())!));
    }

    /// <summary>The first line of its standard output.</summary>
    public Task<string> ReadyAsync() => _ready.Task.WaitAsync(Patience.Limit);

    public Task<int> ExitAsync() => _exit.WaitAsync(Patience.Limit);

    /// <summary>What it said to people so far.</summary>
    public string Errors
    {
        get
        {
            lock (_errors)
            {
                return string.Join('\n', _errors);
            }
        }
    }

    public void Signal(int signal) => _process.Signal(signal);

    public async ValueTask DisposeAsync()
    {
        _process.Signal(Native.SignalKill);
        await _exit;
        _process.Dispose();
    }
}
