using System.Collections.Immutable;
using Superfactory.Cli.Api;
using Superfactory.Cli.CommandLine;
using Superfactory.Model;
using Superfactory.Site.Interop;
using Superfactory.Site.Processes;

namespace Superfactory.Cli.Factory;

/// <summary>The control plane or a site agent as a child process: waits for its <c>ready</c> line, keeps what it writes, stops it. Safe for use by several threads.</summary>
internal sealed class FactoryProcess : IDisposable
{
    /// <summary>How long a process may take to say that it is ready; a heavily loaded machine needs some seconds.</summary>
    private static readonly TimeSpan _readyLimit = TimeSpan.FromSeconds(60);

    /// <summary>How long its last output is waited for after its end.</summary>
    private static readonly TimeSpan _drainLimit = TimeSpan.FromSeconds(2);

    /// <summary>Lines of output that are kept for the report of a failure.</summary>
    private const int LastLinesMax = 12;

    /// <summary>The longest line that is kept.</summary>
    private const int LineCharactersMax = 4096;

    private readonly ChildProcess _child;
    private readonly StreamWriter _log;
    private readonly Lock _writing = new();
    private readonly Queue<string> _last = new();
    private readonly TaskCompletionSource<string> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private FactoryProcess(string name, ChildProcess child, StreamWriter log)
    {
        Name = name;
        _child = child;
        _log = log;
        child.ReadOutput(LineCharactersMax, line => Keep(line, isOutput: true));
        child.ReadErrors(LineCharactersMax, line => Keep(line, isOutput: false));
        Ended = child.WaitAsync(_drainLimit);
    }

    /// <summary>What it is, for people: <c>control plane</c> or <c>site atlanta</c>.</summary>
    public string Name { get; }

    /// <summary>Its process id.</summary>
    public int Id => _child.Id;

    /// <summary>Ends with the process and its exit code.</summary>
    public Task<int> Ended { get; }

    /// <summary>The newest lines that it wrote.</summary>
    public ImmutableArray<string> LastLines
    {
        get
        {
            lock (_writing)
            {
                return [.. _last];
            }
        }
    }

    /// <summary>Starts <c>superfactory</c> with the given arguments, in a session of its own so that the terminal's Ctrl-C reaches only this process.</summary>
    public static Task<FactoryProcess> StartAsync(ProcessStarter starter, string name, string logFile, ImmutableArray<string> arguments) =>
        StartAsync(starter, name, logFile, arguments, [], Self.Environment());

    /// <summary>The same at a place of its own.</summary>
    /// <param name="starter">Ties its life to this process's.</param>
    /// <param name="name">What it is, for people.</param>
    /// <param name="logFile">Takes what it writes, after what is there.</param>
    /// <param name="arguments">The program's arguments.</param>
    /// <param name="enter">What stands before the program, so that it runs at a site of a laboratory; nothing on this machine's own network.</param>
    /// <param name="environment">Its variables on top of this process's own.</param>
    public static async Task<FactoryProcess> StartAsync(
        ProcessStarter starter, string name, string logFile, ImmutableArray<string> arguments, ImmutableArray<string> enter, ImmutableSortedDictionary<string, string> environment)
    {
        ImmutableArray<string> session = SystemTools.Find(SystemTools.SessionMaker) is { } maker ? [maker] : [];
        var child = await starter.StartAsync(new ProcessPlan
        {
            Command = [.. session, .. enter, .. Self.Command(), .. arguments],
            WorkingDirectory = Path.GetDirectoryName(logFile)!,
            Environment = environment,
        });
        return new FactoryProcess(name, child, new StreamWriter(logFile, append: true) { AutoFlush = true });
    }

    /// <summary>Waits for its <c>ready</c> line and returns the endpoint on it, or why there is none.</summary>
    public async Task<Answer<string>> WaitReadyAsync(TimeProvider time, CancellationToken cancellation)
    {
        var limit = Task.Delay(_readyLimit, time, cancellation);
        var first = await Task.WhenAny(_ready.Task, Ended, limit);
        cancellation.ThrowIfCancellationRequested();
        if (first == _ready.Task)
        {
            return Answer<string>.Of(await _ready.Task);
        }

        var what = first == limit
            ? $"was not ready within {_readyLimit.TotalSeconds:0} s"
            : $"ended with exit code {await Ended} before it was ready";
        var problem = new Problem($"The {Name} {what}. {string.Join(' ', LastLines)}".TrimEnd());
        return first == Ended && await Ended == ExitCode.BadInput ? Answer<string>.Refused([problem]) : Answer<string>.Unreachable(problem);
    }

    /// <summary>Asks it to end, and ends it by force after <paramref name="limit"/>.</summary>
    public async Task StopAsync(TimeSpan limit, TimeProvider time)
    {
        _child.Signal(Native.SignalTerminate);
        if (await Task.WhenAny(Ended, Task.Delay(limit, time)) != Ended)
        {
            _child.Signal(Native.SignalKill);
        }

        await Ended;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _child.Dispose();
        _log.Dispose();
    }

    private void Keep(string line, bool isOutput)
    {
        lock (_writing)
        {
            _log.WriteLine(line);
            if (isOutput && line.StartsWith("ready ", StringComparison.Ordinal))
            {
                _ready.TrySetResult(line["ready ".Length..].Trim());
                return;
            }

            _last.Enqueue(line);
            while (_last.Count > LastLinesMax)
            {
                _last.Dequeue();
            }
        }
    }
}
