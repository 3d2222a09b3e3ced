using System.Net.Sockets;
using Superfactory.Site.Gangs;
using Superfactory.Site.Interop;
using Superfactory.Site.Processes;

namespace Superfactory.Site.Engines;

/// <summary>An agent's way to a gang's supervisor. Reading is the caller's first duty. Thread-safe.</summary>
internal abstract class SupervisorLink : IDisposable
{
    /// <summary>Calls back for each line of its events, and for each of what it says to people, on threads of their own.</summary>
    public abstract void Read(int eventCharactersMax, Action<string> said, int errorCharactersMax, Action<string> error);

    /// <summary>Waits until it has ended and what it said has been read.</summary>
    /// <param name="drainLimit">How long what it said may stay open after its end.</param>
    /// <returns>Its exit code; null where it is no child of this process.</returns>
    public abstract Task<int?> WaitAsync(TimeSpan drainLimit);

    /// <summary>Writes a line to it.</summary>
    /// <returns>False where it no longer reads.</returns>
    public abstract Task<bool> WriteLineAsync(byte[] line);

    /// <summary>Kills it.</summary>
    public abstract void Kill();

    /// <inheritdoc/>
    public abstract void Dispose();
}

/// <summary>A supervisor that this process started.</summary>
internal sealed class ChildSupervisor(ChildProcess child) : SupervisorLink
{
    /// <inheritdoc/>
    public override void Read(int eventCharactersMax, Action<string> said, int errorCharactersMax, Action<string> error)
    {
        child.ReadOutput(eventCharactersMax, said);
        child.ReadErrors(errorCharactersMax, error);
    }

    /// <inheritdoc/>
    public override async Task<int?> WaitAsync(TimeSpan drainLimit) => await child.WaitAsync(drainLimit);

    /// <inheritdoc/>
    public override Task<bool> WriteLineAsync(byte[] line) => child.WriteLineAsync(line, CancellationToken.None);

    /// <inheritdoc/>
    public override void Kill() => child.Signal(Native.SignalKill);

    /// <inheritdoc/>
    public override void Dispose() => child.Dispose();
}

/// <summary>A supervisor that an agent before this one started.</summary>
internal sealed class AdoptedSupervisor : SupervisorLink
{
    private static readonly TimeSpan _lookAgain = TimeSpan.FromMilliseconds(50);

    private readonly NetworkStream _stream;
    private readonly SupervisorMark _mark;
    private readonly TimeProvider _clock;
    private readonly SemaphoreSlim _writing = new(1, 1);
    private Task _reading = Task.CompletedTask;

    private AdoptedSupervisor(NetworkStream stream, SupervisorMark mark, TimeProvider clock) => (_stream, _mark, _clock) = (stream, mark, clock);

    private bool IsAlive => ProcessTable.Find(_mark.ProcessId) is { IsAlive: true } entry && entry.StartTicks == _mark.StartTicks;

    /// <summary>Connects to a supervisor.</summary>
    /// <returns>Null where it does not listen.</returns>
    public static async Task<AdoptedSupervisor?> ConnectAsync(string socketPath, SupervisorMark mark, TimeProvider clock, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath), cancellationToken);
            return new AdoptedSupervisor(new NetworkStream(socket, ownsSocket: true), mark, clock);
        }
        catch (SocketException)
        {
            socket.Dispose();
            return null;
        }
    }

    /// <inheritdoc/>
    public override void Read(int eventCharactersMax, Action<string> said, int errorCharactersMax, Action<string> error) =>
        _reading = LinePump.Start(_stream, eventCharactersMax, said);

    /// <inheritdoc/>
    public override async Task<int?> WaitAsync(TimeSpan drainLimit)
    {
        // The connection ends with the process, whichever way it ends, and so does a process that has closed it.
        await _reading;
        while (IsAlive)
        {
            await Task.Delay(_lookAgain, _clock);
        }

        return null;
    }

    /// <inheritdoc/>
    public override async Task<bool> WriteLineAsync(byte[] line)
    {
        await _writing.WaitAsync();
        try
        {
            await _stream.WriteAsync((byte[])[.. line, (byte)'\n']);
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

    /// <inheritdoc/>
    public override void Kill()
    {
        if (IsAlive)
        {
            Native.Signal(_mark.ProcessId, Native.SignalKill);
        }
    }

    /// <inheritdoc/>
    public override void Dispose() => _stream.Dispose();
}
