namespace Superfactory.Sync.Arithmetic.Formats;

/// <summary>What formats of blocks take for a number that is not finite: an infinity for the largest single of its sign, a NaN for zero.</summary>
internal static class Finite
{
    /// <summary>The number, or what stands for it.</summary>
    public static float Of(float value) =>
        float.IsNaN(value) ? 0 : Math.Clamp(value, float.MinValue, float.MaxValue);
}
