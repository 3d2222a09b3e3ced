using System.Runtime.InteropServices;
using Superfactory.Model.Jobs;

namespace Superfactory.Sync.Arithmetic.Formats;

/// <summary>IEEE 754 single precision: every bit is kept.</summary>
internal readonly struct Fp32Codec : INumberCodec
{
    public static NumberFormat Format => NumberFormat.Fp32;

    public static int BlockLength => 1;

    public static int Bytes(int count) => count * sizeof(float);

    public static void Encode(ReadOnlySpan<float> values, Span<byte> block) => MemoryMarshal.AsBytes(values).CopyTo(block);

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values) => block.CopyTo(MemoryMarshal.AsBytes(values));
}
