using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Superfactory.Sync.Arithmetic;

/// <summary><c>destination = left + right</c>.</summary>
internal readonly ref struct AddKernel(ref float left, ref float right, ref float destination) : IVectorKernel
{
    private readonly ref float _left = ref left;
    private readonly ref float _right = ref right;
    private readonly ref float _destination = ref destination;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Step1(nuint index) =>
        Unsafe.Add(ref _destination, index) = Unsafe.Add(ref _left, index) + Unsafe.Add(ref _right, index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Step4(nuint index) =>
        (Vector128.LoadUnsafe(ref _left, index) + Vector128.LoadUnsafe(ref _right, index)).StoreUnsafe(ref _destination, index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Step8(nuint index) =>
        (Vector256.LoadUnsafe(ref _left, index) + Vector256.LoadUnsafe(ref _right, index)).StoreUnsafe(ref _destination, index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Step16(nuint index) =>
        (Vector512.LoadUnsafe(ref _left, index) + Vector512.LoadUnsafe(ref _right, index)).StoreUnsafe(ref _destination, index);
}

/// <summary><c>destination = left - right</c>.</summary>
internal readonly ref struct SubtractKernel(ref float left, ref float right, ref float destination) : IVectorKernel
{
    private readonly ref float _left = ref left;
    private readonly ref float _right = ref right;
    private readonly ref float _destination = ref destination;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Step1(nuint index) =>
        Unsafe.Add(ref _destination, index) = Unsafe.Add(ref _left, index) - Unsafe.Add(ref _right, index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Step4(nuint index) =>
        (Vector128.LoadUnsafe(ref _left, index) - Vector128.LoadUnsafe(ref _right, index)).StoreUnsafe(ref _destination, index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Step8(nuint index) =>
        (Vector256.LoadUnsafe(ref _left, index) - Vector256.LoadUnsafe(ref _right, index)).StoreUnsafe(ref _destination, index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Step16(nuint index) =>
        (Vector512.LoadUnsafe(ref _left, index) - Vector512.LoadUnsafe(ref _right, index)).StoreUnsafe(ref _destination, index);
}

/// <summary><c>destination = factor * source</c>.</summary>
internal readonly ref struct ScaleKernel(float factor, ref float source, ref float destination) : IVectorKernel
{
    private readonly float _factor = factor;
    private readonly ref float _source = ref source;
    private readonly ref float _destination = ref destination;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Step1(nuint index) => Unsafe.Add(ref _destination, index) = _factor * Unsafe.Add(ref _source, index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Step4(nuint index) =>
        (Vector128.Create(_factor) * Vector128.LoadUnsafe(ref _source, index)).StoreUnsafe(ref _destination, index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Step8(nuint index) =>
        (Vector256.Create(_factor) * Vector256.LoadUnsafe(ref _source, index)).StoreUnsafe(ref _destination, index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Step16(nuint index) =>
        (Vector512.Create(_factor) * Vector512.LoadUnsafe(ref _source, index)).StoreUnsafe(ref _destination, index);
}

/// <summary><c>accumulator = accumulator + (weight * source)</c>, the product rounded before the sum.</summary>
internal readonly ref struct MultiplyAccumulateKernel(float weight, ref float source, ref float accumulator) : IVectorKernel
{
    private readonly float _weight = weight;
    private readonly ref float _source = ref source;
    private readonly ref float _accumulator = ref accumulator;

    // The cast rounds the product to single precision whatever the runtime would like to keep.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Step1(nuint index)
    {
        var product = (float)(_weight * Unsafe.Add(ref _source, index));
        Unsafe.Add(ref _accumulator, index) += product;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Step4(nuint index)
    {
        var product = Vector128.Create(_weight) * Vector128.LoadUnsafe(ref _source, index);
        (Vector128.LoadUnsafe(ref _accumulator, index) + product).StoreUnsafe(ref _accumulator, index);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Step8(nuint index)
    {
        var product = Vector256.Create(_weight) * Vector256.LoadUnsafe(ref _source, index);
        (Vector256.LoadUnsafe(ref _accumulator, index) + product).StoreUnsafe(ref _accumulator, index);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Step16(nuint index)
    {
        var product = Vector512.Create(_weight) * Vector512.LoadUnsafe(ref _source, index);
        (Vector512.LoadUnsafe(ref _accumulator, index) + product).StoreUnsafe(ref _accumulator, index);
    }
}
