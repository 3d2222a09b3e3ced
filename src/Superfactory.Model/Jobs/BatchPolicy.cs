namespace Superfactory.Model.Jobs;

/// <summary>What becomes of the global batch of a run in every-step when an island is lost.</summary>
public enum BatchPolicy
{
    /// <summary>It stays: the islands that are left take more of their own batches in each step, and accumulate their gradients.</summary>
    Keep,

    /// <summary>It shrinks by the batch of the lost island.</summary>
    Shrink,
}
