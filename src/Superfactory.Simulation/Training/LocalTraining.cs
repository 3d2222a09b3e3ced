using Superfactory.Simulation.Randomness;

namespace Superfactory.Simulation.Training;

/// <summary>What a trainer computes: plain loops over arrays.</summary>
internal static class LocalTraining
{
    private const float LearningRate = 0.125f;
    private const float Momentum = 0.5f;

    /// <summary>A number between -1 and 1 out of 64 bits.</summary>
    public static float Number(ulong hash) => ((long)(hash >> 40) - (1 << 23)) / (float)(1 << 23);

    /// <summary>Tokens of a sample.</summary>
    public static long TokensOf(long position) => 1 + (position % 5);

    /// <summary>The mean gradient over samples: each pulls every parameter to a value that the sample names.</summary>
    public static void Gradient(ReadOnlySpan<float> parameters, ReadOnlySpan<long> positions, Span<float> gradient)
    {
        gradient.Clear();
        foreach (var position in positions)
        {
            // One draw a sample, spread over the parameters by its bits: a schedule has thousands of samples.
            var bits = SeededRandom.Hash(6UL, position);
            for (var index = 0; index < gradient.Length; index++)
            {
                gradient[index] += (parameters[index] - Number(unchecked((bits ^ (uint)index) * 0x9E3779B97F4A7C15))) / positions.Length;
            }
        }
    }

    /// <summary>One step without momentum, as islands take it between merges in diloco.</summary>
    public static void Step(Span<float> parameters, ReadOnlySpan<float> gradient)
    {
        for (var index = 0; index < parameters.Length; index++)
        {
            parameters[index] -= LearningRate * gradient[index];
        }
    }

    /// <summary>One step with momentum, as every-step trainers take it with the mean gradient: their state must travel.</summary>
    public static void Step(Span<float> parameters, Span<float> momentum, ReadOnlySpan<float> gradient)
    {
        for (var index = 0; index < parameters.Length; index++)
        {
            momentum[index] = (Momentum * momentum[index]) + gradient[index];
            parameters[index] -= LearningRate * momentum[index];
        }
    }

    /// <summary>What streaming goes on with: a share of its own and the rest of what was merged.</summary>
    public static void Mix(Span<float> own, ReadOnlySpan<float> merged, float share)
    {
        for (var index = 0; index < own.Length; index++)
        {
            own[index] = (share * own[index]) + ((1 - share) * merged[index]);
        }
    }

    /// <summary>What an island's optimizer holds after a round of diloco: another one at each island.</summary>
    public static float InnerMomentum(int island, long round) => Number(SeededRandom.Hash(9UL, island, round));

    /// <summary>Tokens of a step's samples.</summary>
    public static long TokensOf(ReadOnlySpan<long> positions)
    {
        var tokens = 0L;
        foreach (var position in positions)
        {
            tokens += TokensOf(position);
        }

        return tokens;
    }
}
