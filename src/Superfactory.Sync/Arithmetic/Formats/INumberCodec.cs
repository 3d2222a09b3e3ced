using System.Runtime.Intrinsics;
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

    /// <summary>Writes one block of 1 to <see cref="Block"/> numbers.</summary>
    static abstract void Encode(ReadOnlySpan<float> values, Span<byte> block);

    /// <summary>Reads one block of 1 to <see cref="Block"/> numbers.</summary>
    static abstract void Decode(ReadOnlySpan<byte> block, Span<float> values);

    /// <summary>Writes a whole block, with vectors of 128 bits.</summary>
    static abstract void Encode128(ref float source, ref byte block);

    /// <summary>What reading a block needs of its scale.</summary>
    static abstract Vector128<float> Prepare128(ref byte block);

    /// <summary>Reads 4 neighbours of a whole block, the first of them at <paramref name="index"/>.</summary>
    static abstract Vector128<float> Read128(ref byte block, Vector128<float> prepared, nuint index);

    /// <summary>Writes a whole block, with vectors of 256 bits.</summary>
    static abstract void Encode256(ref float source, ref byte block);

    /// <summary>What reading a block needs of its scale.</summary>
    static abstract Vector256<float> Prepare256(ref byte block);

    /// <summary>Reads 8 neighbours of a whole block, the first of them at <paramref name="index"/>.</summary>
    static abstract Vector256<float> Read256(ref byte block, Vector256<float> prepared, nuint index);

    /// <summary>Writes a whole block, with vectors of 512 bits.</summary>
    static abstract void Encode512(ref float source, ref byte block);

    /// <summary>What reading a block needs of its scale.</summary>
    static abstract Vector512<float> Prepare512(ref byte block);

    /// <summary>Reads 16 neighbours of a whole block, the first of them at <paramref name="index"/>.</summary>
    static abstract Vector512<float> Read512(ref byte block, Vector512<float> prepared, nuint index);
}
