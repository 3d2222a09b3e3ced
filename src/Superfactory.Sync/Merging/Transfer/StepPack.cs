using System.Buffers.Binary;
using System.Collections.Immutable;

namespace Superfactory.Sync.Merging.Transfer;

/// <summary>
/// Steps on their way to an island that follows: a count (4 bytes); of each step its round, the chains before and after it, its length (8 each)
/// and its bytes; then the length of the rest (8, -1 for none) and its bytes. Little-endian.
/// </summary>
/// <param name="Steps">The steps, in their order.</param>
/// <param name="Rest">What else belongs to the boundary after them; null where it was not asked for.</param>
internal sealed record StepPack(ImmutableArray<KeptStep> Steps, ReadOnlyMemory<byte>? Rest)
{
    private const int StepHead = 32;

    /// <summary>The bytes around steps and rest, at most.</summary>
    public const int Overhead = 4 + (StepHead * MergeLimits.StepsKeptMax) + 8;

    /// <summary>The steps' bytes alone.</summary>
    public ImmutableArray<ReadOnlyMemory<byte>> Bytes => [.. Steps.Select(static step => step.Bytes)];

    /// <summary>Puts steps into one array.</summary>
    public static byte[] Write(ImmutableArray<KeptStep> steps, ReadOnlyMemory<byte>? rest)
    {
        var packed = GC.AllocateUninitializedArray<byte>(checked(4 + steps.Sum(static step => StepHead + step.Bytes.Length) + 8 + (rest?.Length ?? 0)));
        BinaryPrimitives.WriteInt32LittleEndian(packed, steps.Length);
        var at = 4;
        foreach (var step in steps)
        {
            var head = packed.AsSpan(at);
            BinaryPrimitives.WriteInt64LittleEndian(head, step.Round);
            BinaryPrimitives.WriteUInt64LittleEndian(head[8..], step.Before);
            BinaryPrimitives.WriteUInt64LittleEndian(head[16..], step.After);
            BinaryPrimitives.WriteInt64LittleEndian(head[24..], step.Bytes.Length);
            step.Bytes.Span.CopyTo(head[StepHead..]);
            at += StepHead + step.Bytes.Length;
        }

        BinaryPrimitives.WriteInt64LittleEndian(packed.AsSpan(at), rest?.Length ?? -1);
        rest?.Span.CopyTo(packed.AsSpan(at + 8));
        return packed;
    }

    /// <summary>Reads what a peer's <see cref="Write"/> gave, without copying it; null where it is no such thing, or a round is missing between two.</summary>
    public static StepPack? Read(ReadOnlyMemory<byte> packed)
    {
        if (packed.Length < 4 || BinaryPrimitives.ReadInt32LittleEndian(packed.Span) is not (>= 0 and <= MergeLimits.StepsKeptMax and var count))
        {
            return null;
        }

        var (steps, at) = (ImmutableArray.CreateBuilder<KeptStep>(count), 4);
        for (var index = 0; index < count; index++)
        {
            var head = packed.Span[at..];
            if (head.Length < StepHead || BinaryPrimitives.ReadInt64LittleEndian(head[24..]) is not (> 0 and var length) || length > head.Length - StepHead)
            {
                return null;
            }

            var (round, before, after) = (BinaryPrimitives.ReadInt64LittleEndian(head), BinaryPrimitives.ReadUInt64LittleEndian(head[8..]), BinaryPrimitives.ReadUInt64LittleEndian(head[16..]));
            if (index > 0 && (steps[^1].Round + 1 != round || steps[^1].After != before))
            {
                return null;
            }

            steps.Add(new KeptStep(round, before, after, packed.Slice(at + StepHead, (int)length)));
            at += StepHead + (int)length;
        }

        var end = packed.Span[at..];
        if (end.Length < 8 || BinaryPrimitives.ReadInt64LittleEndian(end) is not (>= -1 and var rest) || Math.Max(rest, 0) != end.Length - 8)
        {
            return null;
        }

        return new StepPack(steps.MoveToImmutable(), rest < 0 ? null : (ReadOnlyMemory<byte>?)packed[(at + 8)..]);
    }
}
