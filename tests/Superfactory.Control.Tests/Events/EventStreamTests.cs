using Superfactory.Control.Events;
using Superfactory.Control.Tests.Support;
using Superfactory.Model.Agents;
using Superfactory.Model.Views;

namespace Superfactory.Control.Tests.Events;

public sealed class EventStreamTests : IAsyncLifetime
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
    public async Task Stream_begins_with_what_stands_and_goes_on_with_what_happens()
    {
        await _plane.JoinAsync("atlanta");
        using var events = await _plane.EventsAsync("/v1/events");
        (await NextAsync(events)).Kind.ShouldBe("site");

        await _plane.JoinAsync("wisconsin");
        await _plane.SubmitAsync(Samples.TwoSites);
        await _plane.ReportAsync("wisconsin", new AgentReport { Session = "s1", Logs = [Samples.Line(1, "step 1")] });

        var seen = new List<string>();
        while (!seen.Contains("log"))
        {
            var (kind, data) = await NextAsync(events);
            seen.Add(kind);
            if (kind == "log")
            {
                data.ShouldContain("\"text\":\"step 1\"");
            }
        }

        seen.ShouldContain("site");
        seen.ShouldContain("job");
    }

    [Fact]
    public async Task Stream_of_a_job_has_that_job_only_and_shows_its_end()
    {
        await _plane.JoinAsync("wisconsin", slots: 2);
        await _plane.JoinAsync("atlanta", slots: 2);
        await _plane.SubmitAsync(Samples.TwoSites);
        await _plane.SubmitAsync(Samples.TwoSites);
        using var events = await _plane.EventsAsync("/v1/jobs/2/events");

        await _plane.PostAsync("/v1/jobs/1/cancel");
        await _plane.PostAsync("/v1/jobs/2/cancel");

        var states = new List<JobState>();
        while (!states.Contains(JobState.Cancelled))
        {
            var job = System.Text.Json.JsonSerializer.Deserialize<JobView>((await NextAsync(events)).Data, Model.FactoryJson.Options)!;
            job.Id.ShouldBe(2);
            states.Add(job.State);
        }

        states[0].ShouldBe(JobState.Starting);
    }

    [Fact]
    public async Task Silence_is_filled_with_a_comment()
    {
        using var events = await _plane.EventsAsync("/v1/events");
        var line = events.ReadLineAsync(TestContext.Current.CancellationToken).AsTask();

        // The stream may not be waiting yet when the clock is moved first.
        await ControlPlane.UntilAsync(async () =>
        {
            _plane.Time.Advance(TimeSpan.FromSeconds(1));
            await _plane.TextAsync("/v1/health");
            return line.IsCompleted;
        });

        (await line).ShouldBe(": still here");
    }

    [Fact]
    public void Slow_subscriber_loses_the_oldest_events_and_is_told_how_many()
    {
        var hub = new EventHub();
        using var subscription = hub.Subscribe(null)!;

        for (var number = 0; number < EventSubscription.QueueLength + 3; number++)
        {
            hub.Publish(new FactoryEvent("log", 1, $"{number}"));
        }

        subscription.TakeMissed().ShouldBe(3);
        subscription.TakeMissed().ShouldBe(0);
        subscription.Events.TryRead(out var first).ShouldBeTrue();
        first!.Data.ShouldBe("3");
    }

    [Fact]
    public void Subscribers_over_the_limit_are_refused_until_one_leaves()
    {
        var hub = new EventHub();
        var subscriptions = Enumerable.Range(0, EventHub.SubscribersMax).Select(_ => hub.Subscribe(1)!).ToList();

        hub.Subscribe(1).ShouldBeNull();
        subscriptions[0].Dispose();
        hub.Subscribe(1).ShouldNotBeNull();
        hub.IsWanted(2).ShouldBeFalse();
    }

    private static async Task<(string Kind, string Data)> NextAsync(StreamReader events)
    {
        var kind = string.Empty;
        using var patience = new CancellationTokenSource(ControlPlane.Patience);
        while (await events.ReadLineAsync(patience.Token) is { } line)
        {
            if (line.StartsWith("event: ", StringComparison.Ordinal))
            {
                kind = line["event: ".Length..];
            }
            else if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                return (kind, line["data: ".Length..]);
            }
        }

        throw new EndOfStreamException("The stream of events ended.");
    }
}
