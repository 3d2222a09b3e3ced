using System.Collections.Immutable;
using Superfactory.Model.Jobs;

namespace Superfactory.Model.Tests.Jobs;

/// <summary>Job files that are valid.</summary>
public class JobFileTests
{
    private const string Smallest = """
        name: docs-gpt
        sites: [wisconsin, atlanta]
        command: [python3, train.py]
        budget: {steps: 400}
        """;

    [Fact]
    public void The_example_of_two_sites_is_read_with_every_default_filled_in()
    {
        var job = Parse(Example("pretrain-two-sites.yaml"));
        job.Name.ShouldBe("docs-gpt");
        job.Kind.ShouldBe(JobKind.Pretrain);
        job.Sites.ShouldBe(["wisconsin", "atlanta"]);
        job.SiteCount.ShouldBe(0);
        job.Trainer.ShouldBe(new TrainerSpecification { Recipe = "pretrain" });
        job.Data.ShouldBe(new DataSpecification { Corpus = "dotnet-docs" });
        job.Sync.ShouldBe(new SyncSpecification { Outer = new OuterOptimizerSpecification { LearningRate = 0.9 } });
        job.Budget.ShouldBe(new BudgetSpecification { Steps = 400 });
        job.Seed.ShouldBe(1);
    }

    [Fact]
    public void The_example_of_a_command_is_read()
    {
        var job = Parse(Example("custom-command.yaml"));
        job.Trainer.ShouldBeNull();
        job.Data.ShouldBeNull();
        job.SiteCount.ShouldBe(2);
        job.Sites.ShouldBeEmpty();
        job.Command[0].ShouldBe("python3");
        job.Environment.ShouldHaveSingleItem().Value.ShouldBe("false");
        job.Sync.ShouldBe(new SyncSpecification { Every = 20 });
        job.Budget.ShouldBe(new BudgetSpecification { Samples = 12_000 });
        job.Island.Processes.ShouldBe(1);
        job.TrainerRestartsMax.ShouldBe(5);
    }

    [Fact]
    public void Every_step_has_defaults_of_its_own()
    {
        var sync = Parse(Smallest + "\nsync: {mode: every-step}").Sync;
        sync.Every.ShouldBe(1);
        sync.Format.ShouldBe(NumberFormat.Bf16);
        sync.ResultFormat.ShouldBe(NumberFormat.Bf16);
        Parse(Smallest + "\nsync: {mode: every-step, every: 1, format: fp32}").Sync.Format.ShouldBe(NumberFormat.Fp32);
        Parse(Smallest + "\nsync: {format: fp32}").Sync.Format.ShouldBe(NumberFormat.Fp32);
    }

    [Theory]
    [InlineData("fp32", NumberFormat.Fp32)]
    [InlineData("bf16", NumberFormat.Bf16)]
    [InlineData("int8", NumberFormat.Int8)]
    [InlineData("e3m0", NumberFormat.E3m0)]
    public void Every_number_format_is_read_for_contributions_and_for_results(string written, NumberFormat expected)
    {
        var sync = Parse($"{Smallest}\nsync: {{format: {written}, result_format: {written}, error_feedback: true}}").Sync;
        sync.Format.ShouldBe(expected);
        sync.ResultFormat.ShouldBe(expected);
        sync.ErrorFeedback.ShouldBeTrue();
    }

    [Fact]
    public void Results_travel_as_bf16_and_no_error_is_fed_back_unless_the_file_says_otherwise()
    {
        var sync = Parse($"{Smallest}\nsync: {{format: e3m0}}").Sync;
        sync.ResultFormat.ShouldBe(NumberFormat.Bf16);
        sync.ErrorFeedback.ShouldBeFalse();
    }

    [Fact]
    public void JSON_is_read_like_YAML() =>
        Parse("""{"name": "a", "sites": ["x", "y"], "command": ["run", "\ud83d\ude00", 7], "budget": {"steps": 4e2}}""")
            .Command.ShouldBe(["run", "😀", "7"]);

    [Theory]
    [InlineData("2e-3", 0.002)]
    [InlineData(".5", 0.5)]
    [InlineData("1.", 1)]
    [InlineData("1E-05", 0.00001)]
    [InlineData("10", 10)]
    public void Numbers_are_read_as_YAML_writes_them(string written, double expected) =>
        Parse($"{Smallest}\nsync: {{outer: {{learning_rate: {written}}}}}").Sync.Outer.LearningRate.ShouldBe(expected);

    [Fact]
    public void Streaming_has_the_published_defaults_and_takes_what_it_is_given()
    {
        var sync = Parse($"{Smallest}\nsync: {{mode: streaming}}").Sync;
        (sync.Every, sync.Format, sync.ResultFormat, sync.Overlap, sync.Delay, sync.Mixing, sync.Fragments).ShouldBe((30, NumberFormat.E3m0, NumberFormat.Bf16, true, 1, 0.5, 0));
        (sync.StalenessFor(3), sync.StalenessFor(10), sync.StalenessFor(30)).ShouldBe((5, 3, 1));

        var given = Parse($"{Smallest}\nsync: {{mode: streaming, every: 24, fragments: 4, delay: 2, staleness: 6, mixing: 0, format: int8}}").Sync;
        (given.Every, given.Fragments, given.Delay, given.StalenessFor(4), given.Mixing, given.Format).ShouldBe((24, 4, 2, 6, 0, NumberFormat.Int8));
        Parse($"{Smallest}\nsync: {{mode: streaming, delay: 8}}").Sync.StalenessFor(3).ShouldBe(8);

        var waits = Parse($"{Smallest}\nsync: {{mode: streaming, overlap: false}}").Sync;
        (waits.Overlap, waits.StalenessFor(3)).ShouldBe((false, 0));
    }

    [Fact]
    public void Texts_that_look_like_numbers_are_texts_where_texts_are_expected()
    {
        var job = Parse(Smallest.Replace("train.py", "--rate, 1e-3, true", StringComparison.Ordinal) + "\nenvironment: {LEVEL: 3, EMPTY: \"\"}");
        job.Command.ShouldBe(["python3", "--rate", "1e-3", "true"]);
        job.Environment["LEVEL"].ShouldBe("3");
        job.Environment["EMPTY"].ShouldBe(string.Empty);
    }

    [Fact]
    public void Carriage_returns_comments_and_a_document_mark_change_nothing() =>
        Parse("---\r\n# a job\r\n" + Smallest.Replace("\n", "\r\n", StringComparison.Ordinal)).Name.ShouldBe("docs-gpt");

    [Theory]
    [InlineData("pretrain-two-sites.yaml")]
    [InlineData("custom-command.yaml")]
    public void What_is_written_is_read_back_as_the_same_job(string example)
    {
        var job = Parse(Example(example));
        ShouldBeSame(Parse(JobFile.Write(job)), job);
        var everyStep = job with { Sync = new SyncSpecification { Mode = SyncMode.EveryStep, Every = 1, Format = NumberFormat.Fp32, ResultFormat = NumberFormat.Fp32 }, Name = "x" };
        ShouldBeSame(Parse(JobFile.Write(everyStep)), everyStep);
    }

    [Fact]
    public void Texts_of_any_kind_are_written_so_that_they_are_read_back()
    {
        ImmutableArray<string> command = ["run", "", "'\"\\", "a: b", "# c", "\t\n", "😀 é", "null", "*x", "</script>"];
        var job = Parse(Smallest) with { Command = command };
        Parse(JobFile.Write(job)).Command.ShouldBe(command);
    }

    private static string Example(string name) => RepositoryFiles.Read("examples/" + name);

    private static JobSpecification Parse(string text)
    {
        var outcome = JobFile.Parse(text, "job.yaml");
        outcome.Problems.ShouldBeEmpty();
        return outcome.Value!;
    }

    // Arrays in records are compared by reference; JSON compares what they hold.
    private static void ShouldBeSame(JobSpecification actual, JobSpecification expected) =>
        System.Text.Json.JsonSerializer.Serialize(actual, FactoryJson.Readable)
            .ShouldBe(System.Text.Json.JsonSerializer.Serialize(expected, FactoryJson.Readable));
}
