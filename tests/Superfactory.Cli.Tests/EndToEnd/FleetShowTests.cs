using System.Text.Json;
using Superfactory.Cli.Tests.CommandLine;

namespace Superfactory.Cli.Tests.EndToEnd;

/// <summary><c>superfactory fleet show</c> of a running factory.</summary>
[Collection(WholeFactories.Name)]
public sealed class FleetShowTests : IAsyncDisposable
{
    private const string Fleet = """
        name: small
        power: 4kW
        sites:
          - {name: wisconsin, power: 3kW, rows: [{count: 2, power: 1500W, racks: {hardware: cpu, slots: 4}}, {racks: {hardware: cpu, slots: 2}}]}
          - {name: atlanta, placement: site, racks: {hardware: cpu, slots: 6}}
        links: [{between: [wisconsin, atlanta], bandwidth: 40mbit, rtt: 10ms}]
        """;

    private readonly FactoryRun _factory = new();

    [Fact]
    public async Task Fleet_is_drawn_as_it_is_with_who_uses_it_what_is_out_of_service_power_and_links()
    {
        await _factory.ControlAsync();
        (await ShowAsync()).ShouldStartWith("factory: 0 sites, 0 racks");
        await Task.WhenAll(_factory.SiteAsync("wisconsin", slots: 10), _factory.SiteAsync("iowa", slots: 2));
        var file = Path.Combine(_factory.Directory, "fleet.yaml");
        await File.WriteAllTextAsync(file, Fleet, TestContext.Current.CancellationToken);
        (await CommandProcess.RunAsync("fleet", "apply", file, "--control", _factory.Url)).ExitCode.ShouldBe(0);
        var job = await _factory.SubmitAsync("name: sleeps\nsites: [wisconsin]\naccelerators: 3\npeak: 0.5\ncommand: [sleep, '600']\nbudget: {steps: 1}\n");
        (await CommandProcess.RunAsync("drain", "wisconsin/f1/r2", "--control", _factory.Url)).ExitCode.ShouldBe(0);
        (await CommandProcess.RunAsync("fail", "wisconsin/f1/r3/k1", "--control", _factory.Url)).ExitCode.ShouldBe(0);

        var drawn = await ShowAsync();

        drawn.ShouldContain("small: 3 sites,");
        drawn.ShouldContain("3 of 18 busy, 3 free, 4 drained, 2 failed, 6 away");
        drawn.ShouldContain($"3 of queue default, job {job}");
        drawn.ShouldContain("wisconsin/f1/r2 drained, wisconsin/f1/r3/k1 failed");
        drawn.ShouldContain("atlanta, places its own gangs, not connected: 1 rack, 6 accelerators, 6 schedulable");
        drawn.ShouldContain("iowa, in no fleet file: 2 slots");
        drawn.ShouldContain("wisconsin → atlanta  carries 40mbit, nothing reserved");
        var rows = drawn.Split('\n').Where(static line => line.StartsWith("  f1 ", StringComparison.Ordinal)).ToList();
        rows.Count.ShouldBe(3, drawn);
        rows[0].ShouldContain("3 of 4 busy, 1 free");
        rows[1].ShouldContain("0 of 4 busy, 0 free, 4 drained");
        rows[2].ShouldContain("0 of 2 busy, 0 free, 2 failed");

        var load = JsonDocument.Parse(await ShowAsync("--json")).RootElement;
        load.GetProperty("use").GetProperty("busy").GetInt64().ShouldBe(3);
        var site = load.GetProperty("sites")[0];
        site.GetProperty("rows")[0].GetProperty("use").GetProperty("drawn_watts").GetInt64().ShouldBeGreaterThan(site.GetProperty("rows")[1].GetProperty("use").GetProperty("drawn_watts").GetInt64());
        site.GetProperty("queues")[0].GetProperty("jobs")[0].GetInt64().ShouldBe(job);
    }

    [Fact]
    public async Task Without_a_control_plane_it_says_so()
    {
        var (code, _, error) = await CommandProcess.RunAsync("fleet", "show", "--control", _factory.Url);
        (code, error.Contains("cannot be reached", StringComparison.Ordinal)).ShouldBe((3, true));
    }

    public ValueTask DisposeAsync() => _factory.DisposeAsync();

    private async Task<string> ShowAsync(params string[] options)
    {
        var (code, output, error) = await CommandProcess.RunAsync(["fleet", "show", "--control", _factory.Url, .. options]);
        code.ShouldBe(0, error);
        return output;
    }
}
