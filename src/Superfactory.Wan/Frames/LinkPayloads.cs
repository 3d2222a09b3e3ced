using System.Text;

namespace Superfactory.Wan.Frames;

/// <summary>
/// A Hello's payload: 8 bytes each of the speaker's start, 0, and the connection's place in the link; then the names of the site
/// that speaks and of the one spoken to. It keeps this layout in every protocol version; a later one may add bytes behind it.
/// </summary>
/// <param name="Start">Names the speaker's start: another process has another number.</param>
/// <param name="Number">Which of the link's connections it is, counted from 0; the dialling side says it and the other repeats it.</param>
/// <param name="Site">Who speaks.</param>
/// <param name="Target">Who is meant.</param>
internal sealed record HelloPayload(long Start, long Number, string Site, string Target)
{
    private const int BytesMax = (3 * sizeof(long)) + (2 * (1 + FrameLimits.SiteBytesMax));

    public PooledBuffer Encode() => Payloads.Build(
        BytesMax,
        this,
        static (ref PayloadWriter writer, HelloPayload hello) =>
        {
            writer.WriteInt64(hello.Start);
            writer.WriteInt64(0);
            writer.WriteInt64(hello.Number);
            writer.WriteName(hello.Site);
            writer.WriteName(hello.Target);
        });

    public static HelloPayload? Decode(ReadOnlySpan<byte> payload)
    {
        var reader = new PayloadReader(payload);
        return reader.TryReadInt64(out var start)
            && reader.TryReadInt64(out _)
            && reader.TryReadInt64(out var number)
            && number >= 0
            && reader.TryReadName(FrameLimits.SiteBytesMax, out var site)
            && reader.TryReadName(FrameLimits.SiteBytesMax, out var target)
            ? new HelloPayload(start, number, site, target)
            : null;
    }
}

/// <summary>A Heartbeat's payload, and that of its reply.</summary>
/// <param name="Stamp">The asking side's clock.</param>
/// <param name="Streams">How many connections the speaker wants the link to have.</param>
internal readonly record struct HeartbeatPayload(long Stamp, int Streams)
{
    /// <summary>Zeros that may follow, so that the frame fills packets: with them it is longer than a packet of an Ethernet with jumbo frames, and leaves in one write with what follows.</summary>
    public const int PaddingBytesMax = (16 * 1024) - Bytes;

    private const int Bytes = sizeof(long) + sizeof(int);

    /// <param name="padding">How many zeros follow, to <see cref="PaddingBytesMax"/>.</param>
    public PooledBuffer Encode(int padding = 0)
    {
        var buffer = PooledBuffer.Rent(Bytes + padding);
        buffer.Span.Clear();
        var writer = new PayloadWriter(buffer.Span);
        writer.WriteInt64(Stamp);
        writer.WriteInt32(Streams);
        return buffer;
    }

    public static bool TryDecode(ReadOnlySpan<byte> payload, out HeartbeatPayload heartbeat)
    {
        var reader = new PayloadReader(payload);
        var whole = reader.TryReadInt64(out var stamp) & reader.TryReadInt32(out var streams) && payload.Length <= Bytes + PaddingBytesMax;
        heartbeat = new HeartbeatPayload(stamp, streams);
        return whole && streams >= 0 && payload[Bytes..].IndexOfAnyExcept((byte)0) < 0;
    }
}

/// <summary>Payloads of a single value: a Ready's start, a Registered's registration, a Refuse's reason.</summary>
internal static class Payloads
{
    public delegate void Fill<in T>(ref PayloadWriter writer, T value);

    /// <summary>Rents a buffer that is exactly as long as what <paramref name="fill"/> writes.</summary>
    public static PooledBuffer Build<T>(int bytesMax, T value, Fill<T> fill)
    {
        Span<byte> scratch = stackalloc byte[bytesMax];
        var writer = new PayloadWriter(scratch);
        fill(ref writer, value);
        var buffer = PooledBuffer.Rent(writer.Position);
        scratch[..writer.Position].CopyTo(buffer.Span);
        return buffer;
    }

    public static PooledBuffer EncodeNumber(long value)
        => Build(sizeof(long), value, static (ref PayloadWriter writer, long number) => writer.WriteInt64(number));

    public static bool TryDecodeNumber(ReadOnlySpan<byte> payload, out long value)
    {
        var reader = new PayloadReader(payload);
        return reader.TryReadInt64(out value) && reader.AtEnd;
    }

    public static PooledBuffer EncodeReason(string reason)
    {
        var bytes = Encoding.UTF8.GetBytes(reason);
        var length = Math.Min(bytes.Length, FrameLimits.ReasonBytesMax);
        var buffer = PooledBuffer.Rent(length);
        bytes.AsSpan(0, length).CopyTo(buffer.Span);
        return buffer;
    }

    /// <summary>A reason for people. Bytes that are no UTF-8, also at a cut, become replacement characters.</summary>
    public static string DecodeReason(ReadOnlySpan<byte> payload)
        => Encoding.UTF8.GetString(payload[..Math.Min(payload.Length, FrameLimits.ReasonBytesMax)]);

    public static PooledBuffer EncodeAddress(EndpointAddress address)
        => Build(FrameLimits.AddressBytesMax, address, static (ref PayloadWriter writer, EndpointAddress value) => writer.WriteAddress(value));

    public static bool TryDecodeAddress(ReadOnlySpan<byte> payload, out EndpointAddress address)
    {
        var reader = new PayloadReader(payload);
        return reader.TryReadAddress(out address) && reader.AtEnd;
    }
}
