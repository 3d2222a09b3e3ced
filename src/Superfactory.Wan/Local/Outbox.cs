using Superfactory.Wan.Frames;
using Superfactory.Wan.Transport;

namespace Superfactory.Wan.Local;

/// <summary>
/// Frames on their way from the gateway to a local endpoint, in order. Messages are bounded by what their senders may have under
/// way, and over many senders by <see cref="BytesMax"/>; the gateway's own news by <see cref="NewsMax"/>. Thread-safe; for one taker.
/// </summary>
internal sealed class Outbox
{
    /// <summary>Presence and credit that wait for an endpoint which does not read: 1,024 endpoints coming and going eight times. Beyond it the connection is closed.</summary>
    public const int NewsMax = 16 * 1024;

    /// <summary>Messages that wait for an endpoint which does not read: the full windows of 32 islands. Beyond it the connection is closed.</summary>
    public const long BytesMax = 512L << 20;

    private readonly Lock _gate = new();
    private readonly Queue<Frame> _frames = new();
    private readonly AsyncSignal _added = new();
    private long _bytes;
    private int _news;
    private bool _completed;

    /// <summary>Adds a frame and takes its payload over.</summary>
    /// <returns>False where too much waits.</returns>
    public bool TryAdd(Frame frame)
    {
        lock (_gate)
        {
            if (_completed)
            {
                frame.Payload.Release();
                return true;
            }

            var isNews = frame.Type != FrameType.Message;
            if (isNews ? _news >= NewsMax : _bytes >= BytesMax)
            {
                frame.Payload.Release();
                return false;
            }

            _news += isNews ? 1 : 0;
            _bytes += isNews ? 0 : frame.WireBytes;
            _frames.Enqueue(frame);
        }

        _added.Set();
        return true;
    }

    /// <summary>Drops what waits and takes nothing more, except a last frame.</summary>
    public void Complete(Frame? last)
    {
        lock (_gate)
        {
            while (_frames.TryDequeue(out var frame))
            {
                frame.Payload.Release();
            }

            if (!_completed && last is { } farewell)
            {
                _frames.Enqueue(farewell);
            }

            _completed = true;
        }

        _added.Set();
    }

    /// <summary>Takes nothing more; what waits, a reason among it, is still to be taken.</summary>
    public void Finish()
    {
        lock (_gate)
        {
            _completed = true;
        }

        _added.Set();
    }

    /// <summary>Takes the next frame.</summary>
    public bool TryTake(out Frame frame, out bool completed)
    {
        lock (_gate)
        {
            completed = _completed;
            if (!_frames.TryDequeue(out frame))
            {
                return false;
            }

            var isNews = frame.Type != FrameType.Message;
            _news -= isNews ? 1 : 0;
            _bytes -= isNews ? 0 : frame.WireBytes;
            return true;
        }
    }

    public Task WaitAsync(CancellationToken cancellationToken) => _added.WaitAsync(cancellationToken);
}
