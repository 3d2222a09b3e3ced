using System.Text.Json.Nodes;
using Superfactory.Cli.Tests.CommandLine;
using Superfactory.Cli.Tests.EndToEnd;

namespace Superfactory.Cli.Tests.Chaos;

/// <summary><c>superfactory chaos</c> as a process: mistakes, and a real run with a few faults, in the laboratory as root and on loopback otherwise.</summary>
[Collection(WholeFactories.Name)]
public sealed class ChaosCommandTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("--minutes: 'long' is no number of minutes: expected 0.2 to 1440.", "--minutes", "long")]
    [InlineData("--minutes: '0.1' is no number of minutes: expected 0.2 to 1440.", "--minutes", "0.1")]
    [InlineData("--sites: '2' is no whole number from 3 to 8. See 'superfactory chaos --help'.", "--sites", "2")]
    [InlineData("--mode: 'dilco' is none of every-step, diloco, streaming, auto. Did you mean 'diloco'? See 'superfactory chaos --help'.", "--mode", "dilco")]
    [InlineData("--only: 'kill-brigde' is none of kill-trainer, pause-trainer, kill-bridge, pause-bridge, kill-agent, pause-agent, kill-control, pause-control, cut-link, cut-site, degrade-link, kill-island, pause-island. Did you mean 'kill-bridge'? See 'superfactory chaos --help'.", "--only", "kill-agent,kill-brigde")]
    public async Task Mistake_is_named_in_one_sentence_with_exit_code_2(string message, params string[] arguments)
    {
        var ran = await CommandProcess.RunAsync(["chaos", .. arguments]);

        ran.Message.ShouldBe($"superfactory: {message}");
        ran.Output.ShouldBeEmpty();
        ran.ExitCode.ShouldBe(2);
    }

    [Fact]
    public async Task Run_ends_with_one_model_and_an_exact_ledger_though_parts_of_it_fail()
    {
        var file = _directory.Combine("report.json");

        var ran = await CommandProcess.RunAsync(["chaos", "--minutes", "0.25", "--seed", "5", "--json", file], directory: null, limit: TimeSpan.FromMinutes(8));

        ran.ExitCode.ShouldBe(0, ran.Message + ran.Output);
        var json = JsonNode.Parse(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken))!.AsObject();
        json.Select(static field => field.Key).ShouldBe(["faults", "recovery_seconds", "replicas_identical", "ledger_exact", "violations"]);
        ((bool)json["replicas_identical"]!).ShouldBeTrue();
        ((bool)json["ledger_exact"]!).ShouldBeTrue();
        ((int)json["violations"]!).ShouldBe(0);
        json["faults"]!.AsArray().Count.ShouldBeGreaterThanOrEqualTo(1);
        json["faults"]!.AsArray().ShouldAllBe(static fault => (double)fault!["seconds"]! > 0);
        ((double)json["recovery_seconds"]!["max"]!).ShouldBeGreaterThanOrEqualTo((double)json["recovery_seconds"]!["median"]!);
    }
}
