using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Superfactory.Sync.Arithmetic.Formats;

/// <summary>
/// Drives a codec over all blocks, with vectors up to a width; the last, short block goes to the codec's definition. Callers have
/// checked that every span is as long as it has to be.
/// </summary>
// Compiled in full at the first call: a merge comes every few seconds, and a quick first version would take many times as long.
internal static class CodecSweep
{
    private const int Block = INumberCodec.Block;

    /// <summary>Writes numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Encode<TCodec>(ReadOnlySpan<float> source, Span<byte> destination, VectorWidth width)
        where TCodec : struct, INumberCodec
    {
        var blocks = source.Length / Block;
        ref var from = ref MemoryMarshal.GetReference(source);
        ref var to = ref MemoryMarshal.GetReference(destination);
        if (Vector512.IsHardwareAccelerated && width >= VectorWidth.Bits512)
        {
            for (var index = 0; index < blocks; index++)
            {
                TCodec.Encode512(ref from, ref to);
                from = ref Unsafe.Add(ref from, Block);
                to = ref Unsafe.AddByteOffset(ref to, TCodec.Bytes(Block));
            }
        }
        else if (Vector256.IsHardwareAccelerated && width >= VectorWidth.Bits256)
        {
            for (var index = 0; index < blocks; index++)
            {
                TCodec.Encode256(ref from, ref to);
                from = ref Unsafe.Add(ref from, Block);
                to = ref Unsafe.AddByteOffset(ref to, TCodec.Bytes(Block));
            }
        }
        else if (Vector128.IsHardwareAccelerated && width >= VectorWidth.Bits128)
        {
            for (var index = 0; index < blocks; index++)
            {
                TCodec.Encode128(ref from, ref to);
                from = ref Unsafe.Add(ref from, Block);
                to = ref Unsafe.AddByteOffset(ref to, TCodec.Bytes(Block));
            }
        }
        else
        {
            for (var index = 0; index < blocks; index++)
            {
                TCodec.Encode(source.Slice(index * Block, Block), destination.Slice(index * TCodec.Bytes(Block), TCodec.Bytes(Block)));
            }
        }

        if (source.Length > blocks * Block)
        {
            TCodec.Encode(source[(blocks * Block)..], destination[(blocks * TCodec.Bytes(Block))..]);
        }
    }

    /// <summary>Reads <paramref name="count"/> numbers into a sink.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Read<TCodec, TSink>(ReadOnlySpan<byte> source, int count, TSink sink, VectorWidth width)
        where TCodec : struct, INumberCodec
        where TSink : struct, INumberSink, allows ref struct
    {
        unchecked
        {
            nuint index = 0;
            var end = (nuint)(count / Block * Block);
            ref var block = ref MemoryMarshal.GetReference(source);
            if (Vector512.IsHardwareAccelerated && width >= VectorWidth.Bits512)
            {
                for (; index < end; index += Block)
                {
                    var prepared = TCodec.Prepare512(ref block);
                    sink.Take16(index, TCodec.Read512(ref block, prepared, 0));
                    sink.Take16(index + 16, TCodec.Read512(ref block, prepared, 16));
                    sink.Take16(index + 32, TCodec.Read512(ref block, prepared, 32));
                    sink.Take16(index + 48, TCodec.Read512(ref block, prepared, 48));
                    block = ref Unsafe.AddByteOffset(ref block, TCodec.Bytes(Block));
                }
            }
            else if (Vector256.IsHardwareAccelerated && width >= VectorWidth.Bits256)
            {
                for (; index < end; index += Block)
                {
                    var prepared = TCodec.Prepare256(ref block);
                    for (nuint part = 0; part < Block; part += 8)
                    {
                        sink.Take8(index + part, TCodec.Read256(ref block, prepared, part));
                    }

                    block = ref Unsafe.AddByteOffset(ref block, TCodec.Bytes(Block));
                }
            }
            else if (Vector128.IsHardwareAccelerated && width >= VectorWidth.Bits128)
            {
                for (; index < end; index += Block)
                {
                    var prepared = TCodec.Prepare128(ref block);
                    for (nuint part = 0; part < Block; part += 4)
                    {
                        sink.Take4(index + part, TCodec.Read128(ref block, prepared, part));
                    }

                    block = ref Unsafe.AddByteOffset(ref block, TCodec.Bytes(Block));
                }
            }

            ReadByDefinition<TCodec, TSink>(source, (int)index, count, sink);
        }
    }

    /// <summary><c>mean = (0 + (firstWeight * first)) + (secondWeight * second)</c>, each product and each sum rounded.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Mean<TCodec>(
        float firstWeight, ReadOnlySpan<byte> first, float secondWeight, ReadOnlySpan<byte> second, Span<float> mean, VectorWidth width)
        where TCodec : struct, INumberCodec
    {
        unchecked
        {
            nuint index = 0;
            var end = (nuint)(mean.Length / Block * Block);
            ref var one = ref MemoryMarshal.GetReference(first);
            ref var other = ref MemoryMarshal.GetReference(second);
            ref var to = ref MemoryMarshal.GetReference(mean);
            if (Vector512.IsHardwareAccelerated && width >= VectorWidth.Bits512)
            {
                var (oneWeight, otherWeight) = (Vector512.Create(firstWeight), Vector512.Create(secondWeight));
                for (; index < end; index += Block)
                {
                    var (onePrepared, otherPrepared) = (TCodec.Prepare512(ref one), TCodec.Prepare512(ref other));
                    for (nuint part = 0; part < Block; part += 16)
                    {
                        var sum = Vector512<float>.Zero + (oneWeight * TCodec.Read512(ref one, onePrepared, part));
                        (sum + (otherWeight * TCodec.Read512(ref other, otherPrepared, part))).StoreUnsafe(ref to, index + part);
                    }

                    one = ref Unsafe.AddByteOffset(ref one, TCodec.Bytes(Block));
                    other = ref Unsafe.AddByteOffset(ref other, TCodec.Bytes(Block));
                }
            }
            else if (Vector256.IsHardwareAccelerated && width >= VectorWidth.Bits256)
            {
                var (oneWeight, otherWeight) = (Vector256.Create(firstWeight), Vector256.Create(secondWeight));
                for (; index < end; index += Block)
                {
                    var (onePrepared, otherPrepared) = (TCodec.Prepare256(ref one), TCodec.Prepare256(ref other));
                    for (nuint part = 0; part < Block; part += 8)
                    {
                        var sum = Vector256<float>.Zero + (oneWeight * TCodec.Read256(ref one, onePrepared, part));
                        (sum + (otherWeight * TCodec.Read256(ref other, otherPrepared, part))).StoreUnsafe(ref to, index + part);
                    }

                    one = ref Unsafe.AddByteOffset(ref one, TCodec.Bytes(Block));
                    other = ref Unsafe.AddByteOffset(ref other, TCodec.Bytes(Block));
                }
            }

            // Narrower vectors, and the rest: zeros, and one contribution after the other, block by block.
            var done = (int)index;
            for (; done < mean.Length; done += Block)
            {
                var count = Math.Min(Block, mean.Length - done);
                var at = done / Block * TCodec.Bytes(Block);
                var part = mean.Slice(done, count);
                part.Clear();
                Read<TCodec, AccumulateSink>(first[at..], count, new AccumulateSink(firstWeight, ref MemoryMarshal.GetReference(part)), width);
                Read<TCodec, AccumulateSink>(second[at..], count, new AccumulateSink(secondWeight, ref MemoryMarshal.GetReference(part)), width);
            }
        }
    }

    private static void ReadByDefinition<TCodec, TSink>(ReadOnlySpan<byte> source, int start, int count, TSink sink)
        where TCodec : struct, INumberCodec
        where TSink : struct, INumberSink, allows ref struct
    {
        Span<float> numbers = stackalloc float[Block];
        for (var done = start; done < count; done += Block)
        {
            var part = numbers[..Math.Min(Block, count - done)];
            TCodec.Decode(source.Slice(done / Block * TCodec.Bytes(Block), TCodec.Bytes(part.Length)), part);
            for (var index = 0; index < part.Length; index++)
            {
                sink.Take1((nuint)(done + index), part[index]);
            }
        }
    }
}
