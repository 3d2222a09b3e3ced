namespace Superfactory.Wan.Frames;

/// <summary>What a frame is. The numbers are on the wire: they are never given to something else.</summary>
internal enum FrameType : byte
{
    /// <summary>First on a link, both ways: who speaks, to whom, and how far the session got. Keeps its layout in every protocol version.</summary>
    Hello = 1,

    /// <summary>The dialling side accepts the session that the answering Hello named.</summary>
    Ready = 2,

    /// <summary>Why the connection is closed, for people.</summary>
    Refuse = 3,

    /// <summary>Asks for a reply; carries a time stamp of the sender's own.</summary>
    Heartbeat = 4,

    /// <summary>Carries a heartbeat's time stamp back.</summary>
    HeartbeatReply = 5,

    /// <summary>Carries nothing but its header's acknowledgement.</summary>
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

    /// <summary>Local: the endpoint is registered.</summary>
    Registered = 12,

    /// <summary>Local: a bridge wants to know when an endpoint comes and goes.</summary>
    Watch = 13,
}

/// <summary>What the frame types have in common.</summary>
internal static class FrameTypes
{
    public static bool IsKnown(FrameType type) => type is >= FrameType.Hello and <= FrameType.Watch;

    /// <summary>Whether a link numbers frames of this type, so that they arrive exactly once and in order across connections.</summary>
    public static bool IsSequenced(FrameType type)
        => type is FrameType.EndpointUp or FrameType.EndpointDown or FrameType.Message or FrameType.Credit;
}
