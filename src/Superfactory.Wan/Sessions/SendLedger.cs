using Superfactory.Model.Wan;
using Superfactory.Wan.Frames;
using Superfactory.Wan.Routes;

namespace Superfactory.Wan.Sessions;

/// <summary>A numbered frame of a session that is not acknowledged, and how it went.</summary>
internal struct SentFrame
{
    public Frame Frame;

    /// <summary>Of a message: the registration that sent it; 0 of the gateway's own.</summary>
    public long Registration;

    /// <summary>The way it went last.</summary>
    public Way Way;

    /// <summary>The connection that it left over.</summary>
    public long Stream;

    /// <summary>When it left, in the clock's ticks.</summary>
    public long SentAt;

    /// <summary>Whether it is under way; otherwise it waits to be sent again, or is acknowledged.</summary>
    public bool UnderWay;

    /// <summary>Whether it was sent more than once: when it was acknowledged says nothing about the way then.</summary>
    public bool Resent;

    /// <summary>Whether the other side has it.</summary>
    public bool Acknowledged;
}

/// <summary>
/// Keeps what is sent until it is acknowledged, by number, and knows what has to be sent again. Pure; not thread-safe.
/// </summary>
internal sealed class SendLedger
{
    /// <summary>Numbers from the first that is not acknowledged on: 64 Ki frames of 300 bytes with their bookkeeping are 24 MiB.</summary>
    public const int FramesMax = 64 * 1024;

    /// <summary>Numbers that each class leaves to those before it, so that a flood of small bulk frames leaves merges and control theirs: an eighth.</summary>
    public const int FramesReserved = FramesMax / 8;

    private const int FramesMin = 64;
    private const int Classes = (int)TrafficClass.Bulk + 1;

    private readonly Queue<long>[] _again = [new(), new(), new()];
    private readonly long[] _bytes = new long[Classes];
    private SentFrame[] _frames = new SentFrame[FramesMin];
    private long _first = 1;
    private long _next = 1;

    /// <summary>Whether everything is acknowledged.</summary>
    public bool IsEmpty => _first == _next;

    /// <summary>Whether a new frame of a class may be numbered.</summary>
    public bool HasRoom(TrafficClass trafficClass) => _next - _first < FramesMax - ((int)trafficClass * FramesReserved);

    /// <summary>Bytes of a class that were sent and are not acknowledged.</summary>
    public long Bytes(TrafficClass trafficClass) => _bytes[(int)trafficClass];

    /// <summary>Whether something of a class waits to be sent again.</summary>
    public bool HasAgain(TrafficClass trafficClass) => _again[(int)trafficClass].Count > 0;

    /// <summary>Numbers a frame that leaves now. Only where there is room.</summary>
    public long Add(Frame frame, long registration, Way way, long stream, long now)
    {
        if (_next - _first == _frames.Length)
        {
            Grow();
        }

        Slot(_next) = new SentFrame { Frame = frame, Registration = registration, Way = way, Stream = stream, SentAt = now, UnderWay = true };
        _bytes[(int)frame.Class] += frame.WireBytes;
        way.Sent(frame.WireBytes);
        return _next++;
    }

    /// <summary>Takes the next frame of a class that has to be sent again; it leaves now.</summary>
    public bool TryTakeAgain(TrafficClass trafficClass, Way way, long stream, long now, out long sequence, out Frame frame)
    {
        while (_again[(int)trafficClass].TryDequeue(out sequence))
        {
            if (sequence < _first)
            {
                continue;
            }

            ref var sent = ref Slot(sequence);
            if (sent.Acknowledged || sent.UnderWay)
            {
                continue;
            }

            (sent.Way, sent.Stream, sent.SentAt, sent.UnderWay, sent.Resent) = (way, stream, now, true, true);
            way.Sent(sent.Frame.WireBytes);
            frame = sent.Frame;
            return true;
        }

        frame = default;
        return false;
    }

    /// <summary>Forgets what the other side has.</summary>
    /// <param name="ack">What it says.</param>
    /// <param name="forget">Told of each frame once, which it takes over with its payload.</param>
    /// <returns>False where that was never sent.</returns>
    public bool Acknowledge(in AckPayload ack, Action<SentFrame> forget)
    {
        // Numbers as large as they can be said are nothing that was sent; below, 255 ranges of twice 2^31 stay far below 2^63.
        if (ack.Cumulative >= _next)
        {
            return false;
        }

        var end = ack.Cumulative;
        foreach (var range in ack.Ranges)
        {
            end += (long)range.Skipped + range.Count;
        }

        if (end >= _next)
        {
            return false;
        }

        AcknowledgeUpTo(_first, ack.Cumulative, forget);
        var told = ack.Cumulative;
        foreach (var range in ack.Ranges)
        {
            AcknowledgeUpTo(Math.Max(_first, told + range.Skipped + 1), told + range.Skipped + range.Count, forget);
            told += (long)range.Skipped + range.Count;
        }

        while (_first < _next && Slot(_first).Acknowledged)
        {
            Slot(_first++) = default;
        }

        return true;
    }

    /// <summary>What is under way and <paramref name="lost"/> has to be sent again.</summary>
    /// <returns>How many bytes.</returns>
    public long Lose(Func<SentFrame, bool> lost)
    {
        var bytes = 0L;
        for (var sequence = _first; sequence < _next; sequence++)
        {
            ref var sent = ref Slot(sequence);
            if (sent.UnderWay && lost(sent))
            {
                sent.UnderWay = false;
                sent.Way.Left(sent.Frame.WireBytes);
                _again[(int)sent.Frame.Class].Enqueue(sequence);
                bytes += sent.Frame.WireBytes;
            }
        }

        return bytes;
    }

    /// <summary>Forgets everything and begins with 1.</summary>
    public void Clear()
    {
        for (var sequence = _first; sequence < _next; sequence++)
        {
            ref var sent = ref Slot(sequence);
            if (sent.Acknowledged)
            {
                continue;
            }

            if (sent.UnderWay)
            {
                sent.Way.Left(sent.Frame.WireBytes);
            }

            sent.Frame.Payload.Release();
        }

        Array.Clear(_frames);
        Array.Clear(_bytes);
        Array.ForEach(_again, queue => queue.Clear());
        _first = 1;
        _next = 1;
    }

    private ref SentFrame Slot(long sequence) => ref _frames[(int)(sequence & (_frames.Length - 1))];

    private void AcknowledgeUpTo(long from, long to, Action<SentFrame> forget)
    {
        for (var sequence = from; sequence <= to; sequence++)
        {
            ref var sent = ref Slot(sequence);
            if (sent.Acknowledged)
            {
                continue;
            }

            _bytes[(int)sent.Frame.Class] -= sent.Frame.WireBytes;
            if (sent.UnderWay)
            {
                sent.Way.Left(sent.Frame.WireBytes);
            }

            var done = sent;
            sent = new SentFrame { Acknowledged = true };
            forget(done);
        }
    }

    private void Grow()
    {
        var before = _frames;
        var after = new SentFrame[before.Length * 2];
        for (var sequence = _first; sequence < _next; sequence++)
        {
            after[(int)(sequence & (after.Length - 1))] = before[(int)(sequence & (before.Length - 1))];
        }

        _frames = after;
    }
}
