using System.Net;
using Superfactory.Cli.Api;
using Superfactory.Cli.Tests.Display;
using Superfactory.Model;
using Superfactory.Model.Agents;
using Superfactory.Model.Views;

namespace Superfactory.Cli.Tests.Api;

public sealed class JobWatchTests
{
    private const string Job = "/v1/jobs/7";
    private const string Events = "/v1/jobs/7/events";

    private static readonly JobView _running = Views.Job();
    private static readonly JobView _done = Views.Job(JobState.Completed, "everything planned is merged", 1);

    [Fact]
    public async Task Watch_begins_with_the_job_as_it_is_and_ends_with_its_end()
    {
        var line = new LogLine { Job = 7, Island = "atlanta", Source = "trainer", UnixMilliseconds = 1, Text = "step 1" };
        using var control = new ScriptedControl()
            .Answers(Job, ScriptedControl.Json(_running))
            .Answers(Events, ScriptedControl.Events(("measurement", Views.Measured("atlanta", 1, 5, 100)), ("log", line), ("unknown", new { X = 1 }), ("job", _done)));

        var seen = await FollowAsync(control);

        seen.Select(static happened => happened.GetType()).ShouldBe(
            [typeof(JobEvent.Changed), typeof(JobEvent.Measured), typeof(JobEvent.Logged), typeof(JobEvent.Changed)]);
        seen[^1].ShouldBeOfType<JobEvent.Changed>().Job.State.ShouldBe(JobState.Completed);
        seen[2].ShouldBeOfType<JobEvent.Logged>().Line.Text.ShouldBe("step 1");
    }

    [Fact]
    public async Task Watch_of_a_job_that_has_ended_ends_at_once()
    {
        using var control = new ScriptedControl().Answers(Job, ScriptedControl.Json(_done)).Answers(Events, ScriptedControl.Events());

        (await FollowAsync(control)).ShouldHaveSingleItem().ShouldBeOfType<JobEvent.Changed>();
    }

    [Fact]
    public async Task Watch_goes_on_through_a_restart_of_the_control_plane()
    {
        using var control = new ScriptedControl()
            .Answers(Job, ScriptedControl.Json(_running), ScriptedControl.Json(_done))
            .Answers(Events, ScriptedControl.Events(("job", _running)), ScriptedControl.Gone(), ScriptedControl.Events());

        var seen = await FollowAsync(control);

        seen.OfType<JobEvent.Unreachable>().Count().ShouldBe(2);
        seen.OfType<JobEvent.Unreachable>().Last().Reason.ShouldContain("Connection refused");
        seen[^1].ShouldBeOfType<JobEvent.Changed>().Job.State.ShouldBe(JobState.Completed);
    }

    [Fact]
    public async Task Watch_gives_up_on_a_control_plane_that_stays_away()
    {
        using var control = new ScriptedControl().Answers(Events, ScriptedControl.Gone());

        var end = (await FollowAsync(control))[^1].ShouldBeOfType<JobEvent.Ended>();

        end.Answer.ExitCode.ShouldBe(3);
    }

    [Fact]
    public async Task Watch_of_a_job_that_does_not_exist_ends_with_the_refusal()
    {
        using var control = new ScriptedControl()
            .Answers(Events, ScriptedControl.Refuses(HttpStatusCode.NotFound))
            .Answers(Job, ScriptedControl.Refuses(HttpStatusCode.NotFound, new Problem("There is no job 7.")));

        var end = (await FollowAsync(control)).ShouldHaveSingleItem().ShouldBeOfType<JobEvent.Ended>();

        end.Answer.Problems.ShouldHaveSingleItem().Message.ShouldBe("There is no job 7.");
        end.Answer.ExitCode.ShouldBe(2);
    }

    private static async Task<List<JobEvent>> FollowAsync(ScriptedControl control)
    {
        using var client = control.Client();
        var seen = new List<JobEvent>();
        await foreach (var happened in JobWatch.FollowAsync(client, 7, new InstantTime(), TestContext.Current.CancellationToken))
        {
            seen.Add(happened);
        }

        return seen;
    }
}
