using System.Net;
using Superfactory.Control.Tests.Support;
using Superfactory.Model.Agents;
using Superfactory.Model.Views;

namespace Superfactory.Control.Tests.Hosting;

public sealed class RestartTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly ManualTimeProvider _time = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Running_job_goes_on_and_its_sessions_are_known_after_a_restart()
    {
        await using (var first = await StartAsync())
        {
            await RunJobAsync(first);
        }

        // Down for longer than a lease: that costs nobody anything.
        _time.Jump(TimeSpan.FromMinutes(5));
        await using var second = await StartAsync();
        _time.Advance(TimeSpan.FromSeconds(4));

        var job = await second.JobAsync(1);
        job.State.ShouldBe(JobState.Running);
        job.Progress.ShouldBe(0.5);
        (await second.ReportAsync("atlanta", gangs: Samples.Gang(1, GangState.Finished))).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        await second.ReportAsync("wisconsin", gangs: Samples.Gang(1, GangState.Finished));
        (await second.JobAsync(1)).State.ShouldBe(JobState.Completed);
        (await second.JobAsync(1)).Epoch!.Number.ShouldBe(1);
    }

    [Fact]
    public async Task Site_that_stays_silent_after_a_restart_is_lost_when_its_full_lease_is_over()
    {
        await using (var first = await StartAsync())
        {
            await RunJobAsync(first);
        }

        await using var second = await StartAsync();
        _time.Advance(TimeSpan.FromSeconds(6));

        await ControlPlane.UntilAsync(async () => (await second.SitesAsync()).All(site => !site.Connected));
        (await second.JobAsync(1)).State.ShouldBe(JobState.Waiting);
    }

    [Fact]
    public async Task Revisions_and_job_numbers_go_on_after_a_restart()
    {
        long revision;
        await using (var first = await StartAsync())
        {
            await RunJobAsync(first);
            revision = (await first.InstructionsAsync("atlanta"))!.Revision;
        }

        await using var second = await StartAsync();
        (await second.InstructionsAsync("atlanta"))!.Revision.ShouldBe(revision);
        (await second.SubmitAsync(Samples.TwoSites)).Id.ShouldBe(2);
    }

    [Fact]
    public async Task Logs_are_there_after_a_restart()
    {
        await using (var first = await StartAsync())
        {
            await RunJobAsync(first);
            await first.ReportAsync("wisconsin", new AgentReport { Session = "s1", Logs = [Samples.Line(1, "one"), Samples.Line(1, "two")] });
        }

        await using var second = await StartAsync();
        var page = await second.LogsAsync(1, limit: 1);
        page.Lines.ShouldHaveSingleItem().Text.ShouldBe("one");
        (await second.LogsAsync(1, page.Next)).Lines.ShouldHaveSingleItem().Text.ShouldBe("two");
    }

    [Fact]
    public async Task Wide_area_bytes_are_counted_from_the_begin_of_the_job_across_restarts_of_both()
    {
        await using (var first = await StartAsync())
        {
            await first.JoinAsync("wisconsin");
            await first.JoinAsync("atlanta");
            await ReportBytesAsync(first, "s1", 1_000);
            await first.SubmitAsync(Samples.TwoSites);
            await ReportBytesAsync(first, "s1", 1_500);
            (await first.JobAsync(1)).Islands[1].WanBytesSent.ShouldBe(500);
        }

        await using var second = await StartAsync();
        (await second.JobAsync(1)).Islands[1].WanBytesSent.ShouldBe(500);
        await ReportBytesAsync(second, "s1", 1_700);
        (await second.JobAsync(1)).Islands[1].WanBytesSent.ShouldBe(700);

        await second.DeleteAsync("/v1/agents/atlanta/session?session=s1");
        await second.JoinAsync("atlanta", "s2");
        await ReportBytesAsync(second, "s2", 40);
        (await second.JobAsync(1)).Islands[1].WanBytesSent.ShouldBe(740);

        await second.PostAsync("/v1/jobs/1/cancel");
        await ReportBytesAsync(second, "s2", 90);
        (await second.JobAsync(1)).Islands[1].WanBytesSent.ShouldBe(740);
        (await second.JobAsync(1)).Islands[1].WanBytesReceived.ShouldBe(1_480);
    }

    private static async Task ReportBytesAsync(ControlPlane plane, string session, long sent)
        => (await plane.ReportAsync("atlanta", new AgentReport
        {
            Session = session,
            Links = [new LinkReport { Peer = "wisconsin", Connected = true, BytesSent = sent, BytesReceived = 2 * sent }],
        })).EnsureSuccessStatusCode();

    private static async Task RunJobAsync(ControlPlane plane)
    {
        await plane.JoinAsync("wisconsin");
        await plane.JoinAsync("atlanta");
        await plane.SubmitAsync(Samples.TwoSites);
        var gang = Samples.Gang(1, GangState.Running) with { Progress = new RunProgress { Fraction = 0.5 } };
        await plane.ReportAsync("wisconsin", gangs: gang);
        await plane.ReportAsync("atlanta", gangs: gang);
    }

    private Task<ControlPlane> StartAsync() => ControlPlane.StartAsync(_directory.Path, _time);
}
