using System.Runtime.InteropServices;

namespace Superfactory.Sync.Arithmetic;

/// <summary>
/// The arithmetic that replicas must agree on to the bit: IEEE 754 single-precision multiply, add and subtract in one written order,
/// with no fused multiply-add, no estimate and nothing that depends on the width of the machine's vectors. Finite results, infinities
/// and zeros are the same bits on every machine; a NaN stays a NaN, its payload is not promised. Pure and safe to call from any
/// thread on spans that nobody else writes. Callers may cut spans into chunks as they like, except for <see cref="SumOfSquares"/>.
/// A destination may be the same span as a source; any other overlap is refused with <see cref="ArgumentException"/>, and so are
/// spans of different lengths.
/// </summary>
public static class VectorMath
{
    /// <summary>The widest vectors that this process computes with, in bits: 512, 256, 128, or 0 for one number at a time.</summary>
    public static int WidestVectorBits => (int)VectorWidths.Widest;

    /// <summary><c>destination[i] = left[i] + right[i]</c>.</summary>
    public static void Add(ReadOnlySpan<float> left, ReadOnlySpan<float> right, Span<float> destination) =>
        Add(left, right, destination, VectorWidths.Widest);

    /// <summary><c>destination[i] = left[i] - right[i]</c>.</summary>
    public static void Subtract(ReadOnlySpan<float> left, ReadOnlySpan<float> right, Span<float> destination) =>
        Subtract(left, right, destination, VectorWidths.Widest);

    /// <summary><c>destination[i] = factor * source[i]</c>.</summary>
    public static void Scale(float factor, ReadOnlySpan<float> source, Span<float> destination) =>
        Scale(factor, source, destination, VectorWidths.Widest);

    /// <summary><c>accumulator[i] = accumulator[i] + (weight * source[i])</c>: the product is rounded, then the sum.</summary>
    public static void MultiplyAccumulate(float weight, ReadOnlySpan<float> source, Span<float> accumulator) =>
        MultiplyAccumulate(weight, source, accumulator, VectorWidths.Widest);

    /// <summary>
    /// One step of SGD with Nesterov momentum, as PyTorch writes it: <c>momentum = momentumFactor * momentum + gradient</c>, then
    /// <c>parameters -= learningRate * (gradient + momentumFactor * momentum)</c>.
    /// </summary>
    /// <param name="parameters">Changed by the step.</param>
    /// <param name="momentum">The optimizer's buffer, zeros before the first step; changed by the step.</param>
    /// <param name="gradient">The direction to descend, for the outer optimizer global minus local.</param>
    /// <param name="learningRate">The learning rate, in single precision.</param>
    /// <param name="momentumFactor">The momentum, in single precision.</param>
    public static void NesterovStep(
        Span<float> parameters, Span<float> momentum, ReadOnlySpan<float> gradient, float learningRate, float momentumFactor) =>
        NesterovStep(parameters, momentum, gradient, learningRate, momentumFactor, VectorWidths.Widest);

    /// <summary>How many of <paramref name="values"/> are infinite or NaN.</summary>
    public static long CountNonFinite(ReadOnlySpan<float> values) => CountNonFinite(values, VectorWidths.Widest);

    /// <summary>
    /// The sum of squares in double precision, over 16 lanes whatever the width (element i in lane i mod 16, lanes added in pairs).
    /// Sums of chunks round differently from the sum of the whole: who compares must cut in the same places.
    /// </summary>
    public static double SumOfSquares(ReadOnlySpan<float> values) => SquareSum.Of(values, VectorWidths.Widest);

    internal static void Add(ReadOnlySpan<float> left, ReadOnlySpan<float> right, Span<float> destination, VectorWidth width)
    {
        VectorSweep.RequireEqualLengths(destination.Length, left.Length);
        VectorSweep.RequireEqualLengths(destination.Length, right.Length);
        VectorSweep.RequireSameOrApart(left, destination);
        VectorSweep.RequireSameOrApart(right, destination);
        VectorSweep.Run(new AddKernel(ref First(left), ref First(right), ref First(destination)), destination.Length, width);
    }

    internal static void Subtract(ReadOnlySpan<float> left, ReadOnlySpan<float> right, Span<float> destination, VectorWidth width)
    {
        VectorSweep.RequireEqualLengths(destination.Length, left.Length);
        VectorSweep.RequireEqualLengths(destination.Length, right.Length);
        VectorSweep.RequireSameOrApart(left, destination);
        VectorSweep.RequireSameOrApart(right, destination);
        VectorSweep.Run(new SubtractKernel(ref First(left), ref First(right), ref First(destination)), destination.Length, width);
    }

    internal static void Scale(float factor, ReadOnlySpan<float> source, Span<float> destination, VectorWidth width)
    {
        VectorSweep.RequireEqualLengths(destination.Length, source.Length);
        VectorSweep.RequireSameOrApart(source, destination);
        VectorSweep.Run(new ScaleKernel(factor, ref First(source), ref First(destination)), destination.Length, width);
    }

    internal static void MultiplyAccumulate(float weight, ReadOnlySpan<float> source, Span<float> accumulator, VectorWidth width)
    {
        VectorSweep.RequireEqualLengths(accumulator.Length, source.Length);
        VectorSweep.RequireSameOrApart(source, accumulator);
        VectorSweep.Run(new MultiplyAccumulateKernel(weight, ref First(source), ref First(accumulator)), accumulator.Length, width);
    }

    internal static void NesterovStep(
        Span<float> parameters, Span<float> momentum, ReadOnlySpan<float> gradient, float learningRate, float momentumFactor, VectorWidth width)
    {
        VectorSweep.RequireEqualLengths(parameters.Length, momentum.Length);
        VectorSweep.RequireEqualLengths(parameters.Length, gradient.Length);
        if (parameters.Overlaps(momentum) || gradient.Overlaps(parameters) || gradient.Overlaps(momentum))
        {
            throw new ArgumentException("Parameters, momentum and gradient must be apart from each other.", nameof(momentum));
        }

        var kernel = new NesterovKernel(ref First(parameters), ref First(momentum), ref First(gradient), learningRate, momentumFactor);
        VectorSweep.Run(kernel, parameters.Length, width);
    }

    internal static long CountNonFinite(ReadOnlySpan<float> values, VectorWidth width) =>
        VectorSweep.Run(new CountNonFiniteKernel(ref First(values)), values.Length, width).Count;

    private static ref float First(ReadOnlySpan<float> values) => ref MemoryMarshal.GetReference(values);
}
