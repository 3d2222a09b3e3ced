using Superfactory.Model.Jobs;

namespace Superfactory.Sync.Tests.Merging.Virtual;

/// <summary>What a trainer computes: plain loops over arrays. Used by the virtual trainers and by the reference.</summary>
internal static class LocalTraining
{
    public const float LearningRate = 0.125f;
    public const float Momentum = 0.5f;

    /// <summary>The mean gradient over samples.</summary>
    public static float[] Gradient(float[] parameters, IReadOnlyList<long> positions)
    {
        var gradient = new float[parameters.Length];
        foreach (var position in positions)
        {
            for (var index = 0; index < gradient.Length; index++)
            {
                gradient[index] += Scenario.Gradient(parameters[index], position, index) / positions.Count;
            }
        }

        return gradient;
    }

    /// <summary>One step without momentum, as islands take it between merges in diloco.</summary>
    public static void Step(float[] parameters, float[] gradient)
    {
        for (var index = 0; index < parameters.Length; index++)
        {
            parameters[index] -= LearningRate * gradient[index];
        }
    }

    /// <summary>One step with momentum, as every-step trainers take it with the mean gradient: their state must travel.</summary>
    public static void Step(float[] parameters, float[] momentum, ReadOnlySpan<float> gradient)
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

    /// <summary>What is given to the merge after a round's steps: parameters in diloco, gradients in every-step.</summary>
    public static (float[] Given, long Tokens, double LossSum) Round(SyncMode mode, float[] parameters, IReadOnlyList<List<long>> steps)
    {
        var (tokens, lossSum) = (0L, 0.0);
        var local = (float[])parameters.Clone();
        foreach (var positions in steps)
        {
            var gradient = Gradient(local, positions);
            var stepTokens = positions.Sum(Scenario.TokensOf);
            tokens += stepTokens;
            lossSum += stepTokens * gradient.Sum(number => (double)Math.Abs(number)) / gradient.Length;
            if (mode == SyncMode.EveryStep)
            {
                return (gradient, tokens, lossSum);
            }

            Step(local, gradient);
        }

        return (local, tokens, lossSum);
    }
}
