namespace Superfactory.Wan.Frames;

/// <summary>What a frame is. The numbers are on the wire: they are never given to something else.</summary>
internal enum FrameType : byte
{
    /// <summary>First on a connection, both ways: who speaks, to whom, and which of the link's connections it is. Keeps its layout in every protocol version.</summary>
    Hello = 1,

    /// <summary>The dialling side has read the answering Hello: the connection is the link's from now on.</summary>
    Ready = 2,

    /// <summary>Why the connection is closed, for people.</summary>
    Refuse = 3,

    /// <summary>Asks for a reply; carries a time stamp of the sender's own. On a local socket: the bridge's process runs; carries 0 and has no reply.</summary>
    Heartbeat = 4,

    /// <summary>Carries a heartbeat's time stamp back.</summary>
    HeartbeatReply = 5,

    /// <summary>Which numbered frames of a session have arrived.</summary>
    Acknowledge = 6,

    /// <summary>An endpoint is registered.</summary>
    EndpointUp = 7,

    /// <summary>An endpoint is gone.</summary>
    EndpointDown = 8,

    /// <summary>A message from an endpoint to another.</summary>
    Message = 9,

    /// <summary>An endpoint took messages: their sender may send as many bytes again.</summary>
    Credit = 10,

    /// <summary>Local: a bridge registers its endpoint.</summary>
    Register = 11,

    /// <summary>Local: the endpoint is registered; again, under another number, after it was silent and counted as gone.</summary>
    Registered = 12,

    /// <summary>Local: a bridge wants to know when an endpoint comes and goes.</summary>
    Watch = 13,

    /// <summary>Two gateways agree on a session, end to end: who speaks, and whom it takes the other one for.</summary>
    Open = 14,

    /// <summary>What links a gateway has, passed on to all.</summary>
    LinkState = 15,
}

/// <summary>What the frame types have in common.</summary>
internal static class FrameTypes
{
    public static bool IsKnown(FrameType type) => type is >= FrameType.Hello and <= FrameType.LinkState;

    /// <summary>Whether frames of this type go from site to site, over others where there is no better way.</summary>
    public static bool IsCarried(FrameType type) => IsSequenced(type) || type is FrameType.Acknowledge or FrameType.Open;

    /// <summary>Whether a session numbers frames of this type, so that they arrive exactly once, whatever becomes of connections.</summary>
    public static bool IsSequenced(FrameType type)
        => type is FrameType.EndpointUp or FrameType.EndpointDown or FrameType.Message or FrameType.Credit;
}
