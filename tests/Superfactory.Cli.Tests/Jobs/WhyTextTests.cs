using Superfactory.Cli.Jobs;
using Superfactory.Model.Views;

namespace Superfactory.Cli.Tests.Jobs;

public sealed class WhyTextTests
{
    [Fact]
    public void Job_that_waits_says_what_it_needs_and_when_it_starts_and_that_it_is_too_late() => WhyCommand.Lines(new WhyView
    {
        Job = 2, Name = "big", State = JobState.Queued, Reason = "Waits for a free slot at atlanta: job 1 comes first.",
        Needs = [new WhyNeed(WhyKind.Accelerators) { Missing = 3, Hardware = "cpu", At = "atlanta", Jobs = [1] }, new WhyNeed(WhyKind.Rate) { Missing = 125_000, At = "atlanta to texas" }],
        Place = 1, StartsUnixMilliseconds = 1_600_000, Sites = ["atlanta"], EndsUnixMilliseconds = 1_700_000, DeadlineUnixMilliseconds = 1_650_000,
    }).ShouldBe(
    [
        "Job 2 (big) is queued.",
        "  why         Waits for a free slot at atlanta: job 1 comes first.",
        "  needs       3 more cpu free at atlanta, which job 1 holds",
        "    and       1mbit more on the link from atlanta to texas",
        "  place       1 of those that wait, by priority and time",
        "  starts      1970-01-01 00:26:40Z at the latest, at atlanta",
        "  ends        1970-01-01 00:28:20Z, as is expected",
        "  deadline    1970-01-01 00:27:30Z, which it is expected to miss",
    ]);

    [Fact]
    public void Job_that_reads_what_some_sites_have_says_where_it_lies_and_where_it_has_to_be_copied_to() => WhyCommand.Lines(new WhyView
    {
        Job = 2, Name = "big", State = JobState.Queued, Reason = "It waits.", StartsUnixMilliseconds = 1_600_000, Sites = ["iowa", "texas"],
        Inputs = [new InputView("checkpoint 12", 3_100_000_000, ["texas", "wisconsin"], ["iowa"]), new InputView("checkpoint 3 of job 1", 0, ["iowa"], [])],
    }).ShouldBe(
    [
        "Job 2 (big) is queued.",
        "  why         It waits.",
        "  starts      1970-01-01 00:26:40Z at the latest, at iowa, texas",
        "  reads       checkpoint 12 (3.1 GB), which lies at texas, wisconsin and has to be copied to iowa",
        "  reads       checkpoint 3 of job 1, which lies at iowa",
    ]);

    [Theory]
    [InlineData(WhyKind.Quota, "4 more quota of cpu on queue research")]
    [InlineData(WhyKind.Lending, "4 more cpu that queue research lends")]
    [InlineData(WhyKind.Power, "4 W more at research")]
    [InlineData(WhyKind.Rate, "32bit more on the link from research")]
    [InlineData(WhyKind.Jobs, "job 7 and 3 more of queue research to go first")]
    [InlineData(WhyKind.Running, "job 7 to stop")]
    [InlineData(WhyKind.Reserved, "to end before the start that is reserved for job 7, or that to have been")]
    [InlineData(WhyKind.Paused, "'superfactory queue resume research'")]
    [InlineData(WhyKind.Sites, "research connected and in service")]
    public void Each_lack_says_what_would_let_it_start(WhyKind kind, string needs) => WhyCommand.Lines(new WhyView
    {
        Job = 2, Name = "big", State = JobState.Queued, Reason = "It waits.", Needs = [new WhyNeed(kind) { Missing = 4, Hardware = "cpu", At = "research", Jobs = [7] }],
    }).ShouldContain($"  needs       {needs}");

    [Fact]
    public void Job_that_runs_says_only_how_it_is() => WhyCommand.Lines(new WhyView { Job = 1, Name = "docs-gpt", State = JobState.Running, Reason = "Trains at atlanta." })
        .ShouldBe(["Job 1 (docs-gpt) is running.", "  why         Trains at atlanta."]);
}
