using System.Diagnostics;
using Superfactory.Site.Interop;

namespace Superfactory.Site.Processes;

/// <summary>A process that this one started, with its three streams. Reading its output is the caller's first duty, or it will block.</summary>
internal sealed class ChildProcess : IDisposable
{
    private readonly Process _process;
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly List<Task> _pumps = [];
    private readonly Stream _input;
    private readonly Stream _output;
    private readonly Stream _errors;
    private volatile bool _ended;

    /// <summary>Takes over a process just started.</summary>
    public ChildProcess(Process process)
    {
        _process = process;

        // Taken here because the process no longer gives them out once it is disposed, and does not close them either.
        _input = process.StandardInput.BaseStream;
        _output = process.StandardOutput.BaseStream;
        _errors = process.StandardError.BaseStream;
        Id = process.Id;
        StartTicks = ProcessTable.Find(process.Id)?.StartTicks ?? 0;
    }

    /// <summary>Its process id.</summary>
    public int Id { get; }

    /// <summary>When it started, in clock ticks since the machine's start; 0 where it had ended before one could look.</summary>
    public long StartTicks { get; }

    /// <summary>Calls <paramref name="line"/> for each line of standard output, on a thread of its own.</summary>
    public void ReadOutput(int charactersMax, Action<string> line) =>
        _pumps.Add(LinePump.Start(_output, charactersMax, line));

    /// <summary>Calls <paramref name="line"/> for each line of standard error, on a thread of its own.</summary>
    public void ReadErrors(int charactersMax, Action<string> line) =>
        _pumps.Add(LinePump.Start(_errors, charactersMax, line));

    /// <summary>Waits until it has ended and what it wrote has been read.</summary>
    /// <param name="drainLimit">How long its output may stay open after its end: a process that it started may hold it.</param>
    /// <returns>The exit code; 128 and the signal's number where a signal ended it.</returns>
    public async Task<int> WaitAsync(TimeSpan drainLimit)
    {
        await _process.WaitForExitAsync();
        _ended = true;
        var read = Task.WhenAll(_pumps);
        if (await Task.WhenAny(read, Task.Delay(drainLimit)) == read)
        {
            await read;
        }

        return _process.ExitCode;
    }

    /// <summary>Writes a line to its standard input.</summary>
    /// <returns>False where it no longer reads.</returns>
    public async Task<bool> WriteLineAsync(byte[] line, CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken);
        try
        {
            await _input.WriteAsync((byte[])[.. line, (byte)'\n'], cancellationToken);
            await _input.FlushAsync(cancellationToken);
            return true;
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException)
        {
            return false;
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>Closes its standard input.</summary>
    public void CloseInput() => _input.Dispose();

    /// <summary>Sends it a signal, unless it has ended.</summary>
    public void Signal(int signal)
    {
        if (!_ended)
        {
            Native.Signal(Id, signal);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _ended = true;
        _input.Dispose();
        _output.Dispose();
        _errors.Dispose();
        _process.Dispose();
    }
}
