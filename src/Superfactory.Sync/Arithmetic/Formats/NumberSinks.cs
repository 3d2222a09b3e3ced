using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Superfactory.Sync.Arithmetic.Formats;

/// <summary>What becomes of decoded numbers. <see cref="Take1"/> defines it; the others do the same to 4, 8 or 16 neighbours.</summary>
internal interface INumberSink
{
    /// <summary>Takes the number at <paramref name="index"/>.</summary>
    void Take1(nuint index, float number);

    /// <summary>Takes 4 numbers from <paramref name="index"/>.</summary>
    void Take4(nuint index, Vector128<float> numbers);

    /// <summary>Takes 8 numbers from <paramref name="index"/>.</summary>
    void Take8(nuint index, Vector256<float> numbers);

    /// <summary>Takes 16 numbers from <paramref name="index"/>.</summary>
    void Take16(nuint index, Vector512<float> numbers);
}

/// <summary><c>destination = number</c>.</summary>
internal readonly ref struct StoreSink(ref float destination) : INumberSink
{
    private readonly ref float _destination = ref destination;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Take1(nuint index, float number) => Unsafe.Add(ref _destination, index) = number;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Take4(nuint index, Vector128<float> numbers) => numbers.StoreUnsafe(ref _destination, index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Take8(nuint index, Vector256<float> numbers) => numbers.StoreUnsafe(ref _destination, index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Take16(nuint index, Vector512<float> numbers) => numbers.StoreUnsafe(ref _destination, index);
}

/// <summary><c>accumulator = accumulator + (weight * number)</c>, the product rounded before the sum.</summary>
internal readonly ref struct AccumulateSink(float weight, ref float accumulator) : INumberSink
{
    private readonly float _weight = weight;
    private readonly ref float _accumulator = ref accumulator;

    // The cast rounds the product to single precision whatever the runtime would like to keep.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Take1(nuint index, float number)
    {
        var product = (float)(_weight * number);
        Unsafe.Add(ref _accumulator, index) += product;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Take4(nuint index, Vector128<float> numbers)
    {
        var product = Vector128.Create(_weight) * numbers;
        (Vector128.LoadUnsafe(ref _accumulator, index) + product).StoreUnsafe(ref _accumulator, index);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Take8(nuint index, Vector256<float> numbers)
    {
        var product = Vector256.Create(_weight) * numbers;
        (Vector256.LoadUnsafe(ref _accumulator, index) + product).StoreUnsafe(ref _accumulator, index);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Take16(nuint index, Vector512<float> numbers)
    {
        var product = Vector512.Create(_weight) * numbers;
        (Vector512.LoadUnsafe(ref _accumulator, index) + product).StoreUnsafe(ref _accumulator, index);
    }
}

/// <summary><c>residual = (source + residual) - number</c>.</summary>
internal readonly ref struct ResidualSink(ref float source, ref float residual) : INumberSink
{
    private readonly ref float _source = ref source;
    private readonly ref float _residual = ref residual;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Take1(nuint index, float number)
    {
        var sum = (float)(Unsafe.Add(ref _source, index) + Unsafe.Add(ref _residual, index));
        Unsafe.Add(ref _residual, index) = sum - number;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Take4(nuint index, Vector128<float> numbers)
    {
        var sum = Vector128.LoadUnsafe(ref _source, index) + Vector128.LoadUnsafe(ref _residual, index);
        (sum - numbers).StoreUnsafe(ref _residual, index);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Take8(nuint index, Vector256<float> numbers)
    {
        var sum = Vector256.LoadUnsafe(ref _source, index) + Vector256.LoadUnsafe(ref _residual, index);
        (sum - numbers).StoreUnsafe(ref _residual, index);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Take16(nuint index, Vector512<float> numbers)
    {
        var sum = Vector512.LoadUnsafe(ref _source, index) + Vector512.LoadUnsafe(ref _residual, index);
        (sum - numbers).StoreUnsafe(ref _residual, index);
    }
}
