using System.Text.Json.Nodes;
using Superfactory.Cli.Tests.CommandLine;

namespace Superfactory.Cli.Tests.Bench;

/// <summary><c>superfactory bench merge</c> as a process: mistakes, and real merges that are small.</summary>
public sealed class MergeBenchTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("--wan: 'gigabit' is no link. Expected a bandwidth and a round-trip time, such as 100mbit,14ms, or none.", "--wan", "gigabit")]
    [InlineData("--peer: 'glooo' is no peer: expected gloo. Did you mean 'gloo'?", "--peer", "glooo")]
    [InlineData("--loss: 'much' is no share of packets: expected 0 to 50%, such as 0.1% or 0.001.", "--loss", "much", "--wan", "1gbit,20ms")]
    [InlineData("--loss: '51%' is no share of packets: expected 0 to 50%, such as 0.1% or 0.001.", "--loss", "51%", "--wan", "1gbit,20ms")]
    [InlineData("--loss: 'NaN' is no share of packets: expected 0 to 50%, such as 0.1% or 0.001.", "--loss", "NaN", "--wan", "1gbit,20ms")]
    [InlineData("--loss: Loopback loses no packets. Name a link by --wan, such as 1gbit,20ms.", "--loss", "0.1%")]
    [InlineData("--bulk: Loopback has no classes: bulk goes through gateways. Name a link by --wan, such as 100mbit,20ms.", "--bulk")]
    [InlineData("--islands: '1' is no whole number from 2 to 8. See 'superfactory bench merge --help'.", "--islands", "1")]
    [InlineData("--mib: '0' is no whole number from 1 to 2048. See 'superfactory bench merge --help'.", "--mib", "0")]
    [InlineData("--format: 'fp16' is none of fp32, bf16, int8, e3m0. See 'superfactory bench merge --help'.", "--format", "fp16")]
    public async Task Mistake_is_named_in_one_sentence_with_exit_code_2(string message, params string[] arguments)
    {
        var ran = await CommandProcess.RunAsync(["bench", "merge", .. arguments]);

        ran.Message.ShouldBe($"superfactory: {message}");
        ran.Output.ShouldBeEmpty();
        ran.ExitCode.ShouldBe(2);
    }

    [Fact]
    public async Task Report_that_cannot_be_written_is_said_before_anything_is_measured()
    {
        var ran = await CommandProcess.RunAsync("bench", "merge", "--json", _directory.Root);

        ran.Message.ShouldBe($"superfactory: {_directory.Root}: --json: The report cannot be written: this is a directory.");
        ran.ExitCode.ShouldBe(2);
    }

    [Theory]
    [InlineData("fp32", 2)]
    [InlineData("e3m0", 2)]
    [InlineData("int8", 3)]
    public async Task Islands_over_loopback_merge_and_report(string format, int islands)
    {
        var json = await MeasureAsync("--islands", $"{islands}", "--format", format, "--wan", "none");

        ((bool)json["identical"]!, (bool)json["tls"]!, (bool)json["through_gateways"]!, (bool)json["lab"]!).ShouldBe((true, false, false, false));
    }

    [Fact]
    public async Task Gloo_merges_the_same_numbers_in_turn()
    {
        var json = await MeasureAsync("--islands", "2", "--wan", "none", "--peer", "gloo");

        ((string?)json["peer"]!["name"]).ShouldBe("gloo");
        ((double)json["ratio"]!).ShouldBe((double)json["peer"]!["seconds_median"]! / (double)json["seconds_median"]!, 1e-9);
    }

    [Fact]
    public async Task Link_is_refused_without_root_with_exit_code_3()
    {
        Assert.SkipWhen(Environment.IsPrivilegedProcess, "needs to run without root: this is how the command says that it needs it");

        var ran = await CommandProcess.RunAsync("bench", "merge", "--wan", "1gbit,20ms");

        ran.Message.ShouldBe(
            "superfactory: A link of 1gbit,20ms is built of network namespaces, which only root can set up: run this as root, or measure over loopback by --wan none.");
        ran.ExitCode.ShouldBe(3);
    }

    [Fact]
    public async Task Islands_of_the_laboratory_merge_through_gateways_with_TLS_and_leave_nothing()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root for network namespaces");

        var json = await MeasureAsync("--islands", "3", "--format", "bf16", "--wan", "100mbit,4ms");

        ((bool)json["identical"]!, (bool)json["tls"]!, (bool)json["through_gateways"]!, (bool)json["lab"]!).ShouldBe((true, true, true, true));
        ((double)json["link_utilization"]!).ShouldBeInRange(0.001, 1);
        json["busier_direction"]!.AsObject().Select(pair => pair.Key).ShouldBe(["island-1", "island-2", "island-3"]);
        ((double)json["lab_rate"]!).ShouldBeInRange(1e6, 200e6);
    }

    [Fact]
    public async Task Merges_and_control_go_on_beside_bulk_that_fills_the_link()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root for network namespaces");

        var json = await MeasureAsync("--islands", "2", "--wan", "100mbit,4ms", "--bulk");

        var beside = json["beside_bulk"]!;
        beside["seconds"]!.AsArray().Count.ShouldBe(2);
        ((double)beside["ratio"]!).ShouldBe((double)beside["seconds_median"]! / (double)json["seconds_median"]!, 1e-9);
        ((double)beside["bulk_bits_per_second"]!).ShouldBeInRange(1e6, 100e6);
        ((double)beside["control_beside"]!["median_ms"]!).ShouldBeGreaterThan(2);
    }

    /// <summary>One warm-up and two merges of 1 MiB.</summary>
    private async Task<JsonObject> MeasureAsync(params string[] arguments)
    {
        var file = _directory.Combine("figures.json");
        var ran = await CommandProcess.RunAsync(["bench", "merge", "--mib", "1", "--repeat", "2", "--json", file, .. arguments], directory: null);
        ran.ExitCode.ShouldBe(0, ran.Error);
        var json = JsonNode.Parse(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken))!.AsObject();
        var seconds = json["seconds"]!.AsArray().Select(value => (double)value!).ToArray();
        seconds.Length.ShouldBe(2);
        ((double)json["seconds_median"]!).ShouldBe(seconds.Average(), 1e-9);
        ((double)json["cpu_seconds"]!).ShouldBeGreaterThan(0);
        return json;
    }
}
