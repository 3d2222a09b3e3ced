using System.Text.Json;

namespace Superfactory.Cli.Tests.EndToEnd;

/// <summary>The whole demo, short: real processes, sockets and PyTorch.</summary>
[Collection(WholeFactories.Name)]
public sealed class DemoTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    [Fact]
    public async Task Demo_trains_one_model_at_two_sites_and_reports()
    {
        var file = _directory.Combine("out.json");
        await using var demo = RunningProgram.StartIn(_directory.Root, "demo", "--steps", "24", "--json", file);

        (await demo.EndAsync()).ShouldBe(0, demo.Output);

        var report = JsonDocument.Parse(File.ReadAllText(file)).RootElement;
        report.GetProperty("sites").EnumerateArray().Select(static site => site.GetString()).ShouldBe(["wisconsin", "atlanta"]);
        report.GetProperty("mode").GetString().ShouldBe("diloco");
        report.GetProperty("steps").GetInt64().ShouldBe(24);
        Loss(report, "final").ShouldBeLessThan(Loss(report, "initial") - 0.5);
        report.GetProperty("replicas_identical").GetBoolean().ShouldBeTrue();
        report.GetProperty("replicas").EnumerateObject().ShouldAllBe(static replica => replica.Value.GetString()!.Length == 64);
        foreach (var site in new[] { "wisconsin", "atlanta" })
        {
            report.GetProperty("tokens").GetProperty(site).GetInt64().ShouldBe(24 * 16 * 128);
            report.GetProperty("step_time_share").GetProperty(site).GetDouble().ShouldBeInRange(0.01, 1.0);
        }

        var ledger = report.GetProperty("ledger");
        ledger.GetProperty("merged").GetInt64().ShouldBe(ledger.GetProperty("planned").GetInt64());
        report.GetProperty("wan").GetProperty("bytes").GetInt64().ShouldBeInRange(1, report.GetProperty("wan").GetProperty("bytes_every_step").GetInt64() / 4);
        report.GetProperty("sample").GetString().ShouldNotBeNullOrEmpty();
        demo.Output.ShouldContain("validation loss");
        demo.Marker.Alive().ShouldBeEmpty();
    }

    [Fact]
    public async Task Demo_with_every_step_merges_gradients_at_three_sites()
    {
        var file = _directory.Combine("out.json");
        await using var demo = RunningProgram.StartIn(_directory.Root, "demo", "--steps", "6", "--sites", "3", "--mode", "every-step", "--wan", "none", "--seed", "5", "--json", file);

        (await demo.EndAsync()).ShouldBe(0, demo.Output);

        var report = JsonDocument.Parse(File.ReadAllText(file)).RootElement;
        report.GetProperty("mode").GetString().ShouldBe("every-step");
        report.GetProperty("replicas").EnumerateObject().Count().ShouldBe(3);
        report.GetProperty("replicas_identical").GetBoolean().ShouldBeTrue();
        report.GetProperty("seed").GetInt32().ShouldBe(5);
        report.GetProperty("rounds").GetInt64().ShouldBe(6);
    }

    [Fact]
    public async Task Ctrl_C_ends_the_demo_and_leaves_no_process_and_no_file()
    {
        await using var demo = RunningProgram.StartIn(_directory.Root, "demo", "--steps", "100000");
        await demo.LineAsync(static line => line.Contains("  step ", StringComparison.Ordinal));
        demo.Marker.Alive().Count.ShouldBeGreaterThan(6);

        demo.Signal("INT");

        (await demo.EndAsync()).ShouldBe(130, demo.Output);
        demo.Marker.Alive().ShouldBeEmpty();
        Directory.GetDirectories(_directory.Root).ShouldBeEmpty();
    }

    [Fact]
    public async Task Killed_demo_leaves_no_process()
    {
        await using var demo = RunningProgram.StartIn(_directory.Root, "demo", "--steps", "100000");
        await demo.LineAsync(static line => line.Contains("  step ", StringComparison.Ordinal));

        demo.Signal("KILL");

        await demo.EndAsync();
        await demo.Marker.WaitUntilNoneAsync(TimeSpan.FromSeconds(30));
    }

    public void Dispose() => _directory.Dispose();

    private static double Loss(JsonElement report, string which) => report.GetProperty("loss").GetProperty(which).GetDouble();
}
