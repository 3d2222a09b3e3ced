using System.Collections.Concurrent;
using System.Diagnostics;
using Superfactory.Cli.Tests.CommandLine;

namespace Superfactory.Cli.Tests.EndToEnd;

/// <summary>The program while it runs: its lines, its signals, its end.</summary>
internal sealed class RunningProgram : IAsyncDisposable
{
    /// <summary>Far longer than anything takes that is waited for.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly ConcurrentDictionary<Func<string, bool>, TaskCompletionSource<string>> _waits = new();

    private RunningProgram(Process process, Marker marker)
    {
        (_process, Marker) = (process, marker);
        process.OutputDataReceived += (_, line) => Hear(line.Data);
        process.ErrorDataReceived += (_, line) => Hear(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public Marker Marker { get; }

    /// <summary>Everything that it wrote so far.</summary>
    public string Output => string.Join('\n', _lines);

    public static RunningProgram Start(params string[] arguments) => StartIn(Path.GetTempPath(), arguments);

    /// <summary>Starts it with a directory of the test's own for temporary files.</summary>
    public static RunningProgram StartIn(string temporary, params string[] arguments)
    {
        var marker = new Marker();
        var environment = new Dictionary<string, string?>(marker.Variables) { ["TMPDIR"] = temporary, ["PYTHONPATH"] = Path.Combine(CommandProcess.Home, "tests", "python", "pace") };
        return new RunningProgram(CommandProcess.Start(arguments, environment: environment), marker);
    }

    /// <summary>Waits for a line, also one that was written before.</summary>
    public async Task<string> LineAsync(Func<string, bool> isIt)
    {
        var wait = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        _waits[isIt] = wait;
        if (_lines.FirstOrDefault(isIt) is { } before)
        {
            wait.TrySetResult(before);
        }

        var ended = _process.WaitForExitAsync(TestContext.Current.CancellationToken);
        if (await Task.WhenAny(wait.Task, ended).WaitAsync(Limit, TestContext.Current.CancellationToken) == ended && !wait.Task.IsCompleted)
        {
            throw new InvalidOperationException($"The program ended with exit code {_process.ExitCode} before the line came:\n{Output}");
        }

        return await wait.Task;
    }

    /// <summary>Sends a signal such as <c>INT</c> or <c>KILL</c>.</summary>
    public void Signal(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{_process.Id}"]);
        kill.WaitForExit();
    }

    /// <summary>Waits for its end and returns the exit code.</summary>
    public async Task<int> EndAsync()
    {
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Limit, TestContext.Current.CancellationToken);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            Signal("TERM");
            if (await Task.WhenAny(_process.WaitForExitAsync(), Task.Delay(TimeSpan.FromSeconds(40))) is var first && !_process.HasExited)
            {
                await first;
                _process.Kill();
            }
        }

        _process.Dispose();
    }

    private void Hear(string? line)
    {
        if (line is null)
        {
            return;
        }

        _lines.Enqueue(line);
        foreach (var (isIt, wait) in _waits)
        {
            if (isIt(line))
            {
                wait.TrySetResult(line);
            }
        }
    }
}
