namespace Superfactory.Wan.Links;

/// <summary>Why a connection of a link ended, or did not come about.</summary>
internal enum LinkEndKind
{
    /// <summary>The other side cannot be connected to.</summary>
    Unreachable,

    /// <summary>The other side closed it, or it broke.</summary>
    Closed,

    /// <summary>The other side said nothing for too long.</summary>
    Silent,

    /// <summary>A frame was refused.</summary>
    FrameRefused,

    /// <summary>The other side is not who it should be, or does not want us.</summary>
    PeerRefused,

    /// <summary>A newer connection takes its place.</summary>
    Replaced,

    /// <summary>This gateway failed at it: a defect of its own.</summary>
    Failed,

    /// <summary>This side stops, or has connections to spare.</summary>
    Stopped,
}

/// <summary>Why a connection of a link ended.</summary>
/// <param name="Kind">The kind of end.</param>
/// <param name="Text">What happened, for people: the end of a sentence.</param>
internal sealed record LinkEnd(LinkEndKind Kind, string Text);
