using Superfactory.Model.Wan;
using Superfactory.Wan.Frames;
using Superfactory.Wan.Routes;
using Superfactory.Wan.Sessions;

namespace Superfactory.Wan.Tests.Sessions;

public sealed class SendLedgerTests
{
    [Fact]
    public void Each_class_leaves_numbers_to_the_more_urgent_ones()
    {
        var ledger = new SendLedger();
        var way = new Way(["atlanta", "iowa"]);
        Fill(ledger, way, TrafficClass.Bulk).ShouldBe(SendLedger.FramesMax - (2 * SendLedger.FramesReserved));
        Fill(ledger, way, TrafficClass.Merge).ShouldBe(SendLedger.FramesReserved);
        Fill(ledger, way, TrafficClass.Control).ShouldBe(SendLedger.FramesReserved);
        ledger.Clear();
        way.BytesUnderWay.ShouldBe(0);
    }

    private static int Fill(SendLedger ledger, Way way, TrafficClass trafficClass)
    {
        var count = 0;
        for (; ledger.HasRoom(trafficClass); count++)
        {
            ledger.Add(Frame.Create(FrameType.Message, trafficClass, PooledBuffer.Rent(1)), 1, way, 1, 1);
        }

        return count;
    }
}
