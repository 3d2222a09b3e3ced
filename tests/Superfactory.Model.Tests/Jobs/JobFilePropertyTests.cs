using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Superfactory.Model.Jobs;

namespace Superfactory.Model.Tests.Jobs;

/// <summary>What holds for every text. A failure prints the text, made smaller, and the seed to run it again.</summary>
public class JobFilePropertyTests
{
    private const int Texts = 2000;

    private static readonly string[] _pieces =
    [
        "name", "sites", "sync", "mode", "diloco", "budget", "steps", "trainer", "recipe", "pretrain", "command", "environment", "model", "hidden",
        ":", ": ", "\n", "\n  ", "\n- ", "- ", "[", "]", "{", "}", ",", ", ", "#", "&a", "*a", "!!str ", "|", ">", "'", "\"", "\\", "%", "@", "? ",
        "---\n", "...\n", "\t", "\r\n", "1", "-1", "2e-3", ".nan", "null", "~", "<<", "\u0001", "\u0085", "\u2028", "\ufeff", "😀", "\ud800", "é",
    ];

    [Fact]
    public void Parsing_never_throws_on_any_characters() =>
        Holds(Prop.ForAll(ArbMap.Default.ArbFor<string>(), text => Parses(text ?? string.Empty)));

    [Fact]
    public void Parsing_never_throws_on_pieces_of_YAML() =>
        Holds(Prop.ForAll(Gen.Elements(_pieces).ArrayOf().Select(string.Concat).ToArbitrary(), Parses));

    [Fact]
    public void Parsing_never_throws_on_a_valid_file_with_a_piece_changed()
    {
        var valid = RepositoryFiles.Read("examples/pretrain-two-sites.yaml");
        var changed =
            from at in Gen.Choose(0, valid.Length)
            from removed in Gen.Choose(0, 12)
            from piece in Gen.Elements(_pieces)
            select valid[..at] + piece + valid[Math.Min(valid.Length, at + removed)..];
        Holds(Prop.ForAll(changed.ToArbitrary(), Parses));
    }

    [Fact]
    public void A_job_that_is_written_is_read_back_the_same() =>
        Holds(Prop.ForAll(Jobs().ToArbitrary(), job =>
        {
            var outcome = JobFile.Parse(JobFile.Write(job), null);
            return outcome.Succeeded && JsonSerializer.Serialize(outcome.Value, FactoryJson.Options) == JsonSerializer.Serialize(job, FactoryJson.Options);
        }));

    private static Gen<JobSpecification> Jobs() =>
        from everyStep in Gen.Elements(true, false)
        from every in Gen.Choose(1, 1_000_000)
        from format in Gen.Elements(Enum.GetValues<NumberFormat>())
        from resultFormat in Gen.Elements(Enum.GetValues<NumberFormat>())
        from errorFeedback in Gen.Elements(true, false)
        from rate in Gen.Choose(1, 1_000_000)
        from sites in Gen.Choose(1, 64)
        from named in Gen.Elements(true, false)
        from recipe in Gen.Elements(true, false)
        from steps in Gen.Choose(1, 1_000_000_000)
        from argument in ArbMap.Default.GeneratorFor<string>()
        select new JobSpecification
        {
            Name = "job-" + steps,
            Sites = named ? [.. Enumerable.Range(0, sites).Select(number => $"site{number}")] : [],
            SiteCount = named ? 0 : sites,
            Trainer = recipe ? new TrainerSpecification { Recipe = "pretrain", LearningRate = rate / 1e7, Batch = every } : null,
            Data = recipe ? new DataSpecification { Corpus = "corpus" } : null,
            Command = recipe ? [] : ["run", new string([.. (argument ?? string.Empty).Where(character => character != '\0' && !char.IsSurrogate(character))])],
            Sync = everyStep
                ? new SyncSpecification { Mode = SyncMode.EveryStep, Every = 1, Format = format, ResultFormat = resultFormat, ErrorFeedback = errorFeedback }
                : new SyncSpecification
                {
                    Every = every, Format = format, ResultFormat = resultFormat, ErrorFeedback = errorFeedback,
                    Outer = new OuterOptimizerSpecification { LearningRate = rate / 1e5, Momentum = rate / 1e7 },
                },
            Budget = named ? new BudgetSpecification { Steps = steps } : new BudgetSpecification { Samples = steps * 1_000L },
            Seed = every,
        };

    // A value or at least one problem, and every line within the file.
    private static bool Parses(string text)
    {
        var outcome = JobFile.Parse(text, "job.yaml");
        var lines = text.Count(character => character == '\n') + 1;
        return outcome.Succeeded == outcome.Problems.IsEmpty && outcome.Problems.All(problem => problem.Line is null || (problem.Line >= 1 && problem.Line <= lines));
    }

    private static void Holds(Property property) => property.Check(Config.QuickThrowOnFailure.WithMaxTest(Texts));
}
