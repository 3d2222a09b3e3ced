using Superfactory.Sync.Merging;

namespace Superfactory.Simulation.Training;

/// <summary>How a contribution is not what was trained.</summary>
internal enum SpoilingKind
{
    /// <summary>Its loss is not finite.</summary>
    Loss,

    /// <summary>One of its numbers is not finite.</summary>
    Number,

    /// <summary>Its numbers are far larger than any before.</summary>
    Size,
}

/// <summary>Spoils a contribution.</summary>
/// <param name="Kind">How.</param>
internal sealed record Spoiling(SpoilingKind Kind)
{
    /// <summary>What makes a norm larger than ten times any that training comes to: numbers of it are at most a few units.</summary>
    private const float Excess = 20_000;

    /// <summary>Changes the numbers, and gives the contribution that goes with them.</summary>
    public Contribution Apply(Contribution contribution, Span<float> numbers)
    {
        switch (Kind)
        {
            case SpoilingKind.Number:
                numbers[^1] = float.NaN;
                break;
            case SpoilingKind.Size:
                for (var index = 0; index < numbers.Length; index++)
                {
                    numbers[index] += Excess;
                }

                break;
            default:
                return contribution with { LossSum = double.NaN };
        }

        return contribution;
    }
}
