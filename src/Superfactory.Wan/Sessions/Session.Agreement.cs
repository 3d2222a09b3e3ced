using Superfactory.Model.Wan;
using Superfactory.Wan.Frames;
using Superfactory.Wan.Links;
using Superfactory.Wan.Routes;

namespace Superfactory.Wan.Sessions;

/// <summary>What a received frame means for whoever takes it from the session.</summary>
internal enum Reception
{
    /// <summary>It is the session's own affair, came before, or is of another session.</summary>
    Done,

    /// <summary>It is new: the gateway takes it.</summary>
    New,

    /// <summary>A new session begins; what the other side announced is gone.</summary>
    Begun,

    /// <summary>A new session begins, with another process at the other side.</summary>
    Restarted,
}

/// <summary>How the two sides agree on the session, and what arrives in it.</summary>
internal sealed partial class Session
{
    /// <summary>Starts of the other side that are known to be over: nothing is under way for as long as 16 starts take.</summary>
    private const int EarlierStartsMax = 16;

    private long _incarnation = draw();
    private long _known;
    private long _peerStart;
    private readonly Queue<long> _earlierStarts = new();
    private bool _heard;
    private bool _openDue = true;
    private uint _tag;
    private bool _ackDue;
    private bool _drained;
    private long _unansweredBytes;
    private long _now;

    /// <summary>Whether each side knows the other one's half of the session.</summary>
    public bool IsAgreed => _known != 0 && _heard;

    /// <summary>When an acknowledgement is due that waits for company, in ticks; null where none waits.</summary>
    public long? AckDueAt { get; private set; }

    /// <summary>Ends the session; a new one is agreed on, and until then everything is dropped.</summary>
    public void End()
    {
        _incarnation = draw();
        _heard = false;
        _openDue = true;
        Drop();
        Wake?.Invoke(this, TrafficClass.Control);
    }

    /// <summary>Drops everything, for good.</summary>
    public void Close()
    {
        (_known, _heard, _openDue) = (0, false, false);
        Drop();
    }

    /// <summary>Asks again until the session is agreed on. Called a few times a second.</summary>
    public void Remind()
    {
        if (!IsAgreed)
        {
            _openDue = true;
            Wake?.Invoke(this, TrafficClass.Control);
        }
    }

    /// <summary>An acknowledgement that waited for company may be due.</summary>
    public void AcknowledgeIfDue(long now)
    {
        if (AckDueAt <= now)
        {
            AcknowledgeSoon();
        }
    }

    /// <summary>What was acknowledged last may be lost with its connection or its way, and nothing else would say it again: no frame of the other side's need be lost with it.</summary>
    public void AcknowledgeAgain()
    {
        if (IsAgreed)
        {
            AcknowledgeSoon();
        }
    }

    /// <summary>Takes a frame of the other side's.</summary>
    /// <param name="header">Its header.</param>
    /// <param name="payload">Its payload, for frames of the session itself.</param>
    /// <param name="now">The time, in ticks.</param>
    /// <param name="refusal">Why the frame is refused; then nothing else happened.</param>
    public Reception Receive(in FrameHeader header, ReadOnlySpan<byte> payload, long now, out FrameRefusal refusal)
    {
        refusal = FrameRefusal.None;
        _now = now;
        if (header.Type == FrameType.Open)
        {
            if (OpenPayload.TryDecode(payload, out var open))
            {
                return ReceiveOpen(open);
            }

            refusal = FrameRefusal.Payload;
            return Reception.Done;
        }

        if (FrameTypes.IsSequenced(header.Type) != header.Sequence > 0)
        {
            refusal = FrameRefusal.Sequence;
            return Reception.Done;
        }

        // A frame of another session was late, or this side was forgotten, which the next Open clears up.
        if (_known == 0 || header.Session != _tag)
        {
            return Reception.Done;
        }

        Hear();
        if (header.Type == FrameType.Acknowledge)
        {
            refusal = !AckPayload.TryDecode(payload, out var ack) ? FrameRefusal.Payload : Acknowledged(ack) ? FrameRefusal.None : FrameRefusal.Acknowledgement;
            return Reception.Done;
        }

        return ReceiveNumbered(header, out refusal);
    }

    private Reception ReceiveNumbered(in FrameHeader header, out FrameRefusal refusal)
    {
        var arrival = _received.Accept(header.Sequence);
        refusal = arrival == Arrival.Beyond ? FrameRefusal.Sequence : FrameRefusal.None;
        if (refusal != FrameRefusal.None)
        {
            return Reception.Done;
        }

        // What came twice was not acknowledged in time, and presence holds messages back until it is.
        _unansweredBytes += FrameHeader.Bytes + header.PayloadBytes;
        if (arrival == Arrival.Again || header.Type is FrameType.EndpointUp or FrameType.EndpointDown || _unansweredBytes >= limits.UnansweredBytesMax)
        {
            AcknowledgeSoon();
        }
        else
        {
            AckDueAt ??= _now + limits.AcknowledgeDelayTicks;
        }

        return arrival == Arrival.New ? Reception.New : Reception.Done;
    }

    private Reception ReceiveOpen(in OpenPayload open)
    {
        var result = Reception.Done;
        if (IsLate(open))
        {
            return result;
        }

        if ((open.Start, open.Incarnation) != (_peerStart, _known))
        {
            result = _peerStart != 0 && _peerStart != open.Start ? Reception.Restarted : Reception.Begun;
            Remember(_peerStart, open.Start);
            (_known, _peerStart, _heard) = (open.Incarnation, open.Start, false);
            Drop();
            _tag = Tag();
            _openDue = true;
        }

        if (open.Known == _incarnation)
        {
            Hear();
        }

        _openDue |= open.WantsReply || open.Known != _incarnation;
        if (_openDue)
        {
            Wake?.Invoke(this, TrafficClass.Control);
        }

        return result;
    }

    /// <summary>
    /// Whether the other side has said something newer since: on its way over other sites an Open may be overtaken by the next one,
    /// and must not end the session that this began. Halves of one start count up in their upper 32 bits.
    /// </summary>
    private bool IsLate(in OpenPayload open)
        => open.Start == _peerStart ? open.Incarnation >> 32 < _known >> 32 : _earlierStarts.Contains(open.Start);

    private void Remember(long before, long now)
    {
        if (before == 0 || before == now)
        {
            return;
        }

        if (_earlierStarts.Count >= EarlierStartsMax)
        {
            _earlierStarts.Dequeue();
        }

        _earlierStarts.Enqueue(before);
    }

    /// <summary>The other side knows this side's half.</summary>
    private void Hear()
    {
        if (!_heard)
        {
            _heard = true;
            TellAll();
        }
    }

    private bool Acknowledged(in AckPayload ack)
    {
        if (!_sent.Acknowledge(ack, _forget ??= Forget))
        {
            return false;
        }

        if (_drained)
        {
            _drained = false;
            TellAll();
        }

        WakeAll();
        CompleteIfEmpty();
        return true;
    }

    private Action<SentFrame>? _forget;

    private void AcknowledgeSoon()
    {
        (_ackDue, AckDueAt) = (true, null);
        Wake?.Invoke(this, TrafficClass.Control);
    }

    private bool TryTakeUnnumbered(Way way, out OutgoingFrame outgoing)
    {
        Frame frame;
        if (_openDue)
        {
            _openDue = false;
            frame = Frame.Control(FrameType.Open, new OpenPayload(start, _incarnation, _known, !_heard).Encode());
        }
        else if (IsAgreed && _ackDue)
        {
            (_ackDue, AckDueAt, _unansweredBytes) = (false, null, 0);
            frame = Frame.Control(FrameType.Acknowledge, _received.Acknowledgement().Encode());
        }
        else
        {
            outgoing = default;
            return false;
        }

        var session = frame.Type == FrameType.Open ? 0 : _tag;
        outgoing = new OutgoingFrame(frame.Header with { Session = session, RouteBytes = way.Route.Length }, way.Route, frame.Payload);
        BytesSent[(int)TrafficClass.Control] += outgoing.WireBytes;
        return true;
    }

    private uint Tag() => unchecked((uint)(_incarnation ^ _known));

    private void Drop()
    {
        _sent.Clear();
        _received.Clear();
        _queues.Clear();
        _outstanding.Clear();
        while (_news.TryDequeue(out var frame))
        {
            frame.Payload.Release();
        }

        _presence.Forget();
        (_ackDue, AckDueAt, _unansweredBytes, _drained) = (false, null, 0, false);
        _tag = Tag();
        ReleaseWaiters();
        CompleteIfEmpty();
    }
}
