using Superfactory.Cli.Jobs;
using Superfactory.Model.Views;

namespace Superfactory.Cli.Tests.Jobs;

public sealed class PlanTextTests
{
    [Fact]
    public void Plan_with_victims_says_where_on_what_and_who_gives_way() => PlanCommand.Lines(new PlanView
    {
        Name = "big", Outcome = PlanOutcome.StartsAfter, Reason = "Starts at atlanta as soon as jobs 1 and 2 have given way.", Queue = "research", Sites = ["atlanta"], Later = ["texas"],
        Accelerators = 4, Owned = true, PeakWatts = 2_000, GiveWay = [new PlanVictim(1, []), new PlanVictim(2, ["atlanta"])],
    }).ShouldBe(
    [
        "big would start once others have given way.",
        "  why         Starts at atlanta as soon as jobs 1 and 2 have given way.",
        "  sites       atlanta; later texas",
        "  takes       4 slots, on the guarantee of queue research; 2,000 W at their peak",
        "  gives way   job 1, which saves and stops",
        "  gives way   job 2 loses atlanta and goes on",
    ]);

    [Fact]
    public void Plan_that_waits_says_behind_whom() => PlanCommand.Lines(new PlanView
    {
        Name = "small", Outcome = PlanOutcome.Waits, Reason = "Waits for a free slot at atlanta: job 3 comes first.", Queue = "default", Before = [3, 4],
    }).ShouldBe(["small would wait.", "  why         Waits for a free slot at atlanta: job 3 comes first.", "  before it   2 of queue default, the first of them job 3"]);
}
