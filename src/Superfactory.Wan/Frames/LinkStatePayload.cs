using System.Collections.Immutable;

namespace Superfactory.Wan.Frames;

/// <summary>A link as the gateway at one end of it sees it.</summary>
/// <param name="Peer">The site at its other end.</param>
/// <param name="RoundTripMicroseconds">The smoothed round trip.</param>
internal readonly record struct LiveLink(string Peer, int RoundTripMicroseconds);

/// <summary>
/// A LinkState's payload: a site's name, the version of what it says (8 bytes), and the links of it that are up: their count, then
/// for each the other site's name and the round trip in microseconds (4 bytes). A higher version replaces a lower one.
/// </summary>
/// <param name="Site">Whose links they are.</param>
/// <param name="Version">Higher than any before, also across starts.</param>
/// <param name="Links">The links that are up; at most <see cref="LinksMax"/>.</param>
internal sealed record LinkStatePayload(string Site, long Version, ImmutableArray<LiveLink> Links)
{
    /// <summary>The most links of a site: with 69 bytes each, 4.4 kB.</summary>
    public const int LinksMax = 64;

    /// <summary>The highest version: one counted up from the time of day, in ticks, is below it for more than 10,000 years.</summary>
    public const long VersionMax = 1L << 62;

    private const int BytesMax = 1 + FrameLimits.SiteBytesMax + sizeof(long) + 1 + (LinksMax * (1 + FrameLimits.SiteBytesMax + sizeof(int)));

    public PooledBuffer Encode() => Payloads.Build(
        BytesMax,
        this,
        static (ref PayloadWriter writer, LinkStatePayload state) =>
        {
            writer.WriteName(state.Site);
            writer.WriteInt64(state.Version);
            writer.WriteByte(checked((byte)state.Links.Length));
            foreach (var link in state.Links)
            {
                writer.WriteName(link.Peer);
                writer.WriteInt32(link.RoundTripMicroseconds);
            }
        });

    public static LinkStatePayload? Decode(ReadOnlySpan<byte> payload)
    {
        var reader = new PayloadReader(payload);
        if (!reader.TryReadName(FrameLimits.SiteBytesMax, out var site)
            || !reader.TryReadInt64(out var version)
            || version is < 0 or > VersionMax
            || !reader.TryReadByte(out var count)
            || count > LinksMax)
        {
            return null;
        }

        var links = ImmutableArray.CreateBuilder<LiveLink>(count);
        for (var index = 0; index < count; index++)
        {
            if (!reader.TryReadName(FrameLimits.SiteBytesMax, out var peer) || !reader.TryReadInt32(out var roundTrip) || roundTrip < 0)
            {
                return null;
            }

            links.Add(new LiveLink(peer, roundTrip));
        }

        return reader.AtEnd ? new LinkStatePayload(site, version, links.MoveToImmutable()) : null;
    }
}
