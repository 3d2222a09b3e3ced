using Superfactory.Wan.Frames;
using Superfactory.Wan.Sessions;

namespace Superfactory.Wan.Routes;

/// <summary>What becomes of frames that arrive over a link.</summary>
internal sealed partial class Network
{
    /// <summary>Takes a frame that arrived, with its payload: for this site, or on its way to another one.</summary>
    /// <param name="from">The site at the other end of the link.</param>
    /// <param name="header">The frame's header.</param>
    /// <param name="route">Its route; null where it is from <paramref name="from"/> and for this site.</param>
    /// <param name="payload">Its payload.</param>
    /// <param name="now">The time, in ticks.</param>
    /// <returns>Why it is refused, which closes the connection that brought it.</returns>
    public FrameRefusal Receive(string from, in FrameHeader header, FrameRoute? route, PooledBuffer payload, long now)
    {
        var kept = false;
        try
        {
            if (!_ports.ContainsKey(from))
            {
                return FrameRefusal.None;
            }

            if (header.Type == FrameType.LinkState)
            {
                return ReceiveState(from, payload.Span, now);
            }

            if (!FrameTypes.IsCarried(header.Type))
            {
                return FrameRefusal.Unexpected;
            }

            if (route is { Rest.IsEmpty: false })
            {
                kept = true;
                return PassOn(header, route, payload);
            }

            if (!_tables.TryGetValue(route?.Origin ?? from, out var table))
            {
                return FrameRefusal.None;
            }

            return ReceiveOwn(table.Session, header, payload, now, isDirect: route is null, ref kept);
        }
        finally
        {
            if (!kept)
            {
                payload.Release();
            }
        }
    }

    private FrameRefusal ReceiveOwn(Session session, in FrameHeader header, PooledBuffer payload, long now, bool isDirect, ref bool kept)
    {
        var reception = session.Receive(header, payload.Span, now, out var refusal);
        switch (reception)
        {
            case Reception.Restarted:
                setup.Owner.NoticeLater(new GatewayNotice(GatewayNoticeKind.PeerRestarted, session.Peer, $"The gateway of {session.Peer} was started anew."));
                setup.Owner.BeginSession(session);
                break;
            case Reception.Begun:
                setup.Owner.BeginSession(session);
                break;
            case Reception.New:
                kept = true;
                refusal = setup.Owner.Received(session, new Frame(header.Type, header.Class, payload, header.PayloadChecksum, header.Place));
                break;
        }

        if (refusal != FrameRefusal.None)
        {
            // Its number is taken, so it will not be sent again: what is lost with it is shown by a new session.
            setup.Owner.NoticeLater(new GatewayNotice(
                GatewayNoticeKind.FrameRefused, session.Peer, $"The session with {session.Peer} begins anew: it brought {FrameRefusals.Describe(refusal)}."));
            End(session);
            return isDirect ? refusal : FrameRefusal.None;
        }

        if (session.AckDueAt is { } due)
        {
            setup.Alarm(due);
        }

        return FrameRefusal.None;
    }

    private FrameRefusal PassOn(in FrameHeader header, FrameRoute route, PooledBuffer payload)
    {
        var next = route.Rest[0];
        var onward = route.Onward.Encode();
        var frame = new OutgoingFrame(header with { RouteBytes = onward.Length }, onward, payload);
        if (!_ports.TryGetValue(next, out var port))
        {
            payload.Release();
        }
        else if (!port.IsOpen)
        {
            // Its sender hears of the link that is down, and sends it another way.
            port.Relay.Drop(frame);
        }
        else if (port.Relay.TryAdd(frame))
        {
            port.Wake(header.Class);
        }

        return FrameRefusal.None;
    }
}
