using System.Collections.Immutable;
using System.Text.Json;
using Superfactory.Model;
using Superfactory.Model.Agents;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Bridge;
using Superfactory.Sync.Bridge.Trainer;

namespace Superfactory.Sync.Tests.Bridge;

/// <summary>What a bridge tells whoever started it: how it is written, how often, and what a slow reader loses.</summary>
public sealed class BridgeEventTests
{
    private readonly ManualTime _time = new();
    private readonly List<BridgeEvent> _emitted = [];
    private readonly BridgeEventQueue _queue;
    private RunProgress _progress = new();

    public BridgeEventTests() => _queue = new BridgeEventQueue((happened, _) =>
    {
        _emitted.Add(happened);
        return ValueTask.CompletedTask;
    });

    [Fact]
    public void Events_are_written_as_the_supervisor_reads_them()
    {
        Written(new BridgeEvent.Ready()).ShouldBe("""{"type":"ready"}""");
        Written(new BridgeEvent.Log("trainer", 1, "hello")).ShouldBe("""{"type":"log","source":"trainer","rank":1,"text":"hello"}""");
        Written(new BridgeEvent.Progress(new RunProgress { Rounds = 3 })).ShouldStartWith("""{"type":"progress","progress":{"epoch":0,"rounds":3,""");
        Written(new BridgeEvent.Measurement(4, ImmutableSortedDictionary<string, double>.Empty.Add("loss", double.NaN)))
            .ShouldBe("""{"type":"measurement","step":4,"values":{"loss":"NaN"}}""");
        Written(new BridgeEvent.Failed("why", Retriable: true)).ShouldBe("""{"type":"failed","reason":"why","retriable":true,"outrun":false}""");
        Written(new BridgeEvent.Failed("why", Retriable: true, Outrun: true)).ShouldBe("""{"type":"failed","reason":"why","retriable":true,"outrun":true}""");
    }

    [Fact]
    public void Commands_are_read_as_the_supervisor_writes_them()
    {
        var epoch = """{"type":"epoch","epoch":{"number":2,"members":[{"island":"atlanta","incarnation":3}]}}""";
        Read(epoch).ShouldBeOfType<BridgeCommand.EpochDecided>().Epoch.Members.ShouldBe([new RunMember("atlanta", 3)]);
        Read("""{"type":"trainer-lost"}""").ShouldBeOfType<BridgeCommand.TrainerLost>();
        Read("""{"type":"stop"}""").ShouldBeOfType<BridgeCommand.Stop>();
    }

    [Fact]
    public async Task Progress_is_reported_when_it_changed_and_at_most_four_times_a_second()
    {
        var reporter = Reporter(SyncMode.Diloco);
        for (var tick = 0; tick < 100; tick++)
        {
            _progress = new RunProgress { Steps = tick / 2 };
            reporter.Tick();
            _time.Advance(TimeSpan.FromMilliseconds(10));
        }

        await DrainAsync();
        _emitted.Count.ShouldBe(4);
    }

    [Fact]
    public async Task Every_round_of_diloco_is_reported_with_its_measurements()
    {
        var reporter = Reporter(SyncMode.Diloco);
        reporter.Began();
        for (var round = 0; round < 3; round++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(30));
            reporter.Contributed(new TrainerMessage.Merge(round, 2, 100, 250));
            _time.Advance(TimeSpan.FromMilliseconds(20));
            _progress = new RunProgress { Rounds = round + 1, Steps = 2 * (round + 1) };
            reporter.Merged();
        }

        await DrainAsync();
        _emitted.OfType<BridgeEvent.Progress>().Select(progress => progress.Value.Rounds).ShouldBe([0, 1, 2, 3]);
        var measured = _emitted.OfType<BridgeEvent.Measurement>().ToArray();
        measured.Select(one => one.Step).ShouldBe([2, 4, 6]);
        measured[0].Values["loss"].ShouldBe(2.5);
        measured[0].Values["merge_seconds"].ShouldBe(0.020, 1e-9);
        measured[0].Values["tokens_per_second"].ShouldBe(2000, 1e-6);
    }

    [Fact]
    public async Task Rounds_of_every_step_are_reported_at_most_four_times_a_second()
    {
        var reporter = Reporter(SyncMode.EveryStep);
        for (var round = 0; round < 100; round++)
        {
            reporter.Contributed(new TrainerMessage.Merge(round, 1, 100, 250));
            _time.Advance(TimeSpan.FromMilliseconds(10));
            _progress = new RunProgress { Rounds = round + 1 };
            reporter.Merged();
        }

        await DrainAsync();
        _emitted.OfType<BridgeEvent.Measurement>().Count().ShouldBe(4);
        _emitted.OfType<BridgeEvent.Progress>().Count().ShouldBe(4);
    }

    [Fact]
    public async Task A_reader_that_is_behind_loses_repeated_events_and_never_the_last()
    {
        for (var step = 0; step < 2 * BridgeEventQueue.EventsMax; step++)
        {
            _queue.Post(new BridgeEvent.Measurement(step, ImmutableSortedDictionary<string, double>.Empty));
        }

        _queue.Post(new BridgeEvent.Note("once"));
        var last = new BridgeEvent.Failed("over", Retriable: false);
        var completing = _queue.CompleteAsync(last);
        await _queue.RunAsync(TestContext.Current.CancellationToken);
        await completing;

        _emitted.Count.ShouldBe(BridgeEventQueue.RepeatedEventsMax + 2);
        _emitted[^2].ShouldBe(new BridgeEvent.Note("once"));
        _emitted[^1].ShouldBe(last);
        _queue.Dropped.ShouldBe((2 * BridgeEventQueue.EventsMax) - BridgeEventQueue.RepeatedEventsMax);
    }

    [Fact]
    public async Task Commands_end_with_their_stream()
    {
        using var input = new MemoryStream("{\"type\":\"trainer-lost\"}\n"u8.ToArray());
        var streams = new StandardStreams(input, Stream.Null);

        var commands = new List<BridgeCommand>();
        await foreach (var command in streams.Commands.ReadAllAsync(TestContext.Current.CancellationToken))
        {
            commands.Add(command);
        }

        commands.ShouldBe([new BridgeCommand.TrainerLost()]);
    }

    private static string Written(BridgeEvent happened) => JsonSerializer.Serialize(happened, FactoryJson.Options);

    private static BridgeCommand Read(string line) => JsonSerializer.Deserialize<BridgeCommand>(line, FactoryJson.Options).ShouldNotBeNull();

    private BridgeReporter Reporter(SyncMode mode) => new(_queue, () => _progress, () => mode, _time);

    private async Task DrainAsync()
    {
        var running = _queue.RunAsync(TestContext.Current.CancellationToken);
        await _queue.CompleteAsync(null);
        await running;
    }
}
