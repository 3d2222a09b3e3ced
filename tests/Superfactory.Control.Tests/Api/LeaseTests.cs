using Superfactory.Control.Tests.Support;
using Superfactory.Model.Agents;
using Superfactory.Model.Views;

namespace Superfactory.Control.Tests.Api;

public sealed class LeaseTests : TwoSiteTest
{
    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        await Plane.SubmitAsync(Samples.TwoSites);
        await Plane.ReportAsync("wisconsin", gangs: Samples.Gang(1, GangState.Running));
        await Plane.ReportAsync("atlanta", gangs: Samples.Gang(1, GangState.Running));
    }

    [Fact]
    public async Task Job_waits_for_a_site_that_was_not_heard_for_a_lease()
    {
        await LoseAtlantaAsync();

        var job = await Plane.JobAsync(1);
        job.State.ShouldBe(JobState.Waiting);
        job.Reason.ShouldBe("Waits for site atlanta: its agent was last heard 6 s ago.");
        (await Plane.SitesAsync()).Select(site => site.Connected).ShouldBe([false, true]);
    }

    [Fact]
    public async Task Gang_goes_on_when_the_agent_is_heard_again_in_the_same_session()
    {
        await LoseAtlantaAsync();

        await Plane.ReportAsync("atlanta", gangs: Samples.Gang(1, GangState.Running));

        var job = await Plane.JobAsync(1);
        job.State.ShouldBe(JobState.Running);
        job.Epoch!.Number.ShouldBe(1);
        job.Islands[1].Incarnation.ShouldBe(1);
    }

    [Fact]
    public async Task Island_gets_a_new_incarnation_and_the_run_a_new_epoch_when_the_agent_returns_anew()
    {
        await LoseAtlantaAsync();
        var before = (await Plane.InstructionsAsync("wisconsin"))!;

        await Plane.JoinAsync("atlanta", "s2");

        (await Plane.InstructionsAsync("wisconsin", after: before.Revision))!.Gangs.ShouldHaveSingleItem().Epoch.Sealed.ShouldBeTrue();
        await Plane.ReportAsync("wisconsin", gangs: Samples.Gang(1, GangState.Running) with { Promise = new SealPromise(1, 4) });

        var atlanta = (await Plane.InstructionsAsync("atlanta", "s2"))!.Gangs.ShouldHaveSingleItem();
        (atlanta.Incarnation, atlanta.Epoch.Number).ShouldBe((2, 2));
        var wisconsin = (await Plane.InstructionsAsync("wisconsin", after: before.Revision))!.Gangs.ShouldHaveSingleItem();
        (wisconsin.Incarnation, wisconsin.Epoch.Number).ShouldBe((1, 2));
        wisconsin.Epoch.Members.ShouldBe([new RunMember("wisconsin", 1)]);
        wisconsin.Epoch.Learners.ShouldBe([new RunMember("atlanta", 2)]);
        var job = await Plane.JobAsync(1);
        job.State.ShouldBe(JobState.Running);
        job.Reason.ShouldBe("Trains at wisconsin. Island atlanta is about to become a member again. Island atlanta is lost: the agent of site atlanta was started anew.");
    }

    [Fact]
    public async Task Name_is_free_again_after_the_lease()
    {
        ((int)(await Plane.HelloAsync("atlanta", "s2")).StatusCode).ShouldBe(409);
        await LoseAtlantaAsync();

        ((int)(await Plane.HelloAsync("atlanta", "s2")).StatusCode).ShouldBe(200);
    }

    [Fact]
    public async Task Process_that_itself_stood_still_takes_nobody_for_lost()
    {
        // One look after a long time: the timers of a process that was stopped fire late, and together.
        Plane.Time.Advance(TimeSpan.FromMilliseconds(400));
        Plane.Time.Jump(TimeSpan.FromSeconds(60));
        await Plane.ReportAsync("wisconsin");
        Plane.Time.Advance(TimeSpan.FromSeconds(1));

        (await Plane.JobAsync(1)).State.ShouldBe(JobState.Running);
    }

    private async Task LoseAtlantaAsync()
    {
        for (var second = 0; second < 6; second++)
        {
            Plane.Time.Advance(TimeSpan.FromSeconds(1));
            await Plane.ReportAsync("wisconsin");
        }

        await ControlPlane.UntilAsync(async () => !(await Plane.SitesAsync())[0].Connected);
    }
}
