using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Superfactory.Sync.Arithmetic;

namespace Superfactory.Sync.Merging;

/// <summary>
/// The hash of a chunk: 32 lanes of XXH64's round, so that vectors of any width keep up with memory. Word i of 64 bits goes to lane
/// i mod 32, as far as the chunk has whole stripes of 256 bytes; then lanes, rest and length are hashed by XXH64. Against damage and
/// divergence, not against an adversary.
/// </summary>
internal struct ChunkHash
{
    private const ulong Prime1 = 0x9E3779B185EBCA87;
    private const ulong Prime2 = 0xC2B2AE3D27D4EB4F;
    private const int Lanes = 32;
    private const int StripeBytes = Lanes * sizeof(ulong);
    private const int Turn = 31;

    private readonly VectorWidth _width;
    private LaneArray _lanes;
    private ContentHash _end;
    private bool _endBegun;
    private long _length;

    private ChunkHash(VectorWidth width)
    {
        _width = width;
        for (var lane = 0; lane < Lanes; lane++)
        {
            _lanes[lane] = unchecked(((ulong)lane * Prime1) + Prime2);
        }
    }

    /// <summary>The hash.</summary>
    public static ulong Of(ReadOnlySpan<byte> bytes) => Of(bytes, VectorWidths.Widest);

    /// <summary>The hash of what is appended piece by piece.</summary>
    public static ChunkHash Begin() => new(VectorWidths.Widest);

    /// <summary>The hash, with vectors up to <paramref name="width"/>.</summary>
    internal static ulong Of(ReadOnlySpan<byte> bytes, VectorWidth width)
    {
        var hash = new ChunkHash(width);
        hash.Append(bytes);
        return hash.Finish();
    }

    /// <summary>Goes on with the next bytes; each piece but the last holds whole stripes of 256.</summary>
    /// <exception cref="InvalidOperationException">A piece follows one that ended within a stripe.</exception>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (_endBegun)
        {
            throw new InvalidOperationException("A piece of a chunk that ends within a stripe is the last.");
        }

        var whole = bytes.Length / StripeBytes * StripeBytes;
        Span<ulong> lanes = _lanes;
        if (Vector512.IsHardwareAccelerated && _width >= VectorWidth.Bits512)
        {
            Take512(bytes[..whole], lanes);
        }
        else if (Vector256.IsHardwareAccelerated && _width >= VectorWidth.Bits256)
        {
            Take256(bytes[..whole], lanes);
        }
        else
        {
            TakeScalar(bytes[..whole], lanes);
        }

        _length += bytes.Length;
        if (whole < bytes.Length)
        {
            _endBegun = true;
            _end = Fold(lanes);
            _end.Append(bytes[whole..]);
        }
    }

    /// <summary>The lanes of whole stripes, for a loop that hashes what it computes: it takes whole stripes and says how many bytes they had.</summary>
    /// <param name="bytes">A multiple of 256.</param>
    [UnscopedRef]
    public Span<ulong> Extend(int bytes)
    {
        _length += bytes;
        return _lanes;
    }

    /// <summary>One round of the lanes of a vector.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ulong> Round(Vector512<ulong> lane, Vector512<ulong> word) => Round(lane, word, Vector512.Create(Prime1), Vector512.Create(Prime2));

    /// <summary>The hash of all that was appended.</summary>
    public ulong Finish()
    {
        Span<byte> length = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(length, _length);
        var hash = _endBegun ? _end : Fold(_lanes);
        hash.Append(length);
        return hash.Finish();
    }

    private static ContentHash Fold(ReadOnlySpan<ulong> lanes)
    {
        var hash = new ContentHash();
        hash.Append(MemoryMarshal.AsBytes(lanes));
        return hash;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TakeScalar(ReadOnlySpan<byte> stripes, Span<ulong> lanes)
    {
        var words = MemoryMarshal.Cast<byte, ulong>(stripes);
        for (var index = 0; index < words.Length; index++)
        {
            ref var lane = ref lanes[index % Lanes];
            lane = unchecked(BitOperations.RotateLeft(lane + (words[index] * Prime2), Turn) * Prime1);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Take256(ReadOnlySpan<byte> stripes, Span<ulong> lanes)
    {
        // Two passes of four vectors keep lanes and factors in sixteen registers.
        const int Half = Lanes / 2;
        ref var first = ref Unsafe.As<byte, ulong>(ref MemoryMarshal.GetReference(stripes));
        var (one, two) = (Vector256.Create(Prime1), Vector256.Create(Prime2));
        for (var start = 0; start < Lanes; start += Half)
        {
            ref var lane = ref lanes[start];
            var (a, b, c, d) = (Vector256.LoadUnsafe(ref lane), Vector256.LoadUnsafe(ref lane, 4), Vector256.LoadUnsafe(ref lane, 8), Vector256.LoadUnsafe(ref lane, 12));
            for (var index = start; index < stripes.Length / sizeof(ulong); index += Lanes)
            {
                ref var word = ref Unsafe.Add(ref first, index);
                a = Round(a, Vector256.LoadUnsafe(ref word), one, two);
                b = Round(b, Vector256.LoadUnsafe(ref word, 4), one, two);
                c = Round(c, Vector256.LoadUnsafe(ref word, 8), one, two);
                d = Round(d, Vector256.LoadUnsafe(ref word, 12), one, two);
            }

            a.StoreUnsafe(ref lane);
            b.StoreUnsafe(ref lane, 4);
            c.StoreUnsafe(ref lane, 8);
            d.StoreUnsafe(ref lane, 12);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Take512(ReadOnlySpan<byte> stripes, Span<ulong> lanes)
    {
        ref var first = ref Unsafe.As<byte, ulong>(ref MemoryMarshal.GetReference(stripes));
        ref var lane = ref lanes[0];
        var (one, two) = (Vector512.Create(Prime1), Vector512.Create(Prime2));
        var (a, b, c, d) = (Vector512.LoadUnsafe(ref lane), Vector512.LoadUnsafe(ref lane, 8), Vector512.LoadUnsafe(ref lane, 16), Vector512.LoadUnsafe(ref lane, 24));
        for (var index = 0; index < stripes.Length / sizeof(ulong); index += Lanes)
        {
            ref var word = ref Unsafe.Add(ref first, index);
            a = Round(a, Vector512.LoadUnsafe(ref word), one, two);
            b = Round(b, Vector512.LoadUnsafe(ref word, 8), one, two);
            c = Round(c, Vector512.LoadUnsafe(ref word, 16), one, two);
            d = Round(d, Vector512.LoadUnsafe(ref word, 24), one, two);
        }

        a.StoreUnsafe(ref lane);
        b.StoreUnsafe(ref lane, 8);
        c.StoreUnsafe(ref lane, 16);
        d.StoreUnsafe(ref lane, 24);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> Round(Vector256<ulong> lane, Vector256<ulong> word, Vector256<ulong> one, Vector256<ulong> two)
    {
        var sum = lane + (word * two);
        return ((sum << Turn) | (sum >>> (64 - Turn))) * one;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> Round(Vector512<ulong> lane, Vector512<ulong> word, Vector512<ulong> one, Vector512<ulong> two)
    {
        var sum = lane + (word * two);
        return ((sum << Turn) | (sum >>> (64 - Turn))) * one;
    }

    [InlineArray(Lanes)]
    private struct LaneArray
    {
        private ulong _first;
    }
}
