using System.Net.Http.Json;
using Superfactory.Control.Tests.Support;
using Superfactory.Control.Writing;
using Superfactory.Core;
using Superfactory.Model;
using Superfactory.Model.Agents;

namespace Superfactory.Control.Tests.Writing;

public sealed class GangLeaseTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task What_a_silent_site_held_is_free_after_its_lease_and_the_margin_which_a_restart_counts_anew()
    {
        var time = new ManualTimeProvider();
        await using (var plane = await ControlPlane.StartAsync(_directory.Path, time))
        {
            await JoinAsync(plane);
            await plane.SubmitAsync(Samples.TwoSites.Replace("[wisconsin, atlanta]", "[a]", StringComparison.Ordinal));
            await SilentAsync(plane, 110_000);
            (await GangsAsync(plane)).ShouldBe(1, "it may still run");
        }

        await using var again = await ControlPlane.StartAsync(_directory.Path, time);
        await SilentAsync(again, 60_000 + FactoryLimits.GangLeaseMarginMilliseconds - LeaseClock.PeriodMilliseconds);
        (await GangsAsync(again)).ShouldBe(1, "this process has not been silent to it for so long");

        await ControlPlane.UntilAsync(async () =>
        {
            await SilentAsync(again, LeaseClock.PeriodMilliseconds);
            return await GangsAsync(again) == 0;
        });
    }

    private static async Task<int> GangsAsync(ControlPlane plane) => (await plane.InstructionsAsync("a", after: -1))!.Gangs.Length;

    private static async Task JoinAsync(ControlPlane plane) =>
        (await plane.Http.PostAsJsonAsync("/v1/agents/a/session", new AgentHello
        {
            Protocol = FactoryJson.ProtocolVersion, Session = "s1", Host = "a", ProcessId = 1, Gateway = "127.0.0.1:9001", Slots = 1, Version = "0.1.0", GangLeaseSeconds = 60,
        }, FactoryJson.Options)).EnsureSuccessStatusCode();

    /// <summary>Time passes in steps that are no pause of the control plane's own, and it looks after each.</summary>
    private static async Task SilentAsync(ControlPlane plane, int milliseconds)
    {
        for (var passed = 0; passed < milliseconds; passed += 1_000)
        {
            plane.Time.Advance(TimeSpan.FromMilliseconds(Math.Min(1_000, milliseconds - passed)));
            await plane.TextAsync("/v1/sites");
        }
    }
}
