using Superfactory.Wan.Frames;
using Superfactory.Wan.Sessions;

namespace Superfactory.Wan.Tests.Sessions;

public sealed class ReceiveLedgerTests
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 20)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Numbers_in_any_order_and_more_than_once_are_acknowledged_as_they_came(int seed)
    {
        var random = new Random(seed);
        var ledger = new ReceiveLedger();
        var came = new HashSet<long>();
        var next = 1L;
        for (var count = 0; count < 3000; count++)
        {
            next += random.Next(3);
            var number = Math.Max(1, next - random.Next(random.Next(10) == 0 ? 2000 : 20));
            ledger.Accept(number).ShouldBe(came.Add(number) ? Arrival.New : Arrival.Again);
            var ack = ledger.Acknowledgement();
            var told = Told(ack);
            told.ShouldBeSubsetOf(came);
            came.Contains(ack.Cumulative + 1).ShouldBeFalse();
            if (ack.Ranges.Length < AckPayload.RangesMax)
            {
                told.Count.ShouldBe(came.Count);
            }
        }
    }

    [Fact]
    public void Number_too_far_ahead_is_refused_and_the_last_that_may_be_is_not()
    {
        var ledger = new ReceiveLedger();
        ledger.Accept(SendLedger.FramesMax + 1).ShouldBe(Arrival.Beyond);
        ledger.Accept(SendLedger.FramesMax).ShouldBe(Arrival.New);
        ledger.Accept(1).ShouldBe(Arrival.New);
        ledger.Accept(SendLedger.FramesMax + 1).ShouldBe(Arrival.New);
        ledger.Acknowledgement().Cumulative.ShouldBe(1);
    }

    private static HashSet<long> Told(AckPayload ack)
    {
        HashSet<long> told = [];
        for (var number = 1L; number <= ack.Cumulative; number++)
        {
            told.Add(number);
        }

        var at = ack.Cumulative;
        foreach (var range in ack.Ranges)
        {
            at += range.Skipped;
            for (var count = 0; count < range.Count; count++)
            {
                told.Add(++at);
            }
        }

        return told;
    }
}
