using System.Runtime.InteropServices;
using Superfactory.Model.Jobs;

namespace Superfactory.Sync.Arithmetic.Formats;

/// <summary>A number format made of its codec: checks lengths and cuts what is given into blocks.</summary>
internal sealed class CodecFormat<TCodec> : INumberFormat
    where TCodec : struct, INumberCodec
{
    // What is computed on the way passes through pieces of stack that stay in the first-level cache: 4 KiB of numbers. A multiple of
    // every block, and of the lanes of the sum of squares.
    private const int Piece = 1024;

    public NumberFormat Format => TCodec.Format;

    public int BlockLength => TCodec.BlockLength;

    public int EncodedBytes(int count) =>
        checked((count / INumberCodec.Block * TCodec.Bytes(INumberCodec.Block)) + TCodec.Bytes(count % INumberCodec.Block));

    public void Encode(ReadOnlySpan<float> source, Span<byte> destination) => Encode(source, destination, VectorWidths.Widest);

    public void EncodeSum(ReadOnlySpan<float> source, ReadOnlySpan<float> residual, Span<byte> destination) =>
        EncodeSum(source, residual, destination, VectorWidths.Widest);

    public void Decode(ReadOnlySpan<byte> source, Span<float> destination) => Decode(source, destination, VectorWidths.Widest);

    public void DecodeAccumulate(float weight, ReadOnlySpan<byte> source, Span<float> accumulator) =>
        DecodeAccumulate(weight, source, accumulator, VectorWidths.Widest);

    public void Mean(float firstWeight, ReadOnlySpan<byte> first, float secondWeight, ReadOnlySpan<byte> second, Span<float> mean) =>
        Mean(firstWeight, first, secondWeight, second, mean, VectorWidths.Widest);

    public HeaderNumbers Measure(ReadOnlySpan<float> source) => Measure(source, default, VectorWidths.Widest);

    public HeaderNumbers MeasureSum(ReadOnlySpan<float> source, ReadOnlySpan<float> residual)
    {
        VectorSweep.RequireEqualLengths(source.Length, residual.Length);
        return Measure(source, residual, VectorWidths.Widest);
    }

    public HeaderNumbers MeasureEncoded(ReadOnlySpan<byte> source, int count) => MeasureEncoded(source, count, VectorWidths.Widest);

    public void AdvanceResidual(ReadOnlySpan<float> source, ReadOnlySpan<byte> encoded, Span<float> residual) =>
        AdvanceResidual(source, encoded, residual, VectorWidths.Widest);

    internal void Encode(ReadOnlySpan<float> source, Span<byte> destination, VectorWidth width)
    {
        Require(source, destination);
        if (typeof(TCodec) == typeof(Fp32Codec))
        {
            MemoryMarshal.AsBytes(source).CopyTo(destination);
        }
        else
        {
            CodecSweep.Encode<TCodec>(source, destination, width);
        }
    }

    internal void EncodeSum(ReadOnlySpan<float> source, ReadOnlySpan<float> residual, Span<byte> destination, VectorWidth width)
    {
        VectorSweep.RequireEqualLengths(source.Length, residual.Length);
        VectorSweep.RequireEqualLengths(EncodedBytes(source.Length), destination.Length);
        Span<float> sums = stackalloc float[Piece];
        for (var start = 0; start < source.Length; start += Piece)
        {
            var count = Math.Min(Piece, source.Length - start);
            VectorMath.Add(source.Slice(start, count), residual.Slice(start, count), sums[..count], width);
            Encode(sums[..count], destination[..EncodedBytes(count)], width);
            destination = destination[EncodedBytes(count)..];
        }
    }

    internal void Decode(ReadOnlySpan<byte> source, Span<float> destination, VectorWidth width)
    {
        Require(destination, source);
        if (typeof(TCodec) == typeof(Fp32Codec))
        {
            source.CopyTo(MemoryMarshal.AsBytes(destination));
        }
        else
        {
            CodecSweep.Read<TCodec, StoreSink>(source, destination.Length, new StoreSink(ref MemoryMarshal.GetReference(destination)), width);
        }
    }

    internal void DecodeAccumulate(float weight, ReadOnlySpan<byte> source, Span<float> accumulator, VectorWidth width)
    {
        Require(accumulator, source);
        var sink = new AccumulateSink(weight, ref MemoryMarshal.GetReference(accumulator));
        CodecSweep.Read<TCodec, AccumulateSink>(source, accumulator.Length, sink, width);
    }

    internal void Mean(
        float firstWeight, ReadOnlySpan<byte> first, float secondWeight, ReadOnlySpan<byte> second, Span<float> mean, VectorWidth width)
    {
        Require(mean, first);
        Require(mean, second);
        CodecSweep.Mean<TCodec>(firstWeight, first, secondWeight, second, mean, width);
    }

    /// <summary>An empty <paramref name="residual"/> stands for zeros.</summary>
    internal HeaderNumbers Measure(ReadOnlySpan<float> source, ReadOnlySpan<float> residual, VectorWidth width)
    {
        var sum = new HeaderSum(width);
        if (typeof(TCodec) == typeof(Fp32Codec) && residual.IsEmpty)
        {
            // Nothing is kept of a piece, so that there is none.
            sum.Add(source);
            return sum.Total();
        }

        Span<float> numbers = stackalloc float[Piece];
        Span<byte> encoded = stackalloc byte[EncodedBytes(Piece)];
        for (var start = 0; start < source.Length; start += Piece)
        {
            scoped var piece = source.Slice(start, Math.Min(Piece, source.Length - start));
            if (!residual.IsEmpty)
            {
                VectorMath.Add(piece, residual.Slice(start, piece.Length), numbers[..piece.Length], width);
                piece = numbers[..piece.Length];
            }

            if (typeof(TCodec) == typeof(Fp32Codec))
            {
                sum.Add(piece);
                continue;
            }

            if (BlockLength > 1)
            {
                // Blocks are written as finite numbers whatever they hold: what was not finite shows only before.
                sum.CountNonFinite(piece);
            }

            Encode(piece, encoded[..EncodedBytes(piece.Length)], width);
            Decode(encoded[..EncodedBytes(piece.Length)], numbers[..piece.Length], width);
            sum.Add(numbers[..piece.Length]);
        }

        return sum.Total();
    }

    internal HeaderNumbers MeasureEncoded(ReadOnlySpan<byte> source, int count, VectorWidth width)
    {
        VectorSweep.RequireEqualLengths(EncodedBytes(count), source.Length);
        Span<float> numbers = stackalloc float[Piece];
        var sum = new HeaderSum(width);
        for (var left = count; left > 0; left -= Piece)
        {
            var piece = numbers[..Math.Min(Piece, left)];
            var bytes = source[..EncodedBytes(piece.Length)];
            if (typeof(TCodec) == typeof(Fp32Codec))
            {
                sum.Add(MemoryMarshal.Cast<byte, float>(bytes));
            }
            else
            {
                Decode(bytes, piece, width);
                sum.Add(piece);
            }

            source = source[bytes.Length..];
        }

        return sum.Total();
    }

    internal void AdvanceResidual(ReadOnlySpan<float> source, ReadOnlySpan<byte> encoded, Span<float> residual, VectorWidth width)
    {
        VectorSweep.RequireEqualLengths(source.Length, residual.Length);
        Require(residual, encoded);
        VectorSweep.RequireSameOrApart(source, residual);
        var sink = new ResidualSink(ref MemoryMarshal.GetReference(source), ref MemoryMarshal.GetReference(residual));
        CodecSweep.Read<TCodec, ResidualSink>(encoded, residual.Length, sink, width);
    }

    private void Require(ReadOnlySpan<float> numbers, ReadOnlySpan<byte> encoded)
    {
        VectorSweep.RequireEqualLengths(EncodedBytes(numbers.Length), encoded.Length);
        if (MemoryMarshal.AsBytes(numbers).Overlaps(encoded))
        {
            throw new ArgumentException("Encoded and decoded numbers must be apart from each other.", nameof(encoded));
        }
    }
}
