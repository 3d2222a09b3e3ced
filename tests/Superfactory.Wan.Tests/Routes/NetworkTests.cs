using System.Collections.Immutable;
using Superfactory.Model.Wan;

namespace Superfactory.Wan.Tests.Routes;

/// <summary>What the network promises, whatever its connections and relays do.</summary>
public sealed class NetworkTests
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 30)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Messages_over_streams_that_die_arrive_once_and_in_order(int seed)
    {
        var world = new NetworkWorld(seed, streams: 1 + (seed % 4), "atlanta", "wisconsin");
        world.Trouble(6000, deaths: true);
        world.Settle();
        world["atlanta"].ShouldHaveReached(world["wisconsin"]);
        world["wisconsin"].ShouldHaveReached(world["atlanta"]);
        (world["atlanta"].Begun, world["wisconsin"].Begun).ShouldBe((1, 1));
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Messages_over_relays_that_drop_frames_and_links_that_are_cut_arrive_once_and_in_order(int seed)
    {
        var world = new NetworkWorld(seed, streams: 1 + (seed % 3), "atlanta", "ohio", "wisconsin") { Dropping = true };
        world.Trouble(2000, deaths: false);
        world.Cut.Add(("atlanta", "wisconsin"));
        world.Trouble(6000, deaths: seed % 2 == 0);
        world.Cut.Clear();
        world.Cut.Add(("atlanta", "ohio"));
        world.Trouble(3000, deaths: true);
        world.Cut.Clear();
        world.Settle();
        foreach (var (from, to) in Pairs("atlanta", "ohio", "wisconsin"))
        {
            world[from].ShouldHaveReached(world[to]);
        }
    }

    [Fact]
    public void Acknowledgement_that_dies_with_its_stream_is_repeated_over_another()
    {
        var world = new NetworkWorld(5, streams: 2, "atlanta", "wisconsin");
        world.Trouble(500, deaths: false);
        world.Settle();
        for (var round = 0; round < 40; round++)
        {
            world["atlanta"].Send("wisconsin", TrafficClass.Merge, MessageOrder.Ordered, 100);
            for (var step = 0; step < 4 * round; step++)
            {
                world.Step();
            }

            // What it carried, the message, is on the other one or has arrived.
            world.Kill(0);
            world.Settle();
        }

        world["atlanta"].ShouldHaveReached(world["wisconsin"]);
    }

    [Theory]
    [InlineData(2, true, true)]
    [InlineData(3, true, true)]
    [InlineData(3, true, false)]
    [InlineData(4, false, true)]
    public void Control_takes_another_stream_before_the_one_that_is_silent_is_given_up(int streams, bool there, bool back)
    {
        var world = new NetworkWorld(9, streams, "atlanta", "wisconsin");
        world.Trouble(2000, deaths: false);
        world.Settle();
        world.BlackHole(0, there, back);
        var began = world.Now;
        for (var count = 0; count < 30; count++)
        {
            world["atlanta"].Send("wisconsin", TrafficClass.Control, MessageOrder.Ordered, 100);
            world["wisconsin"].Send("atlanta", TrafficClass.Control, MessageOrder.Ordered, 100);
        }

        world.Settle();
        world["atlanta"].ShouldHaveReached(world["wisconsin"]);
        world["wisconsin"].ShouldHaveReached(world["atlanta"]);

        // Three heartbeats of silence, one more until it is noticed, and what carrying and acknowledging takes.
        TimeSpan.FromTicks(world.Now - began).ShouldBeLessThan(TimeSpan.FromSeconds(1));

        // Heard again it carries control again, alone.
        world.BlackHole(0, false, false);
        world.Trouble(5000, deaths: false);
        world.Settle();
        world["atlanta"].Network.Port("wisconsin").Streams.ShouldAllBe(static stream => stream.Takes);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Messages_over_streams_that_fall_silent_and_are_heard_again_arrive_once_and_in_order(int seed)
    {
        var world = new NetworkWorld(seed, streams: 2 + (seed % 3), "atlanta", "ohio", "wisconsin");
        for (var round = 0; round < 6; round++)
        {
            world.BlackHole((seed + round) % 3, there: round % 2 == 0, back: round % 3 == 0);
            world.Trouble(5000, deaths: seed % 2 == 0);
            world.BlackHole((seed + round) % 3, there: false, back: false);
        }

        world.Settle();
        foreach (var (from, to) in Pairs("atlanta", "ohio", "wisconsin"))
        {
            world[from].ShouldHaveReached(world[to]);
        }
    }

    [Fact]
    public void Traffic_takes_the_way_over_a_third_site_while_the_link_is_cut_and_returns_when_it_is_back()
    {
        var world = new NetworkWorld(7, streams: 2, "atlanta", "ohio", "wisconsin");
        world.Trouble(2000, deaths: false);
        Ways(world).ShouldBe(["atlanta>wisconsin"]);
        world.Cut.Add(("atlanta", "wisconsin"));
        world.Trouble(500, deaths: false);
        Ways(world).ShouldBe(["atlanta>ohio>wisconsin"]);
        world.Settle();
        world["atlanta"].ShouldHaveReached(world["wisconsin"]);
        world.Cut.Clear();
        world.Trouble(500, deaths: false);
        Ways(world).ShouldBe(["atlanta>wisconsin"]);
    }

    [Fact]
    public void Granted_ways_are_taken_while_they_are_up_and_what_is_granted_a_rate_is_held_to_it()
    {
        var world = new NetworkWorld(8, streams: 2, "atlanta", "ohio", "wisconsin");
        world.Trouble(2000, deaths: false);
        var network = world["atlanta"].Network;
        network.SetGrants([Grant(Path(1_000_000, "atlanta", "ohio", "wisconsin"), Path(2_000_000, "atlanta", "wisconsin"))], world.Now);
        Ways(world).ShouldBe(["atlanta>ohio>wisconsin", "atlanta>wisconsin"]);
        network.Routes("wisconsin").Granted(TrafficClass.Merge).ShouldBe(3_000_000);
        network.Routes("wisconsin").Granted(TrafficClass.Bulk).ShouldBeNull();
        world.Cut.Add(("ohio", "wisconsin"));
        world.Trouble(500, deaths: false);
        Ways(world).ShouldBe(["atlanta>wisconsin"]);
        world.Cut.Clear();
        world.Trouble(500, deaths: false);
        Ways(world).Length.ShouldBe(2);

        var began = world.Now;
        for (var count = 0; count < 300; count++)
        {
            world["atlanta"].Send("wisconsin", TrafficClass.Merge, MessageOrder.Unordered, 10_000);
        }

        world.Settle();

        // 3 MB at 3 MB/s, and the rest of the world's traffic beside it.
        TimeSpan.FromTicks(world.Now - began).TotalSeconds.ShouldBeInRange(0.95, 1.5);
        network.SetGrants([], world.Now);
        Ways(world).ShouldBe(["atlanta>wisconsin"]);
    }

    private static IEnumerable<(string From, string To)> Pairs(params string[] sites)
        => sites.SelectMany(from => sites.Where(to => to != from).Select(to => (from, to)));

    private static string[] Ways(NetworkWorld world)
        => [.. world["atlanta"].Network.Routes("wisconsin").Feeds(TrafficClass.Merge).Select(feed => string.Join('>', feed.Way.Sites))];

    private static WanRoute Grant(params WanPath[] paths)
        => new() { From = "atlanta", To = "wisconsin", Class = TrafficClass.Merge, Paths = [.. paths] };

    private static WanPath Path(long bytesPerSecond, params ImmutableArray<string> sites) => new() { Sites = sites, BytesPerSecond = bytesPerSecond };
}
