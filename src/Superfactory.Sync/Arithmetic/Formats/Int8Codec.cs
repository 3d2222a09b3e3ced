using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Superfactory.Model.Jobs;

namespace Superfactory.Sync.Arithmetic.Formats;

/// <summary>
/// Blocks of 64 whole numbers from −127 to 127, each times the block's step. A block is the step in bf16, two bytes little-endian,
/// and a byte of two's complement for each number.
/// </summary>
internal readonly partial struct Int8Codec : INumberCodec
{
    /// <summary>The bytes of the step.</summary>
    public const int StepBytes = sizeof(ushort);

    /// <summary>The largest code.</summary>
    public const int CodeMax = 127;

    /// <summary>The largest step, 2^121 × (1 + 2^−7): 127 of the next would be no finite single any more.</summary>
    public const ushort StepMax = 0x7C01;

    public static NumberFormat Format => NumberFormat.Int8;

    public static int BlockLength => INumberCodec.Block;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Bytes(int count) => count == 0 ? 0 : unchecked(StepBytes + count);

    public static void Encode(ReadOnlySpan<float> values, Span<byte> block)
    {
        var largest = 0f;
        foreach (var value in values)
        {
            largest = Math.Max(largest, Math.Abs(Finite.Of(value)));
        }

        var pattern = StepOf(largest);
        BinaryPrimitives.WriteUInt16LittleEndian(block, pattern);
        var step = Bf16.ToSingle(pattern);
        for (var index = 0; index < values.Length; index++)
        {
            // No quotient is a half over 127, and rounding it to single precision first changes no code: docs/formats.md has the proof.
            var code = pattern == 0 ? 0 : MathF.Round(Finite.Of(values[index]) / step, MidpointRounding.ToEven);
            block[StepBytes + index] = unchecked((byte)(sbyte)code);
        }
    }

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        var step = StepFrom(BinaryPrimitives.ReadUInt16LittleEndian(block));
        for (var index = 0; index < values.Length; index++)
        {
            values[index] = step * Math.Max((sbyte)-CodeMax, unchecked((sbyte)block[StepBytes + index]));
        }
    }

    /// <summary>The step of a block whose largest magnitude is <paramref name="largest"/>: a 127th of it, rounded to single precision and up to bf16.</summary>
    public static ushort StepOf(float largest) => Math.Min(Bf16.AtLeast(largest / CodeMax), StepMax);

    /// <summary>A step as it was read: zero where no encoder writes it, that is negative, not finite or over <see cref="StepMax"/>.</summary>
    public static float StepFrom(ushort pattern) => pattern > StepMax ? 0 : Bf16.ToSingle(pattern);
}
