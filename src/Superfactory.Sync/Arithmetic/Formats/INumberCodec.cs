using Superfactory.Model.Jobs;

namespace Superfactory.Sync.Arithmetic.Formats;

/// <summary>
/// One number format, a block of up to <see cref="Block"/> numbers at a time. <see cref="Encode"/> and <see cref="Decode"/> are its
/// definition, written to be read; all else must give the same bits.
/// </summary>
internal interface INumberCodec
{
    /// <summary>Numbers in a block: what the codecs work on at a time, also those that encode each number by itself.</summary>
    const int Block = 64;

    /// <summary>Which format it is.</summary>
    static abstract NumberFormat Format { get; }

    /// <summary>How many neighbours are encoded together: 1 or <see cref="Block"/>.</summary>
    static abstract int BlockLength { get; }

    /// <summary>Bytes of a block of <paramref name="count"/> numbers, 0 to <see cref="Block"/>; a short one is the last.</summary>
    static abstract int Bytes(int count);

    /// <summary>Writes one block.</summary>
    static abstract void Encode(ReadOnlySpan<float> values, Span<byte> block);

    /// <summary>Reads one block.</summary>
    static abstract void Decode(ReadOnlySpan<byte> block, Span<float> values);
}
