namespace Superfactory.Wan.Frames;

/// <summary>Why a frame is refused. Each closes its connection.</summary>
internal enum FrameRefusal
{
    /// <summary>It is not.</summary>
    None,

    /// <summary>It does not begin as a frame does.</summary>
    Magic,

    /// <summary>Its header's checksum is wrong.</summary>
    HeaderChecksum,

    /// <summary>It is of another protocol version.</summary>
    Version,

    /// <summary>Its type, class or flags are none that exist.</summary>
    Kind,

    /// <summary>It is longer than <see cref="FrameLimits.PayloadBytesMax"/>.</summary>
    Oversized,

    /// <summary>Its payload's checksum is wrong.</summary>
    PayloadChecksum,

    /// <summary>Its payload is not what its type says.</summary>
    Payload,

    /// <summary>Its type has no business here.</summary>
    Unexpected,

    /// <summary>Its number is missing, or further ahead than may be.</summary>
    Sequence,

    /// <summary>It acknowledges what was never sent.</summary>
    Acknowledgement,

    /// <summary>It exceeds what its receiver granted.</summary>
    Window,

    /// <summary>Its route leads nowhere, or is damaged.</summary>
    Route,
}

/// <summary>Words for people.</summary>
internal static class FrameRefusals
{
    public static string Describe(FrameRefusal refusal) => refusal switch
    {
        FrameRefusal.None => "the frame is in order",
        FrameRefusal.Magic => "bytes that are no frame",
        FrameRefusal.HeaderChecksum => "a frame whose header does not match its checksum",
        FrameRefusal.Version => $"a frame of another protocol version than {FrameHeader.ProtocolVersion}",
        FrameRefusal.Kind => "a frame of an unknown kind",
        FrameRefusal.Oversized => $"a frame of more than {FrameLimits.PayloadBytesMax} bytes",
        FrameRefusal.PayloadChecksum => "a frame whose payload does not match its checksum",
        FrameRefusal.Payload => "a frame whose payload is malformed",
        FrameRefusal.Unexpected => "a frame that has no place here",
        FrameRefusal.Sequence => "a frame whose number cannot be",
        FrameRefusal.Acknowledgement => "an acknowledgement of what was never sent",
        FrameRefusal.Window => "a message beyond what its receiver granted",
        FrameRefusal.Route => "a frame whose route is malformed",
        _ => throw new ArgumentOutOfRangeException(nameof(refusal), refusal, null),
    };
}
