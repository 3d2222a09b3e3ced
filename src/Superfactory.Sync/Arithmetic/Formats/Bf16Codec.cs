using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Superfactory.Model.Jobs;

namespace Superfactory.Sync.Arithmetic.Formats;

/// <summary>
/// The upper half of single precision: 8 bits of exponent, 7 of mantissa. Rounded to nearest, ties to even; what is beyond the
/// largest number becomes an infinity, denormals round like any other number, a NaN stays a NaN of the same sign.
/// </summary>
internal readonly partial struct Bf16Codec : INumberCodec
{
    public static NumberFormat Format => NumberFormat.Bf16;

    public static int BlockLength => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Bytes(int count) => unchecked(count * sizeof(ushort));

    public static void Encode(ReadOnlySpan<float> values, Span<byte> block)
    {
        for (var index = 0; index < values.Length; index++)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(block[(index * sizeof(ushort))..], Bf16.Nearest(values[index]));
        }
    }

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        for (var index = 0; index < values.Length; index++)
        {
            values[index] = Bf16.ToSingle(BinaryPrimitives.ReadUInt16LittleEndian(block[(index * sizeof(ushort))..]));
        }
    }
}
