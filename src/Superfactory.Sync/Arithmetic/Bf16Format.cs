using System.Runtime.InteropServices;
using Superfactory.Model.Jobs;

namespace Superfactory.Sync.Arithmetic;

/// <summary>
/// The upper half of single precision: 8 bits of exponent, 7 of mantissa. Rounded to nearest, ties to even; what is beyond the
/// largest number becomes an infinity, denormals round like any other number, a NaN stays a NaN of the same sign.
/// </summary>
internal sealed class Bf16Format : INumberFormat
{
    // Decoded numbers pass through a piece of stack small enough to stay in the first-level cache: 4 KiB.
    private const int DecodeChunk = 1024;

    public NumberFormat Format => NumberFormat.Bf16;

    public int BytesPerElement => sizeof(ushort);

    public int EncodedBytes(int count) => checked(count * sizeof(ushort));

    public void Encode(ReadOnlySpan<float> source, Span<byte> destination) => Encode(source, destination, VectorWidths.Widest);

    public void Decode(ReadOnlySpan<byte> source, Span<float> destination) => Decode(source, destination, VectorWidths.Widest);

    public void DecodeAccumulate(float weight, ReadOnlySpan<byte> source, Span<float> accumulator) =>
        DecodeAccumulate(weight, source, accumulator, VectorWidths.Widest);

    internal void Encode(ReadOnlySpan<float> source, Span<byte> destination, VectorWidth width)
    {
        VectorSweep.RequireEqualLengths(EncodedBytes(source.Length), destination.Length);
        RequireApart(MemoryMarshal.AsBytes(source), destination);
        var kernel = new Bf16EncodeKernel(ref MemoryMarshal.GetReference(source), ref MemoryMarshal.GetReference(destination));
        VectorSweep.Run(kernel, source.Length, width);
    }

    internal void Decode(ReadOnlySpan<byte> source, Span<float> destination, VectorWidth width)
    {
        VectorSweep.RequireEqualLengths(EncodedBytes(destination.Length), source.Length);
        RequireApart(source, MemoryMarshal.AsBytes(destination));
        var kernel = new Bf16DecodeKernel(ref MemoryMarshal.GetReference(source), ref MemoryMarshal.GetReference(destination));
        VectorSweep.Run(kernel, destination.Length, width);
    }

    internal void DecodeAccumulate(float weight, ReadOnlySpan<byte> source, Span<float> accumulator, VectorWidth width)
    {
        VectorSweep.RequireEqualLengths(EncodedBytes(accumulator.Length), source.Length);
        RequireApart(source, MemoryMarshal.AsBytes(accumulator));
        Span<float> decoded = stackalloc float[DecodeChunk];
        for (var start = 0; start < accumulator.Length; start += DecodeChunk)
        {
            var count = Math.Min(DecodeChunk, accumulator.Length - start);
            Decode(source.Slice(start * sizeof(ushort), count * sizeof(ushort)), decoded[..count], width);
            VectorMath.MultiplyAccumulate(weight, decoded[..count], accumulator.Slice(start, count), width);
        }
    }

    private static void RequireApart(ReadOnlySpan<byte> source, ReadOnlySpan<byte> destination)
    {
        if (source.Overlaps(destination))
        {
            throw new ArgumentException("Encoded and decoded numbers must be apart from each other.", nameof(destination));
        }
    }
}
