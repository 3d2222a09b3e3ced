using Superfactory.Model.Wan;

namespace Superfactory.Wan.Frames;

/// <summary>An endpoint in one registration of it. The payload of EndpointUp and EndpointDown: 8 bytes of registration, then the address.</summary>
internal readonly record struct RegisteredEndpoint(EndpointAddress Address, long Registration)
{
    private const int BytesMax = sizeof(long) + FrameLimits.AddressBytesMax;

    public PooledBuffer Encode() => Payloads.Build(
        BytesMax,
        this,
        static (ref PayloadWriter writer, RegisteredEndpoint endpoint) =>
        {
            writer.WriteInt64(endpoint.Registration);
            writer.WriteAddress(endpoint.Address);
        });

    public static bool TryDecode(ReadOnlySpan<byte> payload, out RegisteredEndpoint endpoint)
    {
        var reader = new PayloadReader(payload);
        endpoint = default;
        if (!reader.TryReadInt64(out var registration) || !reader.TryReadAddress(out var address) || !reader.AtEnd)
        {
            return false;
        }

        endpoint = new RegisteredEndpoint(address, registration);
        return true;
    }
}

/// <summary>
/// Who sends to whom, in front of every message: both registrations, 8 bytes each, then both addresses. Gateways pass a message's
/// payload on as it is, from the sender's socket to the receiver's.
/// </summary>
internal readonly record struct Envelope(RegisteredEndpoint From, RegisteredEndpoint To)
{
    public int Write(Span<byte> destination)
    {
        var writer = new PayloadWriter(destination);
        Write(ref writer);
        return writer.Position;
    }

    public void Write(ref PayloadWriter writer)
    {
        writer.WriteInt64(From.Registration);
        writer.WriteInt64(To.Registration);
        writer.WriteAddress(From.Address);
        writer.WriteAddress(To.Address);
    }

    /// <summary>Reads the envelope at the front of a payload.</summary>
    /// <param name="payload">The payload.</param>
    /// <param name="envelope">What it says.</param>
    /// <param name="length">Where the rest begins.</param>
    public static bool TryDecode(ReadOnlySpan<byte> payload, out Envelope envelope, out int length)
    {
        var reader = new PayloadReader(payload);
        envelope = default;
        length = 0;
        if (!reader.TryReadInt64(out var from)
            || !reader.TryReadInt64(out var to)
            || !reader.TryReadAddress(out var fromAddress)
            || !reader.TryReadAddress(out var toAddress))
        {
            return false;
        }

        envelope = new Envelope(new RegisteredEndpoint(fromAddress, from), new RegisteredEndpoint(toAddress, to));
        length = reader.Position;
        return true;
    }
}

/// <summary>
/// What a Credit says: the receiver, <see cref="Envelope.To"/>, took this many payload bytes of one class from the sender,
/// <see cref="Envelope.From"/>. An envelope, one byte of class, 8 bytes of count.
/// </summary>
internal readonly record struct CreditPayload(Envelope Flow, TrafficClass Class, long Bytes)
{
    private const int BytesMax = FrameLimits.EnvelopeBytesMax + 1 + sizeof(long);

    public PooledBuffer Encode() => Payloads.Build(
        BytesMax,
        this,
        static (ref PayloadWriter writer, CreditPayload credit) =>
        {
            credit.Flow.Write(ref writer);
            writer.WriteByte((byte)credit.Class);
            writer.WriteInt64(credit.Bytes);
        });

    public static bool TryDecode(ReadOnlySpan<byte> payload, out CreditPayload credit)
    {
        credit = default;
        if (!Envelope.TryDecode(payload, out var flow, out var length))
        {
            return false;
        }

        var reader = new PayloadReader(payload[length..]);
        if (!reader.TryReadByte(out var trafficClass)
            || trafficClass > (byte)TrafficClass.Bulk
            || !reader.TryReadInt64(out var bytes)
            || bytes <= 0
            || !reader.AtEnd)
        {
            return false;
        }

        credit = new CreditPayload(flow, (TrafficClass)trafficClass, bytes);
        return true;
    }
}
