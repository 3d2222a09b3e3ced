using Superfactory.Cli.Jobs;
using Superfactory.Cli.Tests.Display;
using Superfactory.Model.Agents;
using Superfactory.Model.Views;

namespace Superfactory.Cli.Tests.Jobs;

public sealed class JobTextTests
{
    [Fact]
    public void Job_shows_what_its_bridges_refused_of_others_and_nothing_where_that_is_none()
    {
        var refusing = Views.Island("wisconsin") with { Progress = new RunProgress { PeerFaults = 1200, PeerFault = "atlanta: a message whose checksum is wrong" } };
        var view = Views.Job(JobState.Running, "trains", 0.4, refusing, Views.Island("atlanta"));

        JobText.Details(view).ShouldContain("  wisconsin: refused 1,200 of what others sent to its bridge, last of atlanta: a message whose checksum is wrong");
        JobText.Details(view).Count(line => line.Contains("refused")).ShouldBe(1);
    }

    [Fact]
    public void Job_names_the_refused_contributions_with_island_step_and_fragment()
    {
        var progress = new RunProgress
        {
            ContributionsRefused = 2,
            RefusalCounts = [new RefusalCount("atlanta", 2)],
            Refusals =
            [
                new ContributionRefusal { Island = "atlanta", Step = 90, Round = 2, Cause = RefusalCause.Norm, Fragment = 3, Norm = 1234.5678, Median = 0.5 },
                new ContributionRefusal { Island = "atlanta", Step = 60, Round = 1, Cause = RefusalCause.NotFinite },
            ],
        };

        var lines = JobText.Details(Views.Job(JobState.Running, "trains", 0.4, Views.Island("wisconsin") with { Progress = progress }, Views.Island("atlanta")));

        lines.ShouldContain("  refused    2 contributions");
        lines.ShouldContain("    atlanta step 90, round 2, fragment 3: norm 1235, where the median of those accepted before is 0.5");
        lines.ShouldContain("    atlanta step 60, round 1: its loss was not finite");
    }
}
