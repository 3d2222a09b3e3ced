using Superfactory.Wan.Frames;

namespace Superfactory.Wan.Local;

/// <summary>
/// Says to the gateway that this process runs, from a thread of its own: neither work on the other threads nor a writer that waits
/// holds it up, and a paused process is silent.
/// </summary>
internal sealed class ClientPulse : IDisposable
{
    private readonly ManualResetEventSlim _ended = new();
    private readonly Func<FrameHeader, ReadOnlyMemory<byte>, Task> _write;
    private readonly Thread _thread;

    /// <summary>Begins.</summary>
    /// <param name="write">Writes a frame and its payload; must not throw. It is not called again before it has ended.</param>
    public ClientPulse(Func<FrameHeader, ReadOnlyMemory<byte>, Task> write)
    {
        _write = write;
        _thread = new Thread(Run) { IsBackground = true, Name = "gateway pulse" };
        _thread.Start();
    }

    /// <summary>Ends, and waits for the thread.</summary>
    public void Dispose()
    {
        _ended.Set();
        _thread.Join();
        _ended.Dispose();
    }

    private void Run()
    {
        var payload = Payloads.EncodeNumber(0);
        var frame = Frame.Control(FrameType.Heartbeat, payload);
        var writing = Task.CompletedTask;
        do
        {
            // One that still waits behind others says as much: what is before it is heard.
            writing = writing.IsCompleted ? _write(frame.Header, payload.Memory) : writing;
        }
        while (!_ended.Wait(LocalPulse.Interval));
    }
}
