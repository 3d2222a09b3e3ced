namespace Superfactory.Wan.Frames;

/// <summary>The limits of what a frame holds, the same on links and on local sockets.</summary>
internal static class FrameLimits
{
    /// <summary>The longest site name, in bytes of UTF-8.</summary>
    public const int SiteBytesMax = 64;

    /// <summary>The longest endpoint name, in bytes of UTF-8. With a site's 64 and the length bytes an address stays under 256.</summary>
    public const int NameBytesMax = 190;

    /// <summary>The longest address: two length bytes, 64 and 190.</summary>
    public const int AddressBytesMax = 2 + SiteBytesMax + NameBytesMax;

    /// <summary>The longest envelope: two registrations of 8 bytes and two addresses of 256: 528.</summary>
    public const int EnvelopeBytesMax = (2 * sizeof(long)) + (2 * AddressBytesMax);

    /// <summary>The longest message: 1 MiB.</summary>
    public const int MessageBytesMax = 1 << 20;

    /// <summary>The longest payload of a frame, beside its route: a message of 1 MiB in its envelope.</summary>
    public const int PayloadBytesMax = MessageBytesMax + EnvelopeBytesMax;

    /// <summary>Sites that a frame can still have before it, its destination among them: nine links, in a world of 20 sites or so.</summary>
    public const int RouteSitesMax = 8;

    /// <summary>The longest route: the origin and eight sites of up to 65 bytes, their count, a checksum: 590.</summary>
    public const int RouteBytesMax = ((1 + RouteSitesMax) * (1 + SiteBytesMax)) + 1 + sizeof(uint);

    /// <summary>The longest sentence in a Refuse frame, in bytes of UTF-8. Longer ones are cut.</summary>
    public const int ReasonBytesMax = 1024;
}
