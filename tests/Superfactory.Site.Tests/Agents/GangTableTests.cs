using Superfactory.Model;
using Superfactory.Model.Agents;
using Superfactory.Site.Agents;
using Superfactory.Site.Checkpoints;
using Superfactory.Site.Engines;
using Superfactory.Site.Gangs;
using Superfactory.Site.Tests.Support;

namespace Superfactory.Site.Tests.Agents;

public sealed class GangTableTests : IDisposable
{
    private readonly MemoryEngine _engine = new();
    private readonly ReportBuffer _buffer = new(TimeProvider.System);
    private readonly Signal _changed = new();
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("sf-");
    private readonly CheckpointTable _checkpoints;
    private readonly GangTable _table;

    public GangTableTests()
    {
        _checkpoints = new CheckpointTable(_directory.FullName, _changed.Set, static _ => { });
        _table = new GangTable(_engine, MemoryEngine.Prepare, _buffer, _checkpoints, _changed.Set);
    }

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task What_is_missing_is_started_once_however_often_it_is_instructed()
    {
        Apply(1, Gang());
        Apply(2, Gang());
        var gang = await _engine.NextAsync();

        gang.Assignment.Job.ShouldBe(7);
        gang.Say(new GangEvent.Running());
        await ReportAsync(report => report.State == GangState.Running);
        _engine.HasStartedMore.ShouldBeFalse();
    }

    [Fact]
    public async Task A_gang_is_told_that_its_job_is_to_be_held_and_not_what_it_was_started_with()
    {
        Apply(1, Gang() with { Checkpoints = new GangCheckpoints { Writes = true } });
        var gang = await _engine.NextAsync();

        Apply(2, Gang() with { Checkpoints = new GangCheckpoints { Writes = true, Hold = true } });

        (await gang.NextCheckpointsAsync()).Hold.ShouldBeTrue();
    }

    [Fact]
    public async Task A_gang_has_its_lease_from_its_start_and_is_told_of_each_longer_one()
    {
        _table.Extend(100);
        Apply(1, Gang());
        var gang = await _engine.NextAsync();
        (await gang.NextLeaseAsync()).ShouldBe(100);

        _table.Extend(200);
        (await gang.NextLeaseAsync()).ShouldBe(200);
        _table.Extend(null);
        (await gang.NextLeaseAsync()).ShouldBeNull();
    }

    [Fact]
    public async Task A_newer_epoch_is_passed_on_and_the_same_one_is_not()
    {
        Apply(1, Gang());
        var gang = await _engine.NextAsync();

        Apply(2, Gang());
        Apply(3, Gang() with { Epoch = GangFixture.Epoch(4) });

        (await gang.NextEpochAsync()).Number.ShouldBe(4);
    }

    [Fact]
    public async Task What_is_not_listed_is_stopped_and_forgotten_only_after_it_was_reported()
    {
        Apply(1, Gang());
        var gang = await _engine.NextAsync();

        Apply(2);
        await gang.StopAsked;
        gang.Say(new GangEvent.Stopped());
        await ReportAsync(report => report.State == GangState.Stopped);

        var reported = _table.Reports();
        _table.Confirm(reported);
        _table.Reports().ShouldBeEmpty();
    }

    [Fact]
    public async Task What_ended_by_its_lease_is_reported_so_with_its_reason()
    {
        Apply(1, Gang());
        (await _engine.NextAsync()).Say(new GangEvent.Stopped("Its lease was over.", LeaseEnded: true));
        await ReportAsync(report => report is { State: GangState.Stopped, LeaseEnded: true, Reason: "Its lease was over." });
    }

    [Fact]
    public async Task What_ended_stays_reported_while_it_is_still_listed()
    {
        Apply(1, Gang());
        (await _engine.NextAsync()).Say(new GangEvent.Finished(ScriptedBridge.Result));
        await ReportAsync(report => report.State == GangState.Finished);

        _table.Confirm(_table.Reports());
        _table.Reports().ShouldHaveSingleItem().Result.ShouldBe(ScriptedBridge.Result);
        Apply(2);
        _table.Confirm(_table.Reports());

        _table.Reports().ShouldBeEmpty();
    }

    [Fact]
    public async Task What_ended_without_its_agent_is_kept_until_instructions_say_that_it_is_not_wanted()
    {
        var specification = new GangSpecification
        {
            Assignment = Gang(), GangDirectory = _directory.FullName, RuntimeDirectory = _directory.FullName, OutputDirectory = _directory.FullName,
            GatewaySocket = "none", PythonDirectory = _directory.FullName, Cores = 1, Self = new SelfCommand("none", []),
        };
        await _table.AdoptAsync([new OrphanedGang(specification, null, null)]);

        _table.Confirm(_table.Reports());
        _table.Reports().ShouldHaveSingleItem().State.ShouldBe(GangState.Failed);
        Apply(1);
        _table.Confirm(_table.Reports());

        _table.Reports().ShouldBeEmpty();
    }

    [Fact]
    public async Task A_new_incarnation_starts_only_when_nothing_is_left_of_the_old_one()
    {
        Apply(1, Gang());
        var old = await _engine.NextAsync();

        Apply(2, GangFixture.Assignment(GangFixture.Job("ready", "train"), incarnation: 2));
        await old.StopAsked;
        _engine.HasStartedMore.ShouldBeFalse();
        old.Say(new GangEvent.Stopped());

        (await _engine.NextAsync()).Assignment.Incarnation.ShouldBe(2);
        _engine.Order.ShouldBe(["start 7-1", "end 7-1", "start 7-2"]);
    }

    [Fact]
    public async Task A_gang_that_this_site_cannot_prepare_fails_with_the_reason()
    {
        var table = new GangTable(_engine, _ => new Outcome<GangSpecification>([new Problem("There is no corpus 'docs' in /data.")]), _buffer, _checkpoints, _changed.Set);

        table.Apply(new AgentInstructions { Revision = 1, Gangs = [Gang()] });

        await Patience.UntilAsync(() => table.Reports()[0].State == GangState.Failed, "the failure");
        table.Reports()[0].Reason.ShouldBe("There is no corpus 'docs' in /data.");
        table.Reports()[0].Retriable.ShouldBeFalse();
    }

    [Fact]
    public async Task Stopping_everything_waits_for_the_last_process_and_takes_no_more_instructions()
    {
        Apply(1, Gang());
        var gang = await _engine.NextAsync();

        var stopping = _table.StopAllAsync();
        await gang.StopAsked;
        Apply(2, Gang() with { Job = 8 });
        stopping.IsCompleted.ShouldBeFalse();
        gang.Say(new GangEvent.Stopped());

        await stopping.WaitAsync(Patience.Limit, TestContext.Current.CancellationToken);
        _engine.HasStartedMore.ShouldBeFalse();
    }

    private static GangAssignment Gang() => GangFixture.Assignment(GangFixture.Job("ready", "train"));

    private void Apply(long revision, params GangAssignment[] gangs) => _table.Apply(new AgentInstructions { Revision = revision, Gangs = [.. gangs] });

    private Task ReportAsync(Func<GangReport, bool> wanted) => Patience.UntilAsync(() => _table.Reports().Any(wanted), "a report");
}
