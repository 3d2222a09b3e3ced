using Superfactory.Control.Tests.Support;
using Superfactory.Model.Agents;
using Superfactory.Model.Views;

namespace Superfactory.Control.Tests.Api;

public sealed class HappyPathTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Job_at_two_sites_is_placed_runs_and_completes()
    {
        await using var plane = await ControlPlane.StartAsync(_directory.Path);
        await plane.JoinAsync("wisconsin");
        await plane.JoinAsync("atlanta");

        var job = await plane.SubmitAsync(Samples.TwoSites);
        job.Id.ShouldBe(1);
        job.State.ShouldBe(JobState.Starting);
        job.Reason.ShouldBe("Starts at wisconsin and atlanta: wisconsin and atlanta have not joined yet.");

        var instructions = (await plane.InstructionsAsync("atlanta"))!;
        var gang = instructions.Gangs.ShouldHaveSingleItem();
        (gang.Job, gang.Island, gang.Incarnation).ShouldBe((1, "atlanta", 1));
        gang.Epoch.Number.ShouldBe(1);
        gang.Epoch.Members.ShouldBe([new RunMember("wisconsin", 1), new RunMember("atlanta", 1)]);
        gang.Specification.Sites.ShouldBe(["wisconsin", "atlanta"]);
        instructions.Peers.ShouldHaveSingleItem().Site.ShouldBe("wisconsin");

        foreach (var site in new[] { "wisconsin", "atlanta" })
        {
            (await plane.ReportAsync(site, gangs: Samples.Gang(1, GangState.Running))).EnsureSuccessStatusCode();
        }

        (await plane.JobAsync(1)).State.ShouldBe(JobState.Running);
        foreach (var site in new[] { "wisconsin", "atlanta" })
        {
            (await plane.ReportAsync(site, gangs: Samples.Gang(1, GangState.Finished))).EnsureSuccessStatusCode();
        }

        var done = await plane.JobAsync(1);
        done.State.ShouldBe(JobState.Completed);
        done.Reason.ShouldBe("Everything planned is merged.");
        done.Progress.ShouldBe(1.0);
        done.Islands[0].Result!.ParametersSha256.ShouldBe("5f3c");
        (await plane.InstructionsAsync("atlanta"))!.Gangs.ShouldBeEmpty();
    }
}
