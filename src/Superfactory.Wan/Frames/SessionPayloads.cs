using System.Collections.Immutable;

namespace Superfactory.Wan.Frames;

/// <summary>
/// An Open's payload, 25 bytes: how two gateways agree on their session, end to end. A session is a pair of incarnations; a side
/// that draws a new one begins a new session.
/// </summary>
/// <param name="Start">Names the speaker's start: another process has another number.</param>
/// <param name="Incarnation">The speaker's half of the session.</param>
/// <param name="Known">The other half as the speaker knows it; 0 where it does not.</param>
/// <param name="WantsReply">Whether the speaker has not heard yet that the other one knows its half.</param>
internal readonly record struct OpenPayload(long Start, long Incarnation, long Known, bool WantsReply)
{
    public PooledBuffer Encode() => Payloads.Build(
        (3 * sizeof(long)) + 1,
        this,
        static (ref PayloadWriter writer, OpenPayload open) =>
        {
            writer.WriteInt64(open.Start);
            writer.WriteInt64(open.Incarnation);
            writer.WriteInt64(open.Known);
            writer.WriteByte(open.WantsReply ? (byte)1 : (byte)0);
        });

    public static bool TryDecode(ReadOnlySpan<byte> payload, out OpenPayload open)
    {
        var reader = new PayloadReader(payload);
        open = default;
        if (!reader.TryReadInt64(out var start)
            || !reader.TryReadInt64(out var incarnation)
            || incarnation == 0
            || !reader.TryReadInt64(out var known)
            || !reader.TryReadByte(out var wants)
            || wants > 1
            || !reader.AtEnd)
        {
            return false;
        }

        open = new OpenPayload(start, incarnation, known, wants == 1);
        return true;
    }
}

/// <summary>Numbers that arrived beyond the first gap.</summary>
/// <param name="Skipped">How many are missing, or told before, since the range before it, or since the last number received in order.</param>
/// <param name="Count">How many arrived one after the other.</param>
internal readonly record struct AckRange(int Skipped, int Count);

/// <summary>
/// An Acknowledge's payload: the highest number received with all before it, 8 bytes; how many ranges follow, 1 byte; each range as
/// two numbers of 4 bytes.
/// </summary>
/// <param name="Cumulative">The highest number received with all before it.</param>
/// <param name="Ranges">What arrived beyond; at most <see cref="RangesMax"/>. What does not fit is told later.</param>
internal readonly record struct AckPayload(long Cumulative, ImmutableArray<AckRange> Ranges)
{
    /// <summary>The most ranges: 64 of 8 bytes are 512 bytes.</summary>
    public const int RangesMax = 64;

    public PooledBuffer Encode() => Payloads.Build(
        sizeof(long) + 1 + (RangesMax * 2 * sizeof(int)),
        this,
        static (ref PayloadWriter writer, AckPayload ack) =>
        {
            writer.WriteInt64(ack.Cumulative);
            writer.WriteByte(checked((byte)ack.Ranges.Length));
            foreach (var range in ack.Ranges)
            {
                writer.WriteInt32(range.Skipped);
                writer.WriteInt32(range.Count);
            }
        });

    public static bool TryDecode(ReadOnlySpan<byte> payload, out AckPayload ack)
    {
        var reader = new PayloadReader(payload);
        ack = default;
        if (!reader.TryReadInt64(out var cumulative) || cumulative < 0 || !reader.TryReadByte(out var count) || count > RangesMax)
        {
            return false;
        }

        var ranges = ImmutableArray.CreateBuilder<AckRange>(count);
        for (var index = 0; index < count; index++)
        {
            if (!reader.TryReadInt32(out var skipped) || !reader.TryReadInt32(out var length) || skipped < 1 || length < 1)
            {
                return false;
            }

            ranges.Add(new AckRange(skipped, length));
        }

        ack = new AckPayload(cumulative, ranges.MoveToImmutable());
        return reader.AtEnd;
    }
}
