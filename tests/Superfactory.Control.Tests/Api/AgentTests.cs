using System.Net;
using System.Text;
using Superfactory.Control.Api;
using Superfactory.Control.Tests.Support;
using Superfactory.Model.Agents;

namespace Superfactory.Control.Tests.Api;

public sealed class AgentTests : IAsyncLifetime
{
    private readonly TemporaryDirectory _directory = new();
    private ControlPlane _plane = null!;

    public async ValueTask InitializeAsync() => _plane = await ControlPlane.StartAsync(_directory.Path);

    public async ValueTask DisposeAsync()
    {
        await _plane.DisposeAsync();
        _directory.Dispose();
    }

    [Fact]
    public async Task Second_agent_with_a_live_name_is_refused_with_host_and_process_of_the_first()
    {
        await _plane.JoinAsync("atlanta", "first");

        var response = await _plane.HelloAsync("atlanta", "second");

        response.StatusCode.ShouldBe(HttpStatusCode.Conflict);
        var problem = (await ControlPlane.ProblemAsync(response)).Problems[0];
        problem.Message.ShouldBe("Another agent named 'atlanta' is connected: process 4242 on host atlanta-host.");
        problem.Hint!.ShouldContain("--name");
    }

    [Fact]
    public async Task Hello_repeated_in_the_same_session_is_welcome_and_changes_nothing()
    {
        await _plane.JoinAsync("atlanta", "first");
        var before = (await _plane.InstructionsAsync("atlanta", "first"))!.Revision;

        (await _plane.HelloAsync("atlanta", "first")).StatusCode.ShouldBe(HttpStatusCode.OK);

        (await _plane.InstructionsAsync("atlanta", "first"))!.Revision.ShouldBe(before);
    }

    [Fact]
    public async Task Agent_of_another_protocol_version_is_refused_naming_both()
    {
        var response = await _plane.HelloAsync("atlanta", "s1", protocol: 7);

        response.StatusCode.ShouldBe(HttpStatusCode.UpgradeRequired);
        var problem = (await ControlPlane.ProblemAsync(response)).Problems[0];
        problem.Message.ShouldBe("The agent of site 'atlanta' speaks protocol version 7, this control plane speaks version 1.");
    }

    [Fact]
    public async Task Hello_with_bad_values_gets_all_problems_at_once()
    {
        var response = await _plane.HelloAsync("at.lanta", "s1", slots: -1);

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await ControlPlane.ProblemAsync(response)).Problems.Select(problem => problem.Field).ShouldBe(["site", "slots"]);
    }

    [Fact]
    public async Task Report_of_an_unknown_session_is_gone_and_accepted_after_hello()
    {
        (await _plane.ReportAsync("atlanta")).StatusCode.ShouldBe(HttpStatusCode.Gone);

        await _plane.JoinAsync("atlanta");

        (await _plane.ReportAsync("atlanta")).StatusCode.ShouldBe(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task Reports_of_an_agent_that_takes_a_session_over_are_heard_though_they_count_from_1_again()
    {
        await _plane.JoinAsync("atlanta");
        await _plane.JoinAsync("wisconsin", "s2");
        (await _plane.PostJobAsync(Samples.TwoSites)).StatusCode.ShouldBe(HttpStatusCode.Created);
        var gang = (await _plane.InstructionsAsync("atlanta"))!.Gangs.ShouldHaveSingleItem();
        await _plane.ReportAsync("atlanta", new AgentReport { Session = "s1", Number = 9 });
        await _plane.JoinAsync("atlanta");

        var failed = new GangReport { Job = gang.Job, Incarnation = gang.Incarnation, State = GangState.Failed, Reason = "It ended.", Retriable = true };
        await _plane.ReportAsync("atlanta", new AgentReport { Session = "s1", Number = 1, Gangs = [failed] });

        (await _plane.InstructionsAsync("atlanta"))!.Gangs.ShouldNotContain(each => each.Incarnation == gang.Incarnation);
    }

    [Fact]
    public async Task Report_with_a_wrong_value_names_the_field()
    {
        await _plane.JoinAsync("atlanta");
        var body = """{"session": "s1", "gangs": [{"job": 1, "incarnation": 1, "state": "dancing"}]}""";

        var response = await _plane.PostAsync("/v1/agents/atlanta/report", new StringContent(body, Encoding.UTF8, "application/json"));

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await ControlPlane.ProblemAsync(response)).Problems[0].Field.ShouldBe("gangs[0].state");
    }

    [Fact]
    public async Task Report_that_is_too_long_is_refused_as_such()
    {
        await _plane.JoinAsync("atlanta");
        var body = new StringContent(new string(' ', ApiLimits.BodyBytesMax + 1), Encoding.UTF8, "application/json");

        var response = await _plane.AskToPostAsync("/v1/agents/atlanta/report", body);

        response.StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
        await ControlPlane.ProblemAsync(response);
    }

    [Fact]
    public async Task Long_poll_wakes_when_a_gang_is_assigned()
    {
        await _plane.JoinAsync("wisconsin");
        await _plane.JoinAsync("atlanta");
        var revision = (await _plane.InstructionsAsync("wisconsin"))!.Revision;
        var waiting = _plane.InstructionsAsync("wisconsin", after: revision, wait: 30_000);

        await _plane.SubmitAsync(Samples.TwoSites);

        var instructions = (await waiting)!;
        instructions.Revision.ShouldBeGreaterThan(revision);
        instructions.Gangs.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Long_poll_ends_empty_when_nothing_changed_within_the_wait()
    {
        await _plane.JoinAsync("atlanta");
        var revision = (await _plane.InstructionsAsync("atlanta"))!.Revision;
        var waiting = _plane.InstructionsAsync("atlanta", after: revision, wait: 1_000);

        // The wait may not have begun when the clock is moved first; it then ends by a later move.
        await ControlPlane.UntilAsync(async () =>
        {
            _plane.Time.Advance(TimeSpan.FromMilliseconds(250));
            await _plane.ReportAsync("atlanta");
            return waiting.IsCompleted;
        });

        (await waiting).ShouldBeNull();
    }

    [Fact]
    public async Task Agent_that_leaves_is_not_connected_and_its_session_is_over()
    {
        await _plane.JoinAsync("atlanta");

        (await _plane.DeleteAsync("/v1/agents/atlanta/session?session=s1")).StatusCode.ShouldBe(HttpStatusCode.NoContent);

        (await _plane.SitesAsync()).ShouldHaveSingleItem().Connected.ShouldBeFalse();
        (await _plane.ReportAsync("atlanta")).StatusCode.ShouldBe(HttpStatusCode.Gone);
        (await _plane.GetAsync("/v1/agents/atlanta/instructions?session=s1&after=0")).StatusCode.ShouldBe(HttpStatusCode.Gone);
    }

    [Fact]
    public async Task Site_shows_its_links_as_last_reported()
    {
        await _plane.JoinAsync("atlanta");
        var link = new LinkReport { Peer = "wisconsin", Connected = true, BytesSent = 12, BytesReceived = 34, RoundTripMilliseconds = 14 };

        await _plane.ReportAsync("atlanta", new AgentReport { Session = "s1", Links = [link], CallersRefused = 2 });

        (await _plane.SitesAsync())[0].CallersRefused.ShouldBe(2);
        (await _plane.SitesAsync())[0].Links.ShouldHaveSingleItem().ShouldBe(link);
    }
}
