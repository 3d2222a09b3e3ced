using System.Collections.Immutable;
using System.Text.Json;
using Superfactory.Cli.Demo;
using Superfactory.Cli.Tests.Display;
using Superfactory.Model;
using Superfactory.Model.Agents;
using Superfactory.Model.Jobs;
using Superfactory.Model.Views;

namespace Superfactory.Cli.Tests.Demo;

public sealed class DemoReportTests
{
    [Fact]
    public void Report_holds_every_promised_field()
    {
        var json = JsonDocument.Parse(JsonSerializer.Serialize(Report("aa", "aa"), FactoryJson.Readable)).RootElement;

        json.GetProperty("sites").EnumerateArray().Select(static site => site.GetString()).ShouldBe(["wisconsin", "atlanta"]);
        json.GetProperty("mode").GetString().ShouldBe("diloco");
        json.GetProperty("steps").GetInt64().ShouldBe(400);
        json.GetProperty("tokens").GetProperty("atlanta").GetInt64().ShouldBe(819_200);
        json.GetProperty("loss").GetProperty("initial").GetDouble().ShouldBe(5.5);
        json.GetProperty("loss").GetProperty("final").GetDouble().ShouldBe(2.1);
        json.GetProperty("replicas").GetProperty("wisconsin").GetString().ShouldBe("aa");
        json.GetProperty("replicas_identical").GetBoolean().ShouldBeTrue();
        json.GetProperty("wan").GetProperty("bytes").GetInt64().ShouldBe(50_000_000);
        json.GetProperty("wan").GetProperty("bytes_every_step").GetInt64().ShouldBe(400L * 2 * 3_600_000);
        json.GetProperty("step_time_share").GetProperty("wisconsin").GetDouble().ShouldBe(0.9);
        json.GetProperty("step_time_share").GetProperty("mean").GetDouble().ShouldBe(0.85, 1e-9);
        json.GetProperty("sample").GetString().ShouldBe("Gets the value.");
        json.GetProperty("seed").GetInt32().ShouldBe(1);
    }

    [Fact]
    public void Replicas_that_differ_are_told_apart()
    {
        var report = Report("aa", "ab");

        report.ReplicasIdentical.ShouldBeFalse();
        DemoReportText.Lines(report).ShouldContain(line => line.Contains("DIFFERENT", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(100, 2, 4, 800)]
    [InlineData(100, 3, 4, 1600)]
    [InlineData(1, 8, 10, 140)]
    public void Every_step_traffic_is_that_of_a_ring_all_reduce_over_all_sites(long steps, int sites, long parameterBytes, long bytes) =>
        DemoReport.EveryStepBytes(steps, sites, parameterBytes).ShouldBe(bytes);

    [Fact]
    public void Text_names_what_the_issue_of_the_run_was()
    {
        var text = string.Join('\n', DemoReportText.Lines(Report("aa", "aa")));

        text.ShouldContain("5.500 at the start, 2.100 at the end");
        text.ShouldContain("50 MB in 14 merges (100mbit,14ms); every-step data parallel would have sent 2.88 GB, 57.6 times as much");
        text.ShouldContain("identical to the last bit");
        text.ShouldContain("Gets the value.");
    }

    [Theory]
    [InlineData(SyncMode.Diloco, 0, "samples           800 planned, 800 merged, each once")]
    [InlineData(SyncMode.Streaming, 0, "pairs             800 of sample and fragment planned, 800 merged, each once")]
    [InlineData(SyncMode.Streaming, 5, "800 merged, 5 of them trained twice after a loss")]
    public void Text_says_what_the_ledger_counts(SyncMode mode, long replayed, string expected)
    {
        var report = Report("aa", "aa") with { Mode = mode, Ledger = new LedgerTotals(800, 800, 0, 0, replayed) };

        string.Join('\n', DemoReportText.Lines(report)).ShouldContain(expected);
    }

    [Fact]
    public void Text_of_the_model_cannot_command_the_terminal()
    {
        var report = Report("aa", "aa") with { Sample = "a\e[31mb" };

        string.Join('\n', DemoReportText.Lines(report)).ShouldContain("a·[31mb");
    }

    private static DemoReport Report(string first, string second) => DemoReport.Of(
        Views.Job(JobState.Completed, "done", 1, Island("wisconsin", first, 90), Island("atlanta", second, 80)) with { EndedUnixMilliseconds = 1_150_000 },
        "100mbit,14ms");

    private static IslandView Island(string site, string hash, double trainingSeconds) => Views.Island(site, 400, 14, 25_000_000) with
    {
        Result = new IslandResult
        {
            ParametersSha256 = hash,
            Steps = 400,
            Tokens = 819_200,
            TrainingSeconds = trainingSeconds,
            WallSeconds = 100,
            Rounds = 14,
            ParameterBytes = 3_600_000,
            Ledger = new LedgerTotals(12800, 12800, 0, 0),
            Values = ImmutableSortedDictionary<string, double>.Empty.Add("validation_loss_initial", 5.5).Add("validation_loss_final", 2.1),
            Texts = ImmutableSortedDictionary<string, string>.Empty.Add("sample", "Gets the value."),
        },
    };
}
