using System.Text.Json.Nodes;
using Superfactory.Cli.Tests.CommandLine;

namespace Superfactory.Cli.Tests.Bench.Training;

/// <summary><c>superfactory bench training</c> as a process: mistakes, and a real training that is short.</summary>
public sealed class TrainingBenchTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("--wan: 'gigabit' is no link. Expected a bandwidth and a round-trip time, such as 100mbit,14ms, or none.", "--wan", "gigabit")]
    [InlineData("--wan: 'none' is no link to emulate. Expected a bandwidth and a round-trip time, such as 100mbit,14ms.", "--wan", "none")]
    [InlineData("--peer: 'dpp' is no peer: expected ddp. Did you mean 'ddp'?", "--peer", "dpp")]
    [InlineData("--modes: 'diloco' stands there twice.", "--modes", "diloco,diloco")]
    [InlineData("--no-overlap: None of the modes overlaps its merges with training. Leave it out.", "--no-overlap", "--modes", "diloco")]
    [InlineData("--sites: '1' is no whole number from 2 to 8. See 'superfactory bench training --help'.", "--sites", "1")]
    [InlineData("--steps: '24' is no whole number from 25 to 1000000. See 'superfactory bench training --help'.", "--steps", "24")]
    public async Task Mistake_is_named_in_one_sentence_with_exit_code_2(string message, params string[] arguments)
    {
        var ran = await CommandProcess.RunAsync(["bench", "training", .. arguments]);

        ran.Message.ShouldBe($"superfactory: {message}");
        ran.Output.ShouldBeEmpty();
        ran.ExitCode.ShouldBe(2);
    }

    [Fact]
    public async Task Mode_that_the_build_does_not_have_is_refused_with_the_modes_that_it_has()
    {
        var ran = await CommandProcess.RunAsync("bench", "training", "--modes", "every-step,turbo");

        ran.Message.ShouldStartWith("superfactory: --modes: 'turbo' is no mode of this build: expected every-step, diloco, streaming, auto");
        ran.ExitCode.ShouldBe(2);
    }

    [Fact]
    public async Task Modes_peer_and_one_site_train_and_report()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root for network namespaces");
        Assert.SkipWhen(Environment.ProcessorCount < 2, "needs a core for each site");
        var file = _directory.Combine("figures.json");

        var ran = await CommandProcess.RunAsync(
            ["bench", "training", "--wan", "1gbit,2ms", "--modes", "every-step", "--steps", "25", "--peer", "ddp", "--json", file],
            directory: null, limit: TimeSpan.FromMinutes(10));

        ran.ExitCode.ShouldBe(0, ran.Message);
        var json = JsonNode.Parse(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken))!;
        json["modes"]!.AsArray().Select(mode => (string?)mode!["mode"]).ShouldBe(["every-step"]);
        foreach (var figures in json["modes"]!.AsArray().Append(json["peer"]).Append(json["one_site"]))
        {
            ((int)figures!["blocks"]!).ShouldBe(5);
            ((double)figures["compute_utilization"]!).ShouldBeGreaterThan(0);
            ((double)figures["final_loss"]!).ShouldBeLessThan(5.5);
            figures.AsObject().ContainsKey("wait_seconds").ShouldBeTrue();
        }

        // The same samples, the same mean of gradients: only roundings differ.
        ((double)json["modes"]![0]!["final_loss"]!).ShouldBe((double)json["peer"]!["final_loss"]!, 0.01);
        ((long)json["modes"]![0]!["wan_bytes"]!).ShouldBeGreaterThan((long)json["one_site"]!["wan_bytes"]!);
        ((long)json["one_site"]!["wan_bytes"]!).ShouldBeLessThan(1_000_000);
    }
}
