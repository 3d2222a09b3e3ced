using System.Collections.Immutable;
using Superfactory.Wan.Frames;

namespace Superfactory.Wan.Routes;

/// <summary>One way from this site to another for one class, and what is under way on it. Pure; not thread-safe: the gateway's lock guards it.</summary>
internal sealed class Way
{
    /// <summary>Sets a way up.</summary>
    /// <param name="sites">The sites from this one to the destination, both included.</param>
    public Way(ImmutableArray<string> sites)
    {
        Sites = sites;
        Route = IsDirect ? [] : new FrameRoute(sites[0], sites[2..]).Encode();
    }

    public ImmutableArray<string> Sites { get; }

    public string Destination => Sites[^1];

    /// <summary>The site at the other end of the first link.</summary>
    public string First => Sites[1];

    public bool IsDirect => Sites.Length == 2;

    /// <summary>The route in front of each frame; empty on the direct way.</summary>
    public byte[] Route { get; }

    /// <summary>Sent on it, and neither acknowledged nor given up.</summary>
    public long BytesUnderWay { get; private set; }

    /// <summary>When the frame left that was acknowledged last, in ticks.</summary>
    public long LatestArrivalSentAt { get; private set; } = long.MinValue;

    /// <summary>When something on it was acknowledged last, in ticks.</summary>
    public long LatestArrivalAt { get; private set; } = long.MinValue;

    public PathWindow Window { get; } = new();

    /// <summary>Whether there is room for another frame.</summary>
    public bool HasRoom => IsDirect || BytesUnderWay < Window.Bytes;

    public void Sent(int bytes) => BytesUnderWay += bytes;

    public void Left(int bytes) => BytesUnderWay -= bytes;

    /// <summary>A frame was acknowledged that went this way, once.</summary>
    public void Arrived(int bytes, long sentAt, long now)
    {
        LatestArrivalSentAt = Math.Max(LatestArrivalSentAt, sentAt);
        LatestArrivalAt = now;
        Window.Acknowledged(bytes, now - sentAt, BytesUnderWay + bytes >= Window.Bytes / 2);
    }

    /// <summary>The way for people: <c>atlanta &gt; ohio &gt; wisconsin</c>.</summary>
    public override string ToString() => string.Join(" > ", Sites);
}
