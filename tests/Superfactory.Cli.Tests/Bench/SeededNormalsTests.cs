using Superfactory.Cli.Bench.Merge;

namespace Superfactory.Cli.Tests.Bench;

/// <summary>The numbers that islands contribute.</summary>
public sealed class SeededNormalsTests
{
    private const int Count = 1_000_000;

    [Fact]
    public void Numbers_are_those_of_their_seed_island_and_merge()
    {
        var first = Fill(1, 0, 1);

        Fill(1, 0, 1).ShouldBe(first);
        foreach (var other in new[] { Fill(2, 0, 1), Fill(1, 1, 1), Fill(1, 0, 2) })
        {
            first.Zip(other).Count(static pair => pair.First == pair.Second).ShouldBeLessThan(10);
        }
    }

    [Fact]
    public void Numbers_of_a_longer_array_begin_with_those_of_a_shorter_one()
    {
        var longer = new float[(2 * SeededNormals.BlockElements) + 3];
        var shorter = new float[SeededNormals.BlockElements + 5];
        SeededNormals.Fill(longer, 1, 0, 0);
        SeededNormals.Fill(shorter, 1, 0, 0);

        longer.AsSpan(0, shorter.Length).SequenceEqual(shorter).ShouldBeTrue();
    }

    [Fact]
    public void Numbers_have_the_moments_and_the_tails_of_the_normal_distribution()
    {
        var numbers = Fill(7, 0, 0);

        // Five standard errors of a million draws.
        numbers.Average(static number => (double)number).ShouldBe(0, 5e-3);
        numbers.Average(static number => (double)number * number).ShouldBe(1, 7.1e-3);
        numbers.Average(static number => Math.Pow(number, 4)).ShouldBe(3, 4.9e-2);
        Share(numbers, 1).ShouldBe(0.31731, 2.4e-3);
        Share(numbers, 3.442619855899).ShouldBe(0.000576, 1.3e-4);
        numbers.Max(Math.Abs).ShouldBeInRange(4.2f, 7f);
    }

    private static double Share(float[] numbers, double beyond) => numbers.Count(number => Math.Abs(number) > beyond) / (double)numbers.Length;

    private static float[] Fill(long seed, int island, int merge)
    {
        var numbers = new float[Count];
        SeededNormals.Fill(numbers, seed, island, merge);
        return numbers;
    }
}
