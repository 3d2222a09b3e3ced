using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Superfactory.Sync.Arithmetic;

/// <summary>
/// One operation over the elements of spans of equal length. <see cref="Step1"/> defines what happens to an element; the other
/// steps do exactly that to 4, 8 or 16 neighbours, with IEEE single-precision multiply and add in the same written order.
/// </summary>
internal interface IVectorKernel
{
    /// <summary>Does the element at <paramref name="index"/>.</summary>
    void Step1(nuint index);

    /// <summary>Does the 4 elements from <paramref name="index"/>.</summary>
    void Step4(nuint index);

    /// <summary>Does the 8 elements from <paramref name="index"/>.</summary>
    void Step8(nuint index);

    /// <summary>Does the 16 elements from <paramref name="index"/>.</summary>
    void Step16(nuint index);
}

/// <summary>Drives a kernel over all elements, with the widest vectors first and single elements last.</summary>
internal static class VectorSweep
{
    /// <summary>Does elements 0 up to <paramref name="count"/> and returns the kernel with whatever it counted.</summary>
    /// <param name="kernel">The operation; passed by value so that the compiler keeps its fields in registers.</param>
    /// <param name="count">The number of elements; the caller has checked that every span holds as many.</param>
    /// <param name="width">The widest vectors to use; wider ones than the process has are not used.</param>
    // Compiled in full at the first call: a merge comes every few seconds, and a quick first version would take many times as long.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static TKernel Run<TKernel>(TKernel kernel, int count, VectorWidth width)
        where TKernel : struct, IVectorKernel, allows ref struct
    {
        // No index can wrap: each stays below count, which is an int.
        unchecked
        {
            nuint index = 0;
            var end = (nuint)count;
            if (Vector512.IsHardwareAccelerated && width >= VectorWidth.Bits512)
            {
                for (; end - index >= 16; index += 16)
                {
                    kernel.Step16(index);
                }
            }

            if (Vector256.IsHardwareAccelerated && width >= VectorWidth.Bits256)
            {
                for (; end - index >= 8; index += 8)
                {
                    kernel.Step8(index);
                }
            }

            if (Vector128.IsHardwareAccelerated && width >= VectorWidth.Bits128)
            {
                for (; end - index >= 4; index += 4)
                {
                    kernel.Step4(index);
                }
            }

            for (; index < end; index++)
            {
                kernel.Step1(index);
            }

            return kernel;
        }
    }

    /// <summary>Refuses spans of different lengths.</summary>
    public static void RequireEqualLengths(int expected, int actual, [CallerArgumentExpression(nameof(actual))] string? name = null)
    {
        if (expected != actual)
        {
            ThrowLengths(expected, actual, name);
        }
    }

    /// <summary>
    /// Refuses a destination that overlaps a source other than exactly: a vector would read what an element before it wrote,
    /// and the result would depend on the width.
    /// </summary>
    public static void RequireSameOrApart<T>(ReadOnlySpan<T> source, ReadOnlySpan<T> destination)
    {
        if (source.Overlaps(destination, out var offset) && offset != 0)
        {
            throw new ArgumentException($"Source and destination overlap by an offset of {offset} elements; they may be the same span or none of each other.");
        }
    }

    private static void ThrowLengths(int expected, int actual, string? name) =>
        throw new ArgumentException($"Expected a length of {expected} but {name} is {actual}.", name);
}
