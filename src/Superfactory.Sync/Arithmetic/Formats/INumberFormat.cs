using Superfactory.Model.Jobs;

namespace Superfactory.Sync.Arithmetic.Formats;

/// <summary>
/// How numbers are written on the wire; docs/formats.md says it to the bit. A run of numbers is encoded by itself, without a header:
/// whoever reads it knows how many there are. Stateless: safe to share between threads, on spans that nobody else writes. The same
/// bytes and numbers come out on every machine, whatever the width of its vectors. Encoded and decoded spans must be apart from each
/// other and of the lengths that <see cref="EncodedBytes"/> gives, or <see cref="ArgumentException"/> is thrown; no content of a
/// span is ever refused.
/// </summary>
public interface INumberFormat
{
    /// <summary>Which format it is.</summary>
    NumberFormat Format { get; }

    /// <summary>
    /// How many neighbours are encoded together: 1, or 64 in formats of blocks. Numbers cut at multiples of it and encoded piece by
    /// piece give the bytes of the whole, so that any such cut can be encoded, sent and decoded by itself.
    /// </summary>
    int BlockLength { get; }

    /// <summary>How many bytes <paramref name="count"/> numbers take.</summary>
    /// <exception cref="OverflowException">More than 2 GiB; encode in chunks.</exception>
    int EncodedBytes(int count);

    /// <summary>Writes <paramref name="source"/>.</summary>
    void Encode(ReadOnlySpan<float> source, Span<byte> destination);

    /// <summary>Writes <c>source[i] + residual[i]</c>, each sum rounded to single precision: the encoding of error feedback.</summary>
    void EncodeSum(ReadOnlySpan<float> source, ReadOnlySpan<float> residual, Span<byte> destination);

    /// <summary>Reads back what was written. Formats of blocks give finite numbers whatever the bytes are.</summary>
    void Decode(ReadOnlySpan<byte> source, Span<float> destination);

    /// <summary>
    /// <c>accumulator[i] = accumulator[i] + (weight * decoded[i])</c> in one pass: the same bits as
    /// <see cref="Decode"/> followed by <see cref="VectorMath.MultiplyAccumulate(float, ReadOnlySpan{float}, Span{float})"/>.
    /// </summary>
    void DecodeAccumulate(float weight, ReadOnlySpan<byte> source, Span<float> accumulator);

    /// <summary>
    /// <c>mean[i] = (0 + (firstWeight * first[i])) + (secondWeight * second[i])</c> in one pass: the same bits as zeros that
    /// <see cref="DecodeAccumulate"/> adds first and then second to.
    /// </summary>
    void Mean(float firstWeight, ReadOnlySpan<byte> first, float secondWeight, ReadOnlySpan<byte> second, Span<float> mean);

    /// <summary>The header numbers of <paramref name="source"/> once it is encoded, in one pass that writes nothing.</summary>
    HeaderNumbers Measure(ReadOnlySpan<float> source);

    /// <summary>The header numbers of what <see cref="EncodeSum"/> writes, in one pass that writes nothing.</summary>
    HeaderNumbers MeasureSum(ReadOnlySpan<float> source, ReadOnlySpan<float> residual);

    /// <summary>
    /// The header numbers of <paramref name="count"/> encoded numbers: those of <see cref="Measure"/> to the bit, wherever that
    /// counted no non-finite one.
    /// </summary>
    HeaderNumbers MeasureEncoded(ReadOnlySpan<byte> source, int count);

    /// <summary>
    /// <c>residual[i] = (source[i] + residual[i]) - decoded[i]</c>: what encoding lost, to be added to what is encoded next.
    /// <paramref name="encoded"/> is what <see cref="EncodeSum"/> wrote of the same source and residual.
    /// </summary>
    void AdvanceResidual(ReadOnlySpan<float> source, ReadOnlySpan<byte> encoded, Span<float> residual);
}
