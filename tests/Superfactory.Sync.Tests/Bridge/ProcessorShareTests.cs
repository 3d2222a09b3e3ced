using Superfactory.Sync.Bridge.Peers.Direct;

namespace Superfactory.Sync.Tests.Bridge;

/// <summary>How the two ends of a connection on one machine share its processors.</summary>
public sealed class ProcessorShareTests
{
    [Theory]
    [InlineData(0b11UL, 0UL, 0b01UL, 0UL, 0b10UL, 0UL)]
    [InlineData(0b1011_0100UL, 0b110UL, 0b0010_0100UL, 0b010UL, 0b1001_0000UL, 0b100UL)]
    public void Ends_take_every_other_processor_of_those_that_they_may_use_and_all_between_them(ulong low, ulong high, ulong evenLow, ulong evenHigh, ulong oddLow, ulong oddHigh)
    {
        ulong[] even = [low, high], odd = [low, high];

        ProcessorShare.TryHalve(even, odd: false).ShouldBeTrue();
        ProcessorShare.TryHalve(odd, odd: true).ShouldBeTrue();

        even.ShouldBe([evenLow, evenHigh]);
        odd.ShouldBe([oddLow, oddHigh]);
        (even[0] | odd[0], even[1] | odd[1]).ShouldBe((low, high));
    }

    [Theory]
    [InlineData(0UL)]
    [InlineData(0b100UL)]
    public void One_processor_is_shared(ulong mask)
    {
        ulong[] words = [mask];

        ProcessorShare.TryHalve(words, odd: true).ShouldBeFalse();

        words.ShouldBe([mask]);
    }
}
