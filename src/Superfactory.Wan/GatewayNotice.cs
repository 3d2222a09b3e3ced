namespace Superfactory.Wan;

/// <summary>Something that the people who run a site should know of.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Site">The other site that it concerns; empty where it concerns a process of this site, or where the other did not say who it is.</param>
/// <param name="Text">A sentence that says it.</param>
public sealed record GatewayNotice(GatewayNoticeKind Kind, string Site, string Text);

/// <summary>What a <see cref="GatewayNotice"/> is about.</summary>
public enum GatewayNoticeKind
{
    /// <summary>A link is connected.</summary>
    LinkUp,

    /// <summary>A link's connection ended; it is made again.</summary>
    LinkDown,

    /// <summary>A link's peer was started anew: its endpoints are announced again.</summary>
    PeerRestarted,

    /// <summary>A peer, or something that is none, was refused: another protocol version, an unknown site, a wrong name.</summary>
    PeerRefused,

    /// <summary>A frame was refused, which closed its connection.</summary>
    FrameRefused,

    /// <summary>A process of this site was refused or replaced.</summary>
    EndpointRefused,

    /// <summary>A process of this site does not run although it is there, or runs again.</summary>
    EndpointSilent,

    /// <summary>The gateway itself failed at something: a defect of this program, which cost no more than the text says.</summary>
    Failure,
}
