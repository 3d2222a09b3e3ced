using Superfactory.Model.Jobs;

namespace Superfactory.Model.Tests.Jobs;

/// <summary>Job files with something wrong: each problem names the line and the field, what was expected, and a near match.</summary>
public class JobFileProblemTests
{
    // Lines 1 to 5; what a test adds begins on line 6.
    private const string Valid = """
        name: docs-gpt
        sites: [wisconsin, atlanta]
        trainer: {recipe: pretrain}
        data: {corpus: dotnet-docs}
        budget: {steps: 400}

        """;

    [Theory]
    [InlineData("sync: {mode: every-step, quorum: 1}", "job.yaml:6: sync.quorum: The mode every-step merges the gradients of all islands in each step and closes no round without one.")]
    [InlineData("sync: {quorum: 40}", "job.yaml:6: sync.quorum: Expected at most as many islands as the job has sites, 2, but found '40'.")]
    [InlineData("sync: {quorum: 65}", "job.yaml:6: sync.quorum: Expected a whole number of islands, 0 to 64, but found '65'")]
    [InlineData("sync: {quorum: 1, grace: -1}", "job.yaml:6: sync.grace: Expected a number of seconds, 0 to 3,600, but found '-1'")]
    [InlineData("sync: {grace: 2}", "job.yaml:6: sync.grace: A grace begins when a quorum has contributed, and the job has none. Expected 'quorum' beside it.")]
    [InlineData("sync: {batch: keep}", "job.yaml:6: sync.batch: Only the mode every-step has a global batch for each step.")]
    [InlineData("sync: {norm_limit: 0.5}", "job.yaml:6: sync.norm_limit: A limit under 1 refuses every second contribution. Expected at least 1, or 0 for any norm.")]
    [InlineData("sync: {evry: 30}", "job.yaml:6: sync.evry: There is no such field. 'sync' has mode, every, format, result_format, error_feedback, target, outer, fragments, overlap, delay, staleness, mixing, quorum, grace, norm_limit, batch, stall, partition. Did you mean 'every'?")]
    [InlineData("batch: 16", "6: batch: There is no such field. * Did you mean 'trainer.batch' or 'sync.batch'?")]
    [InlineData("learning_rate: 1", "6: learning_rate: * Did you mean 'trainer.learning_rate' or 'sync.outer.learning_rate'?")]
    [InlineData("sync.mode: diloco", "6: sync.mode: * Write 'mode' under 'sync'.")]
    [InlineData("sync: {every: 1,000}", "6: sync.000: * write numbers without commas.")]
    [InlineData("sync:\n  mode: dilco", "7: sync.mode: Expected every-step, diloco, streaming or auto, but found 'dilco'. Did you mean 'diloco'?")]
    [InlineData("sync: {mode: streming}", "6: sync.mode: Expected every-step, diloco, streaming or auto, but found 'streming'. Did you mean 'streaming'?")]
    [InlineData("sync: {format: bf61}", "6: sync.format: Expected fp32, bf16, int8 or e3m0, but found 'bf61'. Did you mean 'bf16'?")]
    [InlineData("sync: {result_format: int4}", "6: sync.result_format: Expected fp32, bf16, int8 or e3m0, but found 'int4'.")]
    [InlineData("sync: {error_feedback: yes}", "6: sync.error_feedback: Expected true or false, but found 'yes'. Did you mean true?")]
    [InlineData("sync: {error_feedback: \"true\"}", "6: sync.error_feedback: Expected true or false, but found 'true'. Write true without the quotes.")]
    [InlineData("kind: pretrian", "6: kind: Expected pretrain or finetune, but found 'pretrian'. Did you mean 'pretrain'?")]
    [InlineData("name: again", "6: name: The field stands in the file twice, first on line 1. Expected it once.")]
    [InlineData("sync: diloco", "6: sync: Expected fields under it, such as mode, but found 'diloco'.")]
    [InlineData("sync:", "6: sync: Expected fields under it, such as mode, but found nothing.")]
    [InlineData("seed: &x 1\nisland: *x", "7: island: '*x' refers to another place in the file. Expected the value itself.")]
    [InlineData("seed: !!int 1", "6: seed: '!!int' is a tag. Expected a value without one.")]
    [InlineData("---\nname: second", "6: A second document begins here. Expected one job in a file.")]
    [InlineData("? [a]\n: 1", "6: Expected the name of a field.")]
    [InlineData("seed: [[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]", "6: seed* nested more than 16 deep")]
    [InlineData("environment: {RANK: 1}", "6: environment.RANK: Superfactory sets 'RANK' for each process itself.")]
    [InlineData("environment: {SUPERFACTORY_RUN: 1}", "6: environment.SUPERFACTORY_RUN: Superfactory sets")]
    [InlineData("environment: {1A: x}", "6: environment.1A: Expected the name of a variable")]
    [InlineData("environment: {A: }", "6: environment.A: Expected a text, but found nothing. Write \"\" for an empty text.")]
    [InlineData("environment: {A: \"\\0\"}", "6: environment.A: The text holds a zero byte")]
    [InlineData("command: [python3, train.py]", "6: command: Expected 'trainer' with a recipe, or 'command' with a program of your own, but found both.")]
    [InlineData("kind: finetune", "6: kind: The recipe 'pretrain' trains from the initial state.")]
    [InlineData("sync: {target: 0.9}", "6: sync.target: Only the mode auto aims at a share of the compute-only rate.")]
    [InlineData("sync: {mode: auto, every: 30}", "6: sync.every: The mode auto chooses by itself how often it merges.")]
    [InlineData("sync: {mode: auto, error_feedback: true}", "6: sync.error_feedback: What a format rounds away is of no use after a change of mode: the mode auto has no error feedback.")]
    [InlineData("sync: {mode: auto, quorum: 1}", "6: sync.quorum: The mode auto may choose every-step, which closes no round without one of the islands.")]
    [InlineData("sync: {mode: auto, target: 1.1}", "6: sync.target: Expected a number, over 0, up to 1, but found '1.1'.")]
    [InlineData("sync: {mode: every-step, every: 30}", "6: sync.every: The mode every-step merges after each step. Expected 1, but found '30'.")]
    [InlineData("sync: {mode: every-step, outer: {momentum: 0.5}}", "6: sync.outer: The mode every-step has no outer optimizer.")]
    [InlineData("sync: {delay: 2}", "6: sync.delay: Only the mode streaming has this field, and the job's mode is diloco. Remove the field, or set mode: streaming.")]
    [InlineData("sync: {mode: every-step, mixing: 0.5}", "6: sync.mixing: Only the mode streaming has this field, and the job's mode is every-step.")]
    [InlineData("sync: {mode: diloco, overlap: false}", "6: sync.overlap: Only the mode streaming has this field")]
    [InlineData("sync: {mode: streaming, fragments: 31}", "6: sync.fragments: Each fragment is sent at a step of its own. Expected at most 30 ('every'), but found '31'.")]
    [InlineData("sync: {mode: streaming, every: 12, fragments: 4, delay: 4}", "6: sync.delay: A fragment is applied before the next is sent. Expected at most 3 steps ('every' ÷ 'fragments'), but found '4'.")]
    [InlineData("sync: {mode: streaming, every: 12, fragments: 4, staleness: 4}", "6: sync.staleness: A fragment is applied before the next is sent. Expected at most 3 steps ('every' ÷ 'fragments'), but found '4'.")]
    [InlineData("sync: {mode: streaming, delay: 3, staleness: 2}", "6: sync.staleness: A result is applied 3 steps after its fragment was sent at the earliest ('delay'). Expected at least 3, but found '2'.")]
    [InlineData("sync: {mode: streaming, overlap: false, delay: 1}", "6: sync.delay: Without overlap the trainer waits for each merge. Remove the field, or 'overlap: false'.")]
    [InlineData("sync: {mode: streaming, overlap: false, staleness: 1}", "6: sync.staleness: Without overlap the trainer waits for each merge.")]
    [InlineData("sync: {mode: streaming, delay: 0}", "6: sync.delay: Expected a whole number of steps, 1 to 1,000, but found '0'.")]
    [InlineData("sync: {mode: streaming, mixing: 1}", "6: sync.mixing: Expected a number, 0 up to, not including, 1, but found '1'.")]
    public void What_is_added_to_a_valid_file_is_the_one_problem(string added, string expected) => ShouldHaveOne(Valid + added, expected);

    [Theory]
    [InlineData("thirty", "but found 'thirty'.")]
    [InlineData("30s", "but found '30s'. Write the number alone, 30: the unit is steps.")]
    [InlineData("\"30\"", "but found '30'. Write 30 without the quotes.")]
    [InlineData("1_000", "but found '1_000'. Did you mean 1000?")]
    [InlineData("1.5", "but found '1.5'.")]
    [InlineData("-1", "but found '-1'.")]
    [InlineData("0", "but found '0'.")]
    [InlineData("1000001", "but found '1000001'.")]
    [InlineData("99999999999999999999999", "but found '99999999999999999999999'.")]
    [InlineData("1e999", "but found '1e999'.")]
    [InlineData(".nan", "but found '.nan'.")]
    [InlineData(".inf", "but found '.inf'.")]
    [InlineData("[1]", "but found a list.")]
    [InlineData("{a: 1}", "but found fields.")]
    [InlineData("", "but found nothing.")]
    [InlineData("null", "but found nothing.")]
    public void A_whole_number_that_is_none_or_out_of_range_is_a_problem(string written, string expected) =>
        ShouldHaveOne($"{Valid}sync: {{every: {written}}}", $"6: sync.every: Expected a whole number of steps, 1 to 1,000,000, {expected}");

    [Theory]
    [InlineData("learning_rate: 0", "sync.outer.learning_rate: Expected a number, over 0, up to 10, but found '0'.")]
    [InlineData("learning_rate: .inf", "sync.outer.learning_rate: Expected a number, over 0, up to 10, but found '.inf'.")]
    [InlineData("learning_rate: NaN", "sync.outer.learning_rate: Expected a number, over 0, up to 10, but found 'NaN'.")]
    [InlineData("momentum: 1", "sync.outer.momentum: Expected a number, 0 up to, not including, 1, but found '1'.")]
    [InlineData("momentum: 60%", "sync.outer.momentum: Expected a number, * but found '60%'. Write the number alone, 60.")]
    public void A_number_that_is_none_or_out_of_range_is_a_problem(string written, string expected) =>
        ShouldHaveOne($"{Valid}sync: {{outer: {{{written}}}}}", expected);

    [Theory]
    [InlineData("wisconsin, atlanta, wisconsin]", "2: sites[2]: The site 'wisconsin' stands in the list twice.")]
    [InlineData("]", "2: sites: Expected 1 to 64 sites, but found an empty list.")]
    [InlineData("../etc]", "2: sites[0]: Expected a name: letters (a-z, A-Z), digits, '-' and '_', at most 63 of them")]
    [InlineData("a, {b: 1}]", "2: sites[1]: Expected a name: * but found fields.")]
    [InlineData("a, \n]", null)]
    public void A_list_of_sites_names_each_site_once(string written, string? expected) =>
        ShouldHaveOne(Valid.Replace("wisconsin, atlanta]", written, StringComparison.Ordinal), expected);

    [Theory]
    [InlineData("atlanta", "2: sites: Expected a list of site names such as [wisconsin, atlanta], or how many sites, 1 to 64, but found 'atlanta'. Did you mean [atlanta]?")]
    [InlineData("", "2: sites: Expected a list of site names")]
    [InlineData("0", "2: sites: Expected a whole number of sites, 1 to 64, but found '0'.")]
    [InlineData("65", "2: sites: Expected a whole number of sites, 1 to 64, but found '65'.")]
    [InlineData("-2", "2: sites: Expected a whole number of sites")]
    [InlineData("2", null)]
    public void Sites_that_are_no_list_are_a_count(string written, string? expected) =>
        ShouldHaveOne(Valid.Replace("[wisconsin, atlanta]", written, StringComparison.Ordinal), expected);

    [Theory]
    [InlineData("pretrian", "3: trainer.recipe: Expected pretrain, but found 'pretrian'. Did you mean 'pretrain'?")]
    [InlineData("pretrain, model: {hidden: 130}", "3: trainer.model.hidden: Expected 'hidden' to be a multiple of 'heads', but 130 is no multiple of 4.")]
    [InlineData("pretrain, model: {heads: 3}", "3: trainer.model.heads: Expected 'hidden' to be a multiple of 'heads', but 128 is no multiple of 3.")]
    [InlineData("pretrain, model: {hidden: 12}", "3: trainer.model.hidden: Expected an even width for each head")]
    [InlineData("pretrain, model: {hidden: 130, heads: x}", "3: trainer.model.heads: Expected a whole number of heads, 1 to 1,024, but found 'x'.")]
    [InlineData("pretrain, batch: 0", "3: trainer.batch: Expected a whole number of samples, 1 to 1,000,000, but found '0'.")]
    [InlineData("pretrain, warmup: 1.1", "3: trainer.warmup: Expected a number, 0 to 1, but found '1.1'.")]
    public void A_trainer_is_one_that_can_be_built(string written, string expected) =>
        ShouldHaveOne(Valid.Replace("recipe: pretrain", "recipe: " + written, StringComparison.Ordinal), expected);

    [Theory]
    [InlineData("name: docs-gpt", "2: name: The field is missing. Expected a name.")] // the job begins on line 2 then
    [InlineData("sites: [wisconsin, atlanta]", "1: sites: The field is missing. Expected a list of site names")]
    [InlineData("trainer: {recipe: pretrain}", "Expected 'trainer' with a recipe, or 'command' with a program of your own, but found neither.")]
    [InlineData("data: {corpus: dotnet-docs}", "3: data: The recipe 'pretrain' needs a corpus. Expected 'data', such as {corpus: dotnet-docs}.")]
    [InlineData("budget: {steps: 400}", "1: budget: The field is missing. Expected fields under it, such as steps.")]
    [InlineData("recipe: pretrain", "3: trainer.recipe: The field is missing. Expected pretrain.")]
    [InlineData("corpus: dotnet-docs", "4: data.corpus: The field is missing. Expected a name.")]
    [InlineData("steps: 400", "5: budget: Expected 'steps' or 'samples', but found neither.")]
    public void What_is_left_out_of_a_valid_file_is_the_one_problem(string without, string expected) =>
        ShouldHaveOne(Valid.Replace(without, string.Empty, StringComparison.Ordinal), expected);

    [Theory]
    [InlineData("trainer: {recipe: pretrain}", "trainer: pretrain", "3: trainer: Expected fields under it, such as recipe, but found 'pretrain'.")]
    [InlineData("trainer: {", "traner: {", "3: traner: There is no such field. * Did you mean 'trainer'?")]
    [InlineData("name: docs-gpt", "nmae: docs-gpt", "1: nmae: There is no such field. * Did you mean 'name'?")]
    [InlineData("name: docs-gpt", "name: docs gpt", "1: name: Expected a name: * but found 'docs gpt'.")]
    [InlineData("steps: 400", "step: 400", "5: budget.step: There is no such field. 'budget' has steps, samples. Did you mean 'steps'?")]
    [InlineData("steps: 400", "steps: 400, samples: 5", "5: budget.samples: Expected 'steps' or 'samples', but found both.")]
    [InlineData("steps: 400", "steps: 400 steps", "5: budget.steps: Expected a whole number of steps, * Write the number alone, 400: the unit is steps.")]
    [InlineData("trainer: {recipe: pretrain}", "command: python3 train.py", "3: command: Expected a list of a program * Did you mean [python3, train.py]?")]
    [InlineData("trainer: {recipe: pretrain}", "command: []", "3: command: Expected 1 to 1000 texts, but found an empty list.")]
    [InlineData("trainer: {recipe: pretrain}", "command: [\"\"]", "3: command[0]: Expected the name of a program, but it is empty.")]
    [InlineData("trainer: {recipe: pretrain}", "command: [a, [b]]", "3: command[1]: Expected an argument, but found a list.")]
    public void What_is_changed_in_a_valid_file_is_the_one_problem(string from, string to, string expected) =>
        ShouldHaveOne(Valid.Replace(from, to, StringComparison.Ordinal), expected);

    [Theory]
    [InlineData("", "job.yaml:1: The file is empty. Expected a job, as docs/job.md describes it.")]
    [InlineData("# a comment\n", "1: The file is empty.")]
    [InlineData("null", "1: The file is empty.")]
    [InlineData("hello", "1: Expected the fields of a job, such as 'name: docs-gpt', but found 'hello'.")]
    [InlineData("- a\n- b", "1: Expected the fields of a job, such as 'name: docs-gpt', but found a list.")]
    [InlineData("name: x\nsites: [a, b", "2: This is no YAML: while parsing a flow sequence, did not find expected ',' or ']'.")]
    [InlineData("name: x\n\tsites: 2", "1: This is no YAML: * Indent with spaces, YAML allows no tabs there.")]
    [InlineData("name: a: b", "1: This is no YAML: ")]
    [InlineData("name: x\nsites: \"\\ud83d\\ud83d\"", "2: This is no YAML: it cannot be read from about here on.")]
    [InlineData("name: x\nsites: 2\0", "2: The file holds a zero byte and is no text.")]
    public void A_file_that_holds_no_job_is_a_problem(string text, string expected) => ShouldHaveOne(text, expected);

    [Fact]
    public void All_problems_come_at_once_from_the_top_of_the_file_down()
    {
        var problems = JobFile.Parse("budget: {steps: -1}\nsync:\n  evry: 30\n  mode: dilco\nsites: []\nname: x\ncommand: [a]", "j.yaml").Problems;
        problems.Select(problem => (problem.File, problem.Line, problem.Field)).ShouldBe(
            [("j.yaml", 1, "budget.steps"), ("j.yaml", 3, "sync.evry"), ("j.yaml", 4, "sync.mode"), ("j.yaml", 5, "sites")]);
    }

    [Fact]
    public void A_file_with_very_many_problems_shows_fifty_and_says_how_many_more_there_are()
    {
        var problems = JobFile.Parse(Valid + string.Concat(Enumerable.Range(0, 200).Select(number => $"zzz{number}: 1\n")), null).Problems;
        problems.Length.ShouldBe(51);
        problems[^1].Message.ShouldBe("There are 150 more problems in this file.");
    }

    [Fact]
    public void A_file_that_is_too_long_is_refused_before_it_is_read() =>
        ShouldHaveOne(new string(' ', 1_048_577), "The file holds 1048577 characters; a job file has at most 1048576.");

    [Fact]
    public void A_file_nested_beyond_measure_is_refused_at_once() =>
        ShouldHaveOne(new string('[', 1_000_000), "1: [0]*: This is nested more than 16 deep; no field of a job is.");

    // '*' in what is expected stands for anything; null for a valid file.
    private static void ShouldHaveOne(string text, string? expected)
    {
        var problems = JobFile.Parse(text, "job.yaml").Problems;
        if (expected is null)
        {
            problems.ShouldBeEmpty();
            return;
        }

        var shown = problems.ShouldHaveSingleItem(string.Join('\n', problems)).ToString();
        var from = 0;
        foreach (var part in expected.Split('*'))
        {
            var found = shown.IndexOf(part, from, StringComparison.Ordinal);
            found.ShouldBeGreaterThanOrEqualTo(0, $"'{part}' in: {shown}");
            from = found + part.Length;
        }
    }
}
