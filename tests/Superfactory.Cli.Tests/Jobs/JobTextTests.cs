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
}
