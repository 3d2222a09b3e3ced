using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Superfactory.Sync.Arithmetic;

/// <summary>
/// <c>momentum = factor * momentum + gradient</c>, then <c>parameters = parameters - rate * (gradient + factor * momentum)</c>:
/// SGD with Nesterov momentum as PyTorch writes it. Every product and every sum is rounded by itself.
/// </summary>
internal readonly ref struct NesterovKernel(ref float parameters, ref float momentum, ref float gradient, float learningRate, float momentumFactor)
    : IVectorKernel
{
    private readonly ref float _parameters = ref parameters;
    private readonly ref float _momentum = ref momentum;
    private readonly ref float _gradient = ref gradient;
    private readonly float _learningRate = learningRate;
    private readonly float _momentumFactor = momentumFactor;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Step1(nuint index)
    {
        var gradient = Unsafe.Add(ref _gradient, index);
        var momentum = (float)((float)(_momentumFactor * Unsafe.Add(ref _momentum, index)) + gradient);
        var direction = (float)(gradient + (float)(_momentumFactor * momentum));
        Unsafe.Add(ref _momentum, index) = momentum;
        Unsafe.Add(ref _parameters, index) -= (float)(_learningRate * direction);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Step4(nuint index)
    {
        var factor = Vector128.Create(_momentumFactor);
        var gradient = Vector128.LoadUnsafe(ref _gradient, index);
        var momentum = (factor * Vector128.LoadUnsafe(ref _momentum, index)) + gradient;
        var step = Vector128.Create(_learningRate) * (gradient + (factor * momentum));
        momentum.StoreUnsafe(ref _momentum, index);
        (Vector128.LoadUnsafe(ref _parameters, index) - step).StoreUnsafe(ref _parameters, index);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Step8(nuint index)
    {
        var factor = Vector256.Create(_momentumFactor);
        var gradient = Vector256.LoadUnsafe(ref _gradient, index);
        var momentum = (factor * Vector256.LoadUnsafe(ref _momentum, index)) + gradient;
        var step = Vector256.Create(_learningRate) * (gradient + (factor * momentum));
        momentum.StoreUnsafe(ref _momentum, index);
        (Vector256.LoadUnsafe(ref _parameters, index) - step).StoreUnsafe(ref _parameters, index);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Step16(nuint index)
    {
        var factor = Vector512.Create(_momentumFactor);
        var gradient = Vector512.LoadUnsafe(ref _gradient, index);
        var momentum = (factor * Vector512.LoadUnsafe(ref _momentum, index)) + gradient;
        var step = Vector512.Create(_learningRate) * (gradient + (factor * momentum));
        momentum.StoreUnsafe(ref _momentum, index);
        (Vector512.LoadUnsafe(ref _parameters, index) - step).StoreUnsafe(ref _parameters, index);
    }
}
