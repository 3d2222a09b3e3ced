namespace Superfactory.Sync.Checkpoints;

/// <summary>
/// The memory that states are copied to, the same for one checkpoint after another: as much as parameters and momentum take. To be used for
/// one state at a time.
/// </summary>
public sealed class CheckpointMemory
{
    private float[] _parameters = [];
    private float[] _momentum = [];

    internal Memory<float> Parameters(float[]? from) => Copy(from, ref _parameters);

    internal Memory<float> Momentum(float[]? from) => Copy(from, ref _momentum);

    private static Memory<float> Copy(float[]? from, ref float[] to)
    {
        if (from is null or [])
        {
            return default;
        }

        if (to.Length < from.Length)
        {
            to = GC.AllocateUninitializedArray<float>(from.Length);
        }

        from.AsSpan().CopyTo(to);
        return to.AsMemory(0, from.Length);
    }
}
