using Superfactory.Wan.Frames;

namespace Superfactory.Wan.Links;

/// <summary>
/// How two gateways make a connection part of their link. The dialling side says Hello, the other answers with its own, the dialling
/// side says Ready: only then the connection takes the place of one that may be there already, so that one which breaks in between
/// changes nothing.
/// </summary>
internal static class Handshake
{
    /// <summary>Sends a Hello.</summary>
    public static ValueTask SendHelloAsync(FramedStream connection, HelloPayload hello, CancellationToken cancellationToken)
        => connection.SendAsync(FrameType.Hello, hello.Encode(), cancellationToken);

    /// <summary>Reads the other side's Hello.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="self">This site.</param>
    /// <param name="peer">Who it should be; null where anyone may be it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async ValueTask<Heard> ReadHelloAsync(FramedStream connection, string self, string? peer, CancellationToken cancellationToken)
    {
        var read = await connection.Reader.ReadAsync(cancellationToken);
        if (read.Payload is not { } payload)
        {
            return new Heard(null, NoFrame(read.Refusal));
        }

        try
        {
            return read.Header.Type switch
            {
                FrameType.Hello => Check(read.Header.Version, HelloPayload.Decode(payload.Span), self, peer),
                FrameType.Refuse => new Heard(null, new LinkEnd(LinkEndKind.PeerRefused, Payloads.DecodeReason(payload.Span))),
                _ => new Heard(null, new LinkEnd(LinkEndKind.FrameRefused, FrameRefusals.Describe(FrameRefusal.Unexpected))),
            };
        }
        finally
        {
            payload.Release();
        }
    }

    /// <summary>Reads the Ready that names this side's start.</summary>
    /// <returns>Null where it came.</returns>
    public static async ValueTask<LinkEnd?> ReadReadyAsync(FramedStream connection, long start, CancellationToken cancellationToken)
    {
        var read = await connection.Reader.ReadAsync(cancellationToken);
        if (read.Payload is not { } payload)
        {
            return NoFrame(read.Refusal);
        }

        try
        {
            if (read.Header.Type == FrameType.Ready && Payloads.TryDecodeNumber(payload.Span, out var ready) && ready == start)
            {
                return null;
            }

            return read.Header.Type == FrameType.Refuse
                ? new LinkEnd(LinkEndKind.PeerRefused, Payloads.DecodeReason(payload.Span))
                : new LinkEnd(LinkEndKind.FrameRefused, FrameRefusals.Describe(FrameRefusal.Unexpected));
        }
        finally
        {
            payload.Release();
        }
    }

    private static Heard Check(byte version, HelloPayload? hello, string self, string? peer)
    {
        if (hello is null)
        {
            return new Heard(null, new LinkEnd(LinkEndKind.FrameRefused, FrameRefusals.Describe(FrameRefusal.Payload)));
        }

        var refused = version != FrameHeader.ProtocolVersion
            ? $"site {hello.Site} speaks protocol {version}, this gateway speaks {FrameHeader.ProtocolVersion}"
            : hello.Target != self ? $"site {hello.Site} looks for site {hello.Target}, but this is the gateway of site {self}"
            : peer is not null && hello.Site != peer ? $"where the gateway of site {peer} should be, that of site {hello.Site} answers"
            : null;
        return new Heard(hello, refused is null ? null : new LinkEnd(LinkEndKind.PeerRefused, refused));
    }

    private static LinkEnd NoFrame(FrameRefusal refusal) => refusal == FrameRefusal.None
        ? new LinkEnd(LinkEndKind.Closed, "the other side closed the connection during the handshake")
        : new LinkEnd(LinkEndKind.FrameRefused, FrameRefusals.Describe(refusal));

    /// <summary>A Hello, and what is wrong with it; it may be there although something is wrong.</summary>
    internal sealed record Heard(HelloPayload? Hello, LinkEnd? Refused);
}
