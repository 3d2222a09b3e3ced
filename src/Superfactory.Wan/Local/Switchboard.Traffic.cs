using Superfactory.Wan.Frames;
using Superfactory.Wan.Sessions;

namespace Superfactory.Wan.Local;

/// <summary>Messages, credit and presence on their way through the gateway.</summary>
internal sealed partial class Switchboard
{
    /// <summary>Takes a message from a local endpoint, with its payload.</summary>
    /// <param name="endpoint">Whose connection it came over.</param>
    /// <param name="frame">The message.</param>
    /// <param name="meeting">The meeting with its receiver that it was sent in.</param>
    /// <param name="retry">Set where too much waits for that site: the message is still the caller's, to be offered again with <paramref name="again"/> when this ends.</param>
    /// <param name="again">Whether it was offered before.</param>
    public FrameRefusal TakeMessage(LocalEndpoint endpoint, Frame frame, long meeting, bool again, out Task? retry)
    {
        retry = null;
        if (!Envelope.TryDecode(frame.Payload.Span, out var envelope, out _) || envelope.From.Address != endpoint.Self.Address)
        {
            frame.Payload.Release();
            return FrameRefusal.Payload;
        }

        lock (gate)
        {
            var (to, registration) = (envelope.To.Address, envelope.To.Registration);
            if (FindLocal(envelope.From) != endpoint || FindUp(to) != envelope.To || !endpoint.IsMeeting(envelope.To, meeting))
            {
                // The receiver, or the sender under that registration, went away while the message was on its way here, if only for a moment;
                // its sender is told, or replaced.
                frame.Payload.Release();
                return FrameRefusal.None;
            }

            if (!again && !endpoint.Sent.TryCharge(registration, frame))
            {
                frame.Payload.Release();
                return FrameRefusal.Window;
            }

            if (to.Site == Site)
            {
                return Deliver(envelope, frame);
            }

            retry = _remote[to].Session.TryEnqueueMessage(frame, endpoint.Waiting);
            return FrameRefusal.None;
        }
    }

    /// <summary>A local endpoint took messages: passes the credit on to their sender.</summary>
    /// <param name="endpoint">Whose connection it came over.</param>
    /// <param name="frame">The credit.</param>
    /// <param name="meeting">The meeting with the sender of the messages that it took them in.</param>
    public FrameRefusal TakeCredit(LocalEndpoint endpoint, Frame frame, long meeting)
    {
        try
        {
            if (!CreditPayload.TryDecode(frame.Payload.Span, out var credit) || credit.Flow.To.Address != endpoint.Self.Address)
            {
                return FrameRefusal.Payload;
            }

            lock (gate)
            {
                var from = credit.Flow.From;
                if (credit.Flow.To != endpoint.Self || FindUp(from.Address) != from || !endpoint.IsMeeting(from, meeting))
                {
                    return FrameRefusal.None;
                }

                if (!endpoint.Received.TryReturn(from.Registration, credit.Class, credit.Bytes))
                {
                    return FrameRefusal.Window;
                }

                frame.Payload.Retain();
                if (from.Address.Site == Site)
                {
                    return GiveCredit(credit, frame);
                }

                var session = _remote[from.Address].Session;
                if (!session.TryEnqueueCredit(frame))
                {
                    Network.End(session);
                }

                return FrameRefusal.None;
            }
        }
        finally
        {
            frame.Payload.Release();
        }
    }

    /// <inheritdoc/>
    public FrameRefusal Received(Session session, Frame frame)
    {
        try
        {
            return frame.Type switch
            {
                FrameType.EndpointUp => AddRemote(session, frame.Payload.Span),
                FrameType.EndpointDown => RemoveRemote(session, frame.Payload.Span),
                FrameType.Message => ReceiveMessage(session, frame),
                FrameType.Credit => ReceiveCredit(session, frame),
                _ => FrameRefusal.Unexpected,
            };
        }
        finally
        {
            frame.Payload.Release();
        }
    }

    private FrameRefusal AddRemote(Session session, ReadOnlySpan<byte> payload)
    {
        if (!RegisteredEndpoint.TryDecode(payload, out var endpoint) || endpoint.Address.Site != session.Peer)
        {
            return FrameRefusal.Payload;
        }

        if (!_remote.ContainsKey(endpoint.Address) && _remote.Values.Count(remote => remote.Session == session) >= EndpointsMax)
        {
            return FrameRefusal.Window;
        }

        _remote[endpoint.Address] = new RemoteEndpoint(endpoint, session);
        foreach (var watcher in _local.Values.Where(watcher => watcher.Watches(endpoint.Address)))
        {
            watcher.TellUp(endpoint);
        }

        return FrameRefusal.None;
    }

    private FrameRefusal RemoveRemote(Session session, ReadOnlySpan<byte> payload)
    {
        if (!RegisteredEndpoint.TryDecode(payload, out var endpoint) || endpoint.Address.Site != session.Peer)
        {
            return FrameRefusal.Payload;
        }

        if (FindUp(endpoint.Address) == endpoint)
        {
            _remote.Remove(endpoint.Address);
            TellDown(endpoint.Address);
        }

        return FrameRefusal.None;
    }

    private FrameRefusal ReceiveMessage(Session session, Frame frame)
    {
        if (!Envelope.TryDecode(frame.Payload.Span, out var envelope, out _) || envelope.From.Address.Site != session.Peer)
        {
            return FrameRefusal.Payload;
        }

        if (FindUp(envelope.From.Address) != envelope.From)
        {
            return FrameRefusal.Unexpected;
        }

        frame.Payload.Retain();
        return Deliver(envelope, frame);
    }

    private FrameRefusal ReceiveCredit(Session session, Frame frame)
    {
        if (!CreditPayload.TryDecode(frame.Payload.Span, out var credit) || credit.Flow.To.Address.Site != session.Peer)
        {
            return FrameRefusal.Payload;
        }

        frame.Payload.Retain();
        return GiveCredit(credit, frame);
    }

    /// <summary>Puts a message into its receiver's outbox, behind the news that its sender is up. Takes the payload.</summary>
    private FrameRefusal Deliver(Envelope envelope, Frame frame)
    {
        if (FindLocal(envelope.To) is not { } to)
        {
            // It went away meanwhile; its sender is told.
            frame.Payload.Release();
            return FrameRefusal.None;
        }

        if (!to.Received.TryCharge(envelope.From.Registration, frame))
        {
            frame.Payload.Release();
            return FrameRefusal.Window;
        }

        // Whoever is sent something hears of the sender first, asked or not.
        if (to.TryWatch(envelope.From.Address))
        {
            to.TellUp(envelope.From);
            to.Add(frame);
        }
        else
        {
            frame.Payload.Release();
            to.Close($"more than {LocalEndpoint.WatchesMax} endpoints speak to it");
        }

        return FrameRefusal.None;
    }

    /// <summary>Gives a local sender its credit back. Takes the payload.</summary>
    private FrameRefusal GiveCredit(CreditPayload credit, Frame frame)
    {
        if (FindLocal(credit.Flow.From) is not { } sender)
        {
            frame.Payload.Release();
            return FrameRefusal.None;
        }

        if (FindUp(credit.Flow.To.Address) != credit.Flow.To)
        {
            frame.Payload.Release();
            return FrameRefusal.None;
        }

        if (!sender.Sent.TryReturn(credit.Flow.To.Registration, credit.Class, credit.Bytes))
        {
            frame.Payload.Release();
            return FrameRefusal.Window;
        }

        sender.Add(frame);
        return FrameRefusal.None;
    }
}
