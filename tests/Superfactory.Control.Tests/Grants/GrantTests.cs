using System.Collections.Immutable;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Superfactory.Control.Grants;
using Superfactory.Control.Tests.Support;
using Superfactory.Model;
using Superfactory.Model.Agents;
using Superfactory.Model.Views;
using Superfactory.Model.Wan;

namespace Superfactory.Control.Tests.Grants;

public sealed class GrantTests : IAsyncLifetime
{
    private const long Rate = 63L << 18;

    private readonly TemporaryDirectory _directory = new();
    private ControlPlane _plane = null!;

    public async ValueTask InitializeAsync()
    {
        _plane = await ControlPlane.StartAsync(_directory.Path);
        foreach (var site in new[] { "a", "b", "c" })
        {
            await _plane.JoinAsync(site);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _plane.DisposeAsync();
        _directory.Dispose();
    }

    [Fact]
    public async Task Waiting_traffic_gets_a_second_way_with_the_next_instructions_and_the_waiting_agent_hears_at_once()
    {
        var first = await InstructionsAsync("a", after: -1, routes: -1, wait: 0);
        first!.Routes.ShouldBeEmpty();
        var waiting = InstructionsAsync("a", first.Revision, first.RoutesRevision, wait: 30_000);
        await ReportAsync(waits: true);

        _plane.Time.Advance(TimeSpan.FromMilliseconds(GrantClock.PeriodMilliseconds));

        var granted = (await waiting.WaitAsync(ControlPlane.Patience, TestContext.Current.CancellationToken)).ShouldNotBeNull();
        granted.Revision.ShouldBe(first.Revision);
        granted.RoutesRevision.ShouldBeGreaterThan(first.RoutesRevision);
        var route = granted.Routes.ShouldHaveSingleItem();
        (route.From, route.To, route.Class).ShouldBe(("a", "b", TrafficClass.Merge));
        route.Paths.Select(path => string.Join('>', path.Sites)).ShouldBe(["a>b", "a>c>b"]);
        route.Paths[0].BytesPerSecond.ShouldBe(0);
        (await InstructionsAsync("b", after: -1, routes: -1, wait: 0))!.Routes.ShouldBeEmpty();
    }

    [Fact]
    public async Task Bulk_is_held_to_what_a_job_leaves_of_the_rate_that_it_has_reserved_on_a_link_too_small_to_be_measured()
    {
        foreach (var site in new[] { "d", "e" })
        {
            await JoinAsync(site, "8mbit,14ms");
        }

        await _plane.SubmitAsync($"{Samples.TwoSites.Replace("[wisconsin, atlanta]", "[d, e]", StringComparison.Ordinal)}\nwan: {{rate: 4mbit}}\n");
        foreach (var (site, peer) in new[] { ("d", "e"), ("e", "d") })
        {
            (await _plane.ReportAsync(site, new AgentReport
            {
                Session = "s1",
                Links = [Link(peer, waits: true) with { AchievableBytesPerSecond = 940_000, Classes = [new LinkClassReport { Class = TrafficClass.Merge, BytesPerSecond = 250_000 }, new LinkClassReport { Class = TrafficClass.Bulk, WaitingBytes = 5_000_000 }] }],
            })).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        }

        _plane.Time.Advance(TimeSpan.FromMilliseconds(GrantClock.PeriodMilliseconds));

        var route = (await InstructionsAsync("d", after: -1, routes: -1, wait: 0))!.Routes.ShouldHaveSingleItem();
        (route.From, route.To, route.Class, route.Paths.Single().BytesPerSecond).ShouldBe(("d", "e", TrafficClass.Bulk, 500_000 / 8 * 9));
    }

    [Fact]
    public async Task An_agent_that_asks_for_no_grants_is_not_woken_by_them()
    {
        var first = await _plane.InstructionsAsync("a", after: -1);
        await ReportAsync(waits: true);
        _plane.Time.Advance(TimeSpan.FromMilliseconds(GrantClock.PeriodMilliseconds));

        (await _plane.InstructionsAsync("a", after: first!.Revision)).ShouldBeNull();
    }

    [Fact]
    public async Task Links_are_shown_by_sender_and_receiver_and_down_when_the_sender_is_lost()
    {
        await ReportAsync(waits: true);

        var links = await LinksAsync();
        links.Select(link => $"{link.From}>{link.To}").ShouldBe(["a>b", "a>c", "b>a", "b>c", "c>a", "c>b"]);
        links.ShouldAllBe(link => link.Connected);
        var link = links[0];
        (link.Streams, link.Encryption, link.RoundTripMilliseconds, link.AchievableBytesPerSecond).ShouldBe((4, "tls1.3", 12.5, Rate));
        (link.BytesSent, link.BytesRetransmitted, link.Reconnects, link.FramesRefused, link.Loss).ShouldBe((1000, 30, 2, 1, 0.01));
        link.Classes.ShouldHaveSingleItem().WaitingBytes.ShouldBe(5_000_000);

        _plane.Time.Advance(TimeSpan.FromSeconds(10));
        await ControlPlane.UntilAsync(async () => (await LinksAsync()).All(known => !known.Connected));
    }

    [Fact]
    public void A_rate_that_hardly_differs_is_no_other_grant_and_no_limit_is_another_than_any()
    {
        var board = new GrantBoard(new ManualTimeProvider());
        var told = new List<string>();
        board.Changed += told.AddRange;

        board.Set([Route(1000)]);
        board.Set([Route(1090)]);
        board.Of("a").Routes[0].Paths[0].BytesPerSecond.ShouldBe(1000);
        board.Set([Route(0)]);
        board.Set([]);
        board.Set([]);

        told.ShouldBe(["a", "a", "a"]);
        board.Of("a").Routes.ShouldBeEmpty();
    }

    private static WanRoute Route(long rate) =>
        new() { From = "a", To = "b", Class = TrafficClass.Merge, Paths = [new WanPath { Sites = ["a", "c", "b"], BytesPerSecond = rate }] };

    private async Task JoinAsync(string site, string emulated) => (await _plane.Http.PostAsJsonAsync($"/v1/agents/{site}/session", new AgentHello
    {
        Protocol = FactoryJson.ProtocolVersion, Session = "s1", Host = site, ProcessId = 1, Gateway = "127.0.0.1:9001", Slots = 1, Version = "0.1.0", EmulatedWan = emulated,
    }, FactoryJson.Options)).EnsureSuccessStatusCode();

    private async Task ReportAsync(bool waits)
    {
        string[] sites = ["a", "b", "c"];
        foreach (var site in sites)
        {
            (await _plane.ReportAsync(site, new AgentReport
            {
                Session = "s1",
                Links = [.. sites.Where(peer => peer != site).Select(peer => Link(peer, waits && (site, peer) is ("a", "b")))],
            })).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        }
    }

    private static LinkReport Link(string peer, bool waits) => new()
    {
        Peer = peer,
        Connected = true,
        BytesSent = 1000,
        BytesReceived = 2000,
        Streams = 4,
        Encryption = "tls1.3",
        RoundTripMilliseconds = 12.5,
        Loss = 0.01,
        BytesRetransmitted = 30,
        Reconnects = 2,
        FramesRefused = 1,
        AchievableBytesPerSecond = Rate,
        Classes = waits ? [new LinkClassReport { Class = TrafficClass.Merge, BytesPerSecond = Rate, WaitingBytes = 5_000_000 }] : [],
    };

    private async Task<ImmutableArray<LinkView>> LinksAsync() => JsonSerializer.Deserialize<ImmutableArray<LinkView>>(await _plane.TextAsync("/v1/links"), FactoryJson.Options);

    private async Task<AgentInstructions?> InstructionsAsync(string site, long after, long routes, int wait)
    {
        var response = await _plane.GetAsync($"/v1/agents/{site}/instructions?session=s1&after={after}&routes={routes}&wait_ms={wait}");
        response.EnsureSuccessStatusCode();
        return response.StatusCode == HttpStatusCode.NoContent ? null : await response.Content.ReadFromJsonAsync<AgentInstructions>(FactoryJson.Options);
    }
}
