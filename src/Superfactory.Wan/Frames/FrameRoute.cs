using System.Buffers.Binary;
using System.Collections.Immutable;

namespace Superfactory.Wan.Frames;

/// <summary>
/// The way of a frame that goes over other sites, between its header and its payload: the site that it is from, how many sites are
/// still before it and their names, the last of them its destination, and the CRC-32C of all that. A frame without a route is from
/// the site at the other end of its connection and for this one; one with a route that is used up is for this site.
/// </summary>
/// <param name="Origin">The site that it is from.</param>
/// <param name="Rest">The sites before it; the next one first.</param>
internal sealed record FrameRoute(string Origin, ImmutableArray<string> Rest)
{
    /// <summary>The route as it is for the next site: without its own name.</summary>
    public FrameRoute Onward => new(Origin, Rest[1..]);

    /// <summary>The route in bytes.</summary>
    public byte[] Encode()
    {
        Span<byte> scratch = stackalloc byte[FrameLimits.RouteBytesMax];
        var writer = new PayloadWriter(scratch);
        writer.WriteName(Origin);
        writer.WriteByte(checked((byte)Rest.Length));
        foreach (var site in Rest)
        {
            writer.WriteName(site);
        }

        BinaryPrimitives.WriteUInt32LittleEndian(scratch[writer.Position..], Checksum.Compute(scratch[..writer.Position]));
        return scratch[..(writer.Position + sizeof(uint))].ToArray();
    }

    /// <summary>Reads a route; null where the bytes are none.</summary>
    public static FrameRoute? Decode(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < sizeof(uint) || BinaryPrimitives.ReadUInt32LittleEndian(bytes[^sizeof(uint)..]) != Checksum.Compute(bytes[..^sizeof(uint)]))
        {
            return null;
        }

        var reader = new PayloadReader(bytes[..^sizeof(uint)]);
        if (!reader.TryReadName(FrameLimits.SiteBytesMax, out var origin) || !reader.TryReadByte(out var count) || count > FrameLimits.RouteSitesMax)
        {
            return null;
        }

        var rest = ImmutableArray.CreateBuilder<string>(count);
        for (var index = 0; index < count; index++)
        {
            if (!reader.TryReadName(FrameLimits.SiteBytesMax, out var site))
            {
                return null;
            }

            rest.Add(site);
        }

        return reader.AtEnd ? new FrameRoute(origin, rest.MoveToImmutable()) : null;
    }
}
