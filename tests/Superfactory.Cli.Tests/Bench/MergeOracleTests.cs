using Superfactory.Cli.Bench.Merge;
using Superfactory.Model.Jobs;

namespace Superfactory.Cli.Tests.Bench;

/// <summary>What a merge is compared with.</summary>
public sealed class MergeOracleTests
{
    [Fact]
    public void Mean_of_two_in_fp32_is_right_on_every_island() =>
        Check([[1, 4, 3], [3, 8, -3]], [[2, 6, 0], [2, 6, 0]], NumberFormat.Fp32).ShouldBeNull();

    [Fact]
    public void One_wrong_bit_on_the_last_island_is_named() =>
        Check([[1, 4, 3], [3, 8, -3]], [[2, 6, 0], [2, MathF.BitIncrement(6), 0]], NumberFormat.Fp32)
            .ShouldBe("element 1 of island 2 is 6.0000005 where the scalar sum gives 6");

    [Fact]
    public void Sum_of_three_is_rounded_after_every_step_in_island_order()
    {
        const float third = 1f / 3;
        var expected = ((third * 1e8f) + (third * 1f)) + (third * -1e8f);

        Check([[1e8f], [1], [-1e8f]], [[expected], [expected], [expected]], NumberFormat.Fp32).ShouldBeNull();
    }

    [Fact]
    public void Contributions_in_bf16_are_rounded_before_the_sum_and_with_three_islands_the_sum_too()
    {
        // 1 + 2^-7 is the next number after 1; 2^-9 more is lost.
        const float next = 1 + (1 / 128f);
        const float more = next + (1 / 512f);
        Check([[more], [more]], [[next], [next]], NumberFormat.Bf16).ShouldBeNull();
        Check([[1], [next]], [[1 + (1 / 256f)], [1 + (1 / 256f)]], NumberFormat.Bf16).ShouldBeNull();
        Check([[1], [next], [1]], [[1], [1], [1]], NumberFormat.Bf16).ShouldBeNull();
    }

    [Fact]
    public void Mean_that_was_not_quantized_is_wrong_in_e3m0() =>
        Check([[1, 0.7f], [1, 0.7f]], [[1, 0.7f], [1, 0.7f]], NumberFormat.E3m0).ShouldNotBeNull().ShouldStartWith("element 1 of island 1 is 0.7 ");

    private static string? Check(float[][] contributions, float[][] merged, NumberFormat format) =>
        new MergeOracle([contributions[0].Length], contributions.Length, format, format).FirstDifference(
            [.. contributions.Select(numbers => new ReadOnlyMemory<float>(numbers))], [.. merged.Select(numbers => new ReadOnlyMemory<float>(numbers))]);
}
