using Superfactory.Sync.Merging.Dealing;

namespace Superfactory.Sync.Tests.Merging;

/// <summary>Who takes the samples of islands that are away.</summary>
public sealed class GlobalBatchTests
{
    [Theory]
    [InlineData(new[] { 16, 16 }, 0b11UL, new[] { 16, 16 })]
    [InlineData(new[] { 16, 16 }, 0b10UL, new[] { 0, 32 })]
    [InlineData(new[] { 16, 16, 16 }, 0b110UL, new[] { 0, 32, 16 })]
    [InlineData(new[] { 8, 8, 8, 8, 8 }, 0b10011UL, new[] { 16, 16, 0, 0, 8 })]
    [InlineData(new[] { 2, 3, 1 }, 0b101UL, new[] { 4, 0, 2 })]
    [InlineData(new[] { 5, 3 }, 0b01UL, new[] { 5, 0 })]
    [InlineData(new[] { 4, 0, 4 }, 0b101UL, new[] { 4, 0, 4 })]
    public void Batches_of_islands_that_are_away_go_to_whom_they_add_least_one_whole_batch_after_another(int[] declared, ulong takers, int[] shares) =>
        GlobalBatch.Keep([.. declared], takers).ShouldBe(shares);
}
