using Superfactory.Model.Jobs;

namespace Superfactory.Sync.Arithmetic;

/// <summary>
/// How numbers are written on the wire, little-endian and without a header. Stateless: safe to share between threads. Elements are
/// encoded each by itself, so that any cut between elements gives the same bytes.
/// </summary>
public interface INumberFormat
{
    /// <summary>Which format it is.</summary>
    NumberFormat Format { get; }

    /// <summary>How many bytes an element takes.</summary>
    int BytesPerElement { get; }

    /// <summary>How many bytes <paramref name="count"/> elements take.</summary>
    /// <exception cref="OverflowException">More than 2 GiB; encode in chunks.</exception>
    int EncodedBytes(int count);

    /// <summary>Writes <paramref name="source"/>; <paramref name="destination"/> is exactly as long as <see cref="EncodedBytes"/> says.</summary>
    void Encode(ReadOnlySpan<float> source, Span<byte> destination);

    /// <summary>Reads back what <see cref="Encode"/> wrote; <paramref name="source"/> is exactly as long as <see cref="EncodedBytes"/> says.</summary>
    void Decode(ReadOnlySpan<byte> source, Span<float> destination);

    /// <summary>
    /// <c>accumulator[i] = accumulator[i] + (weight * decoded[i])</c> without keeping the decoded numbers: the same bits as
    /// <see cref="Decode"/> followed by <see cref="VectorMath.MultiplyAccumulate(float, ReadOnlySpan{float}, Span{float})"/>.
    /// </summary>
    void DecodeAccumulate(float weight, ReadOnlySpan<byte> source, Span<float> accumulator);
}

/// <summary>The number formats that this version speaks.</summary>
public static class NumberFormats
{
    private static readonly Fp32Format _fp32 = new();
    private static readonly Bf16Format _bf16 = new();

    /// <summary>The codec of <paramref name="format"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No such format.</exception>
    /// <exception cref="PlatformNotSupportedException">The machine is big-endian; tensors are shared with the trainer in its own byte order.</exception>
    public static INumberFormat Get(NumberFormat format)
    {
        if (!BitConverter.IsLittleEndian)
        {
            throw new PlatformNotSupportedException("Superfactory runs on little-endian machines only.");
        }

        return format switch
        {
            NumberFormat.Fp32 => _fp32,
            NumberFormat.Bf16 => _bf16,
            _ => throw new ArgumentOutOfRangeException(nameof(format), format, "There is no such number format."),
        };
    }
}
