using Superfactory.Cli.Chaos.Checking;

namespace Superfactory.Cli.Tests.Chaos;

/// <summary>What the checker finds in what trainers wrote down.</summary>
public sealed class HistoryCheckTests
{
    private readonly TwoIslands _run = new();

    public HistoryCheckTests()
    {
        _run.Begin("one", 0, "start");
        _run.Begin("two", 0, "start");
        _run.Round(0, "a");
    }

    [Fact]
    public void Run_without_faults_has_one_history_and_an_exact_ledger()
    {
        _run.Round(1, "b");
        Finish();

        Check().ShouldBeEmpty();
    }

    [Fact]
    public void Result_that_only_a_lost_island_had_is_not_in_the_history()
    {
        // Island two took a result that it alone had, and was lost with it; one redid the round without two's contribution.
        _run.Give("one", 1);
        var dropped = _run.Give("two", 1);
        _run.Take("two", 1, "lost", 2);
        _run.Take("one", 1, "b", 1);
        _run.Begin("two", 2, "b");
        _run.Give("one", 2, dropped);
        _run.Give("two", 2);
        _run.Take("one", 2, "c", 2);
        _run.Take("two", 2, "c", 2);
        Finish();

        Check().ShouldBeEmpty();
    }

    [Fact]
    public void Contribution_of_a_killed_trainer_counts_where_the_tokens_say_that_it_was_merged()
    {
        _run.Give("one", 1);
        _run.Give("two", 1);
        _run.Take("one", 1, "b", 2);
        _run.Begin("two", 2, "b");
        _run.Round(2, "c");
        Finish();

        Check().ShouldBeEmpty();
    }

    [Fact]
    public void Contribution_that_a_bridge_dropped_and_a_result_holds_counts()
    {
        // Two was cut off before the result reached it: it says refused, and goes on from what the run has since.
        _run.Give("one", 1);
        _run.Give("two", 1);
        _run.Take("one", 1, "b", 2);
        _run.Give("one", 2);
        _run.Take("one", 2, "c", 1);
        _run.Take("two", 1, "c", 1, refused: true, next: 3);
        _run.Round(3, "d");
        Finish();

        Check().ShouldBeEmpty();
    }

    [Fact]
    public void Different_parameters_after_one_result_are_a_disagreement()
    {
        _run.Give("one", 1);
        _run.Give("two", 1);
        _run.Take("one", 1, "b", 2);
        _run.Take("two", 1, "other", 2);
        _run.Round(2, "c");
        Finish();

        Check().ShouldHaveSingleItem().ShouldBe("Contributions in result 2 began from different parameters: one b, two other.");
    }

    [Fact]
    public void Trainer_that_had_no_part_in_the_last_result_and_takes_the_final_model_says_nothing_of_it()
    {
        _run.Give("one", 1);
        _run.Take("one", 1, "b", 1);
        _run.Take("two", 1, "a", 0, refused: true, restored: true);
        Finish();

        Check().ShouldBeEmpty();
    }

    [Fact]
    public void Different_last_results_are_a_disagreement()
    {
        _run.Give("one", 1);
        _run.Give("two", 1);
        _run.Take("one", 1, "b", 2);
        _run.Take("two", 1, "other", 2);
        Finish();

        Check()[0].ShouldBe("Trainers ended with different results: 1 (b), 1 (other).");
    }

    [Fact]
    public void Sample_that_is_merged_twice_is_found()
    {
        var sample = _run.Give("one", 1);
        _run.Give("two", 1, sample);
        _run.Take("one", 1, "b", 2);
        _run.Take("two", 1, "b", 2);
        Finish();

        Check().ShouldHaveSingleItem().ShouldBe("Of 3 planned samples 0 were not merged, and 1 were merged once too often.");
    }

    [Fact]
    public void Sample_that_is_never_merged_is_found()
    {
        _run.Give("one", 1);
        _run.Give("two", 1);
        _run.Take("one", 1, "b", 1);
        _run.Take("two", 1, "b", 1, refused: true);
        Finish();

        Check().ShouldHaveSingleItem().ShouldBe("Of 4 planned samples 1 were not merged, and 0 were merged once too often.");
    }

    [Fact]
    public void Tokens_that_no_contributions_make_up_are_found()
    {
        _run.Give("one", 1);
        _run.Give("two", 1);
        _run.Take("one", 1, "b", 7);
        _run.Take("two", 1, "b", 7);
        Finish();

        Check().ShouldHaveSingleItem().ShouldStartWith("Result 1 holds 7 tokens; contributions of 2 are in it for certain");
    }

    [Fact]
    public void Contribution_of_other_steps_than_its_trainer_took_is_found()
    {
        var problems = new List<string>();
        TrainerLine begin = new() { Type = "begin", At = 0, Island = "one", Context = 1 };

        TrainerRecord.Read([begin, begin with { Type = "step", Samples = [1] }, begin with { Type = "give", Steps = 2, Tokens = 2 }], "file", problems);

        problems.ShouldHaveSingleItem().ShouldStartWith("file: a contribution to round 0 has 2 steps");
    }

    [Fact]
    public void Samples_of_streaming_are_merged_with_the_contribution_that_brings_them_into_the_last_part()
    {
        var record = Streamed(refused: null);

        record.Contributions.Select(static given => given.Samples).ShouldBe([[], [0], [1], [2]]);
    }

    [Fact]
    public void Samples_of_streaming_that_are_not_in_every_part_when_their_trainer_begins_anew_are_not_merged()
    {
        var record = Streamed(refused: 1);

        record.Contributions.Select(static given => given.Samples).ShouldBe([[], [0], [], [2]]);
    }

    [Fact]
    public void Batches_of_one_step_are_one_step()
    {
        var problems = new List<string>();
        TrainerLine begin = new() { Type = "begin", At = 0, Island = "one", Context = 1 };

        TrainerRecord.Read([begin, begin with { Type = "step", Samples = [1], Last = false }, begin with { Type = "step", Samples = [2] }, begin with { Type = "give", Steps = 1, Tokens = 2 }], "file", problems);

        problems.ShouldBeEmpty();
    }

    private static TrainerRecord Streamed(int? refused)
    {
        TrainerLine begin = new() { Type = "begin", At = 0, Island = "one", Context = 1 };
        var lines = new List<TrainerLine> { begin };
        for (var round = 0; round < 4; round++)
        {
            lines.Add(begin with { Type = "step", Samples = [round] });
            lines.Add(begin with { Type = "give", Round = round, Steps = 1, Tokens = 1, Parts = 2 });
            lines.Add(begin with { Type = "merged", Round = round, Next = round + 1, Refused = round == refused });
        }

        var problems = new List<string>();
        var record = TrainerRecord.Read(lines, "file", problems).ShouldNotBeNull();
        problems.ShouldBeEmpty();
        return record;
    }

    private void Finish()
    {
        _run.End("one");
        _run.End("two");
    }

    private List<string> Check()
    {
        var history = HistoryCheck.Of(_run.Records());
        return history.Disagreements.Count > 0 ? history.Disagreements : LedgerCheck.Of(history.Results, _run.Dealt, TwoIslands.Count, TwoIslands.Seed);
    }
}
