using Superfactory.Control.Grants;
using Superfactory.Control.Journal;
using Superfactory.Control.Telemetry;
using Superfactory.Control.Tests.Support;
using Superfactory.Control.Writing;

namespace Superfactory.Control.Tests.Grants;

/// <summary>What goes wrong beside the API is told, each time, and ends nothing: neither clock is waited for by anybody.</summary>
public sealed class ClockFaultTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly FailingTimeProvider _time = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Look_at_the_links_that_fails_is_told_each_time_and_the_next_one_looks_again()
    {
        using var journal = FactoryJournal.Open(_directory.Path).Value!;
        await using var writer = new FactoryWriter(journal, TimeProvider.System, new LogLines<FactoryWriter>());
        var log = new LogLines<LinkClock>();
        using var clock = new LinkClock(writer, new IslandBoard(), _time, log);

        _time.Fault = new OverflowException();
        await clock.LookAsync();
        await clock.LookAsync();
        log.Lines.ShouldBe([(1013, _time.Fault), (1013, _time.Fault)]);

        _time.Fault = null;
        await clock.LookAsync();
        log.Lines.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Grants_that_cannot_be_made_for_whatever_reason_are_told_and_thrown_at_nobody()
    {
        using var journal = FactoryJournal.Open(_directory.Path).Value!;
        await using var writer = new FactoryWriter(journal, TimeProvider.System, new LogLines<FactoryWriter>());
        var log = new LogLines<GrantClock>();
        using var clock = new GrantClock(writer, new IslandBoard(), new GrantBoard(TimeProvider.System), _time, log);

        _time.Fault = new OverflowException();
        clock.Look();

        log.Lines.ShouldBe([(1010, _time.Fault)]);
    }
}
