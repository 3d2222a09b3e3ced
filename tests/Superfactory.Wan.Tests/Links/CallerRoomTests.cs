using System.Net.Sockets;
using Superfactory.Wan.Links;

namespace Superfactory.Wan.Tests.Links;

public sealed class CallerRoomTests
{
    private static readonly TimeSpan _long = TimeSpan.FromHours(1);

    [Fact]
    public void Caller_that_finds_the_room_full_takes_the_place_of_the_oldest_of_the_address_that_has_most_there()
    {
        var room = new CallerRoom(4, _long, TimeProvider.System);
        using var peer = room.Enter("peer", TwoSites.Token);
        using var first = room.Enter("strangers", TwoSites.Token);
        using var second = room.Enter("strangers", TwoSites.Token);
        using var third = room.Enter("strangers", TwoSites.Token);
        using var next = room.Enter("elsewhere", TwoSites.Token);

        first.IsEvicted.ShouldBeTrue();
        first.Token.WaitHandle.WaitOne(TwoSites.Patience).ShouldBeTrue();
        new[] { peer, second, third, next }.ShouldAllBe(static caller => !caller.IsEvicted);
        room.Count.ShouldBe(4);
    }

    [Fact]
    public void Caller_that_left_makes_room()
    {
        var room = new CallerRoom(1, _long, TimeProvider.System);
        var first = room.Enter("a", TwoSites.Token);
        first.Dispose();
        first.Dispose();
        using var second = room.Enter("a", TwoSites.Token);
        first.IsEvicted.ShouldBeFalse();
        room.Count.ShouldBe(1);
    }

    [Fact]
    public void Caller_may_stay_so_long_and_no_longer() => VirtualTime.Run(async time =>
    {
        var room = new CallerRoom(1, TimeSpan.FromSeconds(3), time);
        using var caller = room.Enter("a", TwoSites.Token);
        var gone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = caller.Token.Register(gone.SetResult);
        await gone.Task;
        time.Now.ShouldBe(TimeSpan.FromSeconds(3));
        caller.IsEvicted.ShouldBeFalse();
    });

    [Fact]
    public async Task Peers_get_in_while_more_strangers_than_there_is_room_for_sit_there_and_say_nothing()
    {
        // They may stay for ever, and come from the peer's own address.
        await using var sites = await TwoSites.StartAsync(change: static limits => limits with { IntroductionMax = _long, HandshakeMax = _long });
        await sites.Atlanta.DisposeAsync();
        var strangers = new List<Socket>();
        try
        {
            for (var index = 0; index < 900; index++)
            {
                var stranger = new Socket(SocketType.Stream, ProtocolType.Tcp);
                strangers.Add(stranger);
                await stranger.ConnectAsync(sites.Wisconsin.ListenEndpoint, TwoSites.Token);
            }

            await sites.RestartAtlantaAsync();
            await using var a = await sites.ConnectAsync("atlanta", "a");
            await using var b = await sites.ConnectAsync("wisconsin", "b");
            await a.WatchUntilUpAsync(b.Self);
            sites.Wisconsin.CallersRefused.ShouldBeGreaterThan(0);
        }
        finally
        {
            strangers.ForEach(static stranger => stranger.Dispose());
        }
    }
}
