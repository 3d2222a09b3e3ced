using System.Collections.Immutable;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Superfactory.Control.Grants;
using Superfactory.Control.Tests.Support;
using Superfactory.Model;
using Superfactory.Model.Agents;
using Superfactory.Model.Views;
using Superfactory.Routing.Watching;

namespace Superfactory.Control.Tests.Grants;

public sealed class LinkWatchTests : IAsyncLifetime
{
    private readonly TemporaryDirectory _directory = new();
    private ControlPlane _plane = null!;

    public async ValueTask InitializeAsync()
    {
        _plane = await ControlPlane.StartAsync(_directory.Path);
        foreach (var site in new[] { "a", "b" })
        {
            (await _plane.Http.PostAsJsonAsync($"/v1/agents/{site}/session", new AgentHello
            {
                Protocol = FactoryJson.ProtocolVersion, Session = "s1", Host = site, ProcessId = 1, Gateway = "127.0.0.1:9001", Slots = 1, Version = "0.1.0", EmulatedWan = "100mbit,14ms",
            }, FactoryJson.Options)).EnsureSuccessStatusCode();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _plane.DisposeAsync();
        _directory.Dispose();
    }

    [Fact]
    public async Task Link_that_gateways_report_down_long_enough_is_cut_with_the_reason_and_restored_when_they_report_it_up()
    {
        await PassAsync(seconds: (WatchLimits.CutMilliseconds / 1000) - 1, up: false);
        (await RatesAsync()).ShouldAllBe(rate => rate.BitsPerSecond == 100_000_000);

        await PassUntilAsync(up: false, rate => rate.BitsPerSecond == 0);
        (await RatesAsync()).ShouldAllBe(rate => rate.Reason!.StartsWith("The gateways at both its ends have had no connection for "));

        await PassUntilAsync(up: true, rate => rate.BitsPerSecond == 100_000_000);
        (await RatesAsync()).ShouldAllBe(rate => rate.Reason == null);
    }

    [Theory]
    [InlineData(long.MaxValue)]
    [InlineData(long.MinValue)]
    public async Task Report_that_makes_no_sense_ends_nothing_and_links_are_judged_all_the_same(long first)
    {
        foreach (var count in new[] { first, -1 - first, first })
        {
            var link = $$"""connected":true,"bytes_sent":{{count}},"bytes_received":{{count}},"full_milliseconds":{{count}},"achievable_bytes_per_second":{{count}},"classes":[null]""";
            using var body = new StringContent($$"""{"session":"s1","links":[null,{"peer":"b","{{link}}},{"peer":"c","{{link}}}]}""", Encoding.UTF8, "application/json");
            (await _plane.PostAsync("/v1/agents/a/report", body)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
            _plane.Time.Advance(TimeSpan.FromMilliseconds(LinkClock.PeriodMilliseconds));
        }

        var job = await _plane.SubmitAsync(Samples.TwoSites.Replace("[wisconsin, atlanta]", "[a, b]", StringComparison.Ordinal));
        await PassUntilAsync(up: false, rate => rate.BitsPerSecond == 0);
        (await _plane.JobAsync(job.Id)).Islands.ShouldAllBe(island => island.WanBytesSent >= 0);
    }

    /// <summary>Reports until all directions are so. How many seconds that takes the watch's own tests say: a look that is still under way makes the next one none.</summary>
    private async Task PassUntilAsync(bool up, Func<RateView, bool> isSo) => await ControlPlane.UntilAsync(async () =>
    {
        await PassAsync(1, up);
        return (await RatesAsync()).All(isSo);
    });

    private async Task PassAsync(int seconds, bool up)
    {
        for (var second = 0; second < seconds; second++)
        {
            foreach (var (site, peer) in new[] { ("a", "b"), ("b", "a") })
            {
                var report = new AgentReport { Session = "s1", Links = [new LinkReport { Peer = peer, Connected = up, BytesSent = 0, BytesReceived = 0 }] };
                (await _plane.ReportAsync(site, report)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
            }

            _plane.Time.Advance(TimeSpan.FromMilliseconds(LinkClock.PeriodMilliseconds));
        }
    }

    private async Task<ImmutableArray<RateView>> RatesAsync()
    {
        var rates = JsonSerializer.Deserialize<ImmutableArray<RateView>>(await _plane.TextAsync("/v1/rates"), FactoryJson.Options);
        rates.Select(static rate => $"{rate.From}>{rate.To}").ShouldBe(["a>b", "b>a"]);
        return rates;
    }
}
