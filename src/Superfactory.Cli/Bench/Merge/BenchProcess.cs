using System.Collections.Immutable;
using Superfactory.Cli.CommandLine;
using Superfactory.Site.Interop;
using Superfactory.Site.Processes;

namespace Superfactory.Cli.Bench.Merge;

/// <summary>A process under measurement: a bridge, a gateway, a peer's program. It dies with this one. Safe for use by several threads.</summary>
internal sealed class BenchProcess : IAsyncDisposable
{
    /// <summary>How long a process may take to say that it is ready; importing PyTorch on a busy machine takes some seconds.</summary>
    private static readonly TimeSpan _readyLimit = TimeSpan.FromSeconds(60);

    /// <summary>How long it may take to end in good order.</summary>
    private static readonly TimeSpan _endLimit = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan _drainLimit = TimeSpan.FromSeconds(2);

    /// <summary>The longest line that is read.</summary>
    private const int LineCharactersMax = 64 * 1024;

    private readonly ChildProcess _child;
    private readonly TimeProvider _time;
    private readonly LastLines _last = new();
    private readonly Lock _gate = new();
    private Func<string, bool>? _wanted;
    private TaskCompletionSource<string> _arrived;

    private BenchProcess(string name, ChildProcess child, Func<string, bool> isReady, TimeProvider time)
    {
        (Name, _child, _time) = (name, child, time);

        // Set before anything is read: a quick program is ready before this constructor returns.
        (_wanted, _arrived) = (isReady, NewAnswer());
        child.ReadOutput(LineCharactersMax, Take);
        child.ReadErrors(LineCharactersMax, _last.Add);
        Ended = child.WaitAsync(_drainLimit);
    }

    /// <summary>What it is, for people: <c>bridge of one</c>.</summary>
    public string Name { get; }

    /// <summary>Its process id.</summary>
    public int Id => _child.Id;

    /// <summary>Ends with the process and its exit code.</summary>
    public Task<int> Ended { get; }

    /// <summary>Starts a program, and waits until it says that it is ready.</summary>
    /// <param name="starter">Ties its life to this process's.</param>
    /// <param name="name">What it is, for people.</param>
    /// <param name="plan">The program.</param>
    /// <param name="isReady">Whether a line of its output says so.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellation">Ends the wait, and the process.</param>
    public static async Task<BenchProcess> StartAsync(
        ProcessStarter starter, string name, ProcessPlan plan, Func<string, bool> isReady, TimeProvider time, CancellationToken cancellation)
    {
        // In a session of its own, so that the terminal's Ctrl-C reaches only this process, which then ends the others in order.
        ImmutableArray<string> session = SystemTools.Find(SystemTools.SessionMaker) is { } maker ? [maker] : [];
        var process = new BenchProcess(name, await starter.StartAsync(plan with { Command = [.. session, .. plan.Command] }), isReady, time);
        try
        {
            await process.AnswerAsync(process._arrived, cancellation).WaitAsync(_readyLimit, time, cancellation);
            return process;
        }
        catch (TimeoutException error)
        {
            await process.DisposeAsync();
            throw new BenchException($"The {name} was not ready within {_readyLimit.TotalSeconds:0} s.", ExitCode.CannotReach, error);
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    /// <summary>Takes, on any thread, every line of its output that nobody waits for; null drops them.</summary>
    public Action<string>? Overheard { get; set; }

    /// <summary>Says a line to it.</summary>
    public Task SayAsync(string line, CancellationToken cancellation) => _child.WriteLineAsync(System.Text.Encoding.UTF8.GetBytes(line), cancellation);

    /// <summary>Says a line to it, and waits for a line of its output.</summary>
    public async Task<string> AskAsync(string line, Func<string, bool> isAnswer, CancellationToken cancellation)
    {
        var arrived = NewAnswer();
        lock (_gate)
        {
            (_wanted, _arrived) = (isAnswer, arrived);
        }

        await _child.WriteLineAsync(System.Text.Encoding.UTF8.GetBytes(line), cancellation);
        return await AnswerAsync(arrived, cancellation);
    }

    /// <summary>What is to be said where it ended although it should not have.</summary>
    public async Task<BenchException> FailureAsync(int exitCode)
    {
        var code = await Ended;
        return new BenchException($"The {Name} {ExitDescription.Of(code)}. {_last}".TrimEnd(), exitCode);
    }

    /// <summary>Lets it end, by force where it does not.</summary>
    public async ValueTask DisposeAsync()
    {
        _child.Signal(Native.SignalTerminate);
        if (await Task.WhenAny(Ended, Task.Delay(_endLimit, _time)) != Ended)
        {
            _child.Signal(Native.SignalKill);
            await Ended;
        }

        _child.Dispose();
    }

    private static TaskCompletionSource<string> NewAnswer() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task<string> AnswerAsync(TaskCompletionSource<string> arrived, CancellationToken cancellation)
    {
        // A program may answer and end at once.
        await Task.WhenAny(arrived.Task, Ended).WaitAsync(cancellation);
        return arrived.Task.IsCompleted ? await arrived.Task : throw await FailureAsync(ExitCode.CannotReach);
    }

    private void Take(string line)
    {
        lock (_gate)
        {
            if (_wanted is not null && _wanted(line))
            {
                _arrived.TrySetResult(line);
                _wanted = null;
                return;
            }
        }

        _last.Add(line);
        Overheard?.Invoke(line);
    }
}
