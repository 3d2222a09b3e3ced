using Superfactory.Model.Jobs;

namespace Superfactory.Sync.Arithmetic.Formats;

/// <summary>The number formats that this version speaks.</summary>
public static class NumberFormats
{
    private static readonly CodecFormat<Fp32Codec> _fp32 = new();
    private static readonly CodecFormat<Bf16Codec> _bf16 = new();
    private static readonly CodecFormat<Int8Codec> _int8 = new();
    private static readonly CodecFormat<E3m0Codec> _e3m0 = new();

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
            NumberFormat.Int8 => _int8,
            NumberFormat.E3m0 => _e3m0,
            _ => throw new ArgumentOutOfRangeException(nameof(format), format, "There is no such number format."),
        };
    }
}
