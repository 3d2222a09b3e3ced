using Superfactory.Cli.Links;
using Superfactory.Model.Agents;
using Superfactory.Model.Views;
using Superfactory.Model.Wan;

namespace Superfactory.Cli.Tests.Links;

public sealed class LinksTextTests
{
    [Fact]
    public void A_link_is_a_line_about_its_connections_and_one_for_each_class()
    {
        var link = LinkView.Of("wisconsin", isHeard: true, heardUnixMilliseconds: 1, new LinkReport
        {
            Peer = "atlanta",
            Connected = true,
            Streams = 4,
            Encryption = "tls1.3",
            RoundTripMilliseconds = 14.25,
            Loss = 0.001,
            AchievableBytesPerSecond = 12_400_000,
            BytesSent = 5_000_000,
            BytesReceived = 4_000_000,
            BytesRetransmitted = 2_900,
            Reconnects = 1,
            Classes =
            [
                new LinkClassReport { Class = TrafficClass.Control, BytesPerSecond = 100, Routes = [["wisconsin", "atlanta"]] },
                new LinkClassReport
                {
                    Class = TrafficClass.Merge, BytesPerSecond = 12_000_000, InFlightBytes = 700_000, WaitingBytes = 3_000_000, GrantedBytesPerSecond = 12_500_000,
                    Routes = [["wisconsin", "atlanta"], ["wisconsin", "iowa", "texas", "atlanta"]],
                },
                new LinkClassReport { Class = TrafficClass.Bulk },
            ],
        });

        LinksText.Lines([link]).ShouldBe(
        [
            "wisconsin → atlanta  up, 4 streams, encryption tls1.3, round trip 14.25 ms, loss 0.1 %, carries 99.2 Mbit/s, sent 5 MB, retransmitted 2.9 kB, reconnects 1, refused 0, dropped 0",
            "  CLASS         RATE  IN FLIGHT  WAITING     GRANTED  ROUTE",
            "  control  800 bit/s        0 B      0 B    no limit  direct",
            "  merge    96 Mbit/s     700 kB     3 MB  100 Mbit/s  direct, via iowa and texas",
            "  bulk       0 bit/s        0 B      0 B    no limit  –",
        ]);
    }

    [Fact]
    public void A_link_that_is_down_and_not_measured_yet_says_so()
    {
        var link = LinkView.Of("a", isHeard: false, heardUnixMilliseconds: 1, new LinkReport { Peer = "b", Connected = true, BytesSent = 0, BytesReceived = 0, Streams = 1 });

        LinksText.Lines([link]).ShouldHaveSingleItem().ShouldStartWith("a → b  down, 1 stream, encryption none, round trip unknown, loss 0 %, carries unknown, ");
        LinksText.Lines([]).ShouldHaveSingleItem().ShouldStartWith("There is no link: ");
    }

    [Theory]
    [InlineData(0, "0 bit/s")]
    [InlineData(1, "8 bit/s")]
    [InlineData(125, "1 kbit/s")]
    [InlineData(12_500_000, "100 Mbit/s")]
    [InlineData(1_250_000, "10 Mbit/s")]
    [InlineData(156_250_000, "1.25 Gbit/s")]
    public void A_rate_is_written_in_bits(double bytesPerSecond, string text) => LinksText.Rate(bytesPerSecond).ShouldBe(text);
}
