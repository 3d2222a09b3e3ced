using System.Runtime.InteropServices;
using Superfactory.Model.Jobs;

namespace Superfactory.Sync.Arithmetic;

/// <summary>IEEE 754 single precision: every bit is kept.</summary>
internal sealed class Fp32Format : INumberFormat
{
    public NumberFormat Format => NumberFormat.Fp32;

    public int BytesPerElement => sizeof(float);

    public int EncodedBytes(int count) => checked(count * sizeof(float));

    public void Encode(ReadOnlySpan<float> source, Span<byte> destination)
    {
        VectorSweep.RequireEqualLengths(EncodedBytes(source.Length), destination.Length);
        MemoryMarshal.AsBytes(source).CopyTo(destination);
    }

    public void Decode(ReadOnlySpan<byte> source, Span<float> destination)
    {
        VectorSweep.RequireEqualLengths(EncodedBytes(destination.Length), source.Length);
        source.CopyTo(MemoryMarshal.AsBytes(destination));
    }

    public void DecodeAccumulate(float weight, ReadOnlySpan<byte> source, Span<float> accumulator)
    {
        VectorSweep.RequireEqualLengths(EncodedBytes(accumulator.Length), source.Length);
        VectorMath.MultiplyAccumulate(weight, MemoryMarshal.Cast<byte, float>(source), accumulator);
    }
}
