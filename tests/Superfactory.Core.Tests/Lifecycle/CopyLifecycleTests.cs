using Superfactory.Core.Commands;
using Superfactory.Core.Records;
using Superfactory.Core.Tests.Support;
using Superfactory.Model.Copies;

namespace Superfactory.Core.Tests.Lifecycle;

public sealed class CopyLifecycleTests
{
    private static readonly CopyPlace _from = new("wisconsin", "/data/run-7");
    private static readonly CopyPlace _to = new("atlanta", "/data/run-7");

    private readonly TestFactory _factory = new TestFactory().Join("wisconsin").Join("atlanta");

    [Fact]
    public void Copy_is_instructed_to_both_its_sites_until_the_destination_completes_it()
    {
        _factory.Do(new RequestCopy(_from, _to)).OfType<CopyRequested>().Single().Copy.ShouldBe(1);

        Instructed("wisconsin").ShouldHaveSingleItem().Role.ShouldBe(CopyRole.Source);
        Instructed("atlanta").ShouldHaveSingleItem().Role.ShouldBe(CopyRole.Destination);
        Report("wisconsin", CopyRole.Source, CopyPhase.Completed);
        Instructed("atlanta").Length.ShouldBe(1);
        Report("atlanta", CopyRole.Destination, CopyPhase.Completed, new CopyProgress { FilesDone = 3 });

        Instructed("wisconsin").ShouldBeEmpty();
        Instructed("atlanta").ShouldBeEmpty();
        _factory.State.Copies[1].End.ShouldNotBeNull().State.ShouldBe(CopyState.Completed);
        _factory.State.Copies[1].End!.Progress!.FilesDone.ShouldBe(3);
        _factory.State.OpenCopies.ShouldBeEmpty();
    }

    [Fact]
    public void Copy_fails_with_the_reason_of_whichever_end_cannot_go_on()
    {
        _factory.Do(new RequestCopy(_from, _to));

        Report("wisconsin", CopyRole.Source, CopyPhase.Failed, reason: "There is no /data/run-7 at site wisconsin.");

        _factory.State.Copies[1].End.ShouldNotBeNull().ShouldBe(new CopyEnd(CopyState.Failed, "There is no /data/run-7 at site wisconsin.", _factory.Now, null));
    }

    [Fact]
    public void Same_copy_asked_for_again_is_the_one_that_goes_on_and_a_new_one_after_its_end()
    {
        _factory.Do(new RequestCopy(_from, _to));

        _factory.Do(new RequestCopy(_from, _to)).ShouldBeEmpty();
        _factory.Do(new CancelCopy(1));
        _factory.Do(new RequestCopy(_from, _to)).OfType<CopyRequested>().Single().Copy.ShouldBe(2);

        CopyReader.Find(_factory.State, _from, _to).ShouldNotBeNull().Id.ShouldBe(2);
        _factory.Try(new CancelCopy(1)).Refusal.ShouldNotBeNull().Problems[0].Message.ShouldBe("Copy 1 has already ended: it was cancelled.");
        _factory.Try(new CancelCopy(3)).Refusal.ShouldNotBeNull().Kind.ShouldBe(RefusalKind.NotFound);
    }

    [Fact]
    public void Unknown_sites_are_refused_all_at_once_with_what_was_probably_meant()
    {
        var refusal = _factory.Try(new RequestCopy(new CopyPlace("wisconsn", "/a"), new CopyPlace("mars", "/a"))).Refusal.ShouldNotBeNull();

        refusal.Problems.Select(problem => problem.Field).ShouldBe(["source", "destination"]);
        refusal.Problems[0].Hint.ShouldBe("Did you mean 'wisconsin:/a'?");
        refusal.Problems[1].Message.ShouldBe("There is no site 'mars'; expected one of atlanta, wisconsin.");
        _factory.Try(new RequestCopy(_from, _from)).Refusal.ShouldNotBeNull().Problems[0].Message.ShouldBe("Source and destination are the same, wisconsin:/data/run-7.");
    }

    [Fact]
    public void Site_speaks_only_for_its_own_end()
    {
        _factory.Do(new RequestCopy(_from, _to));

        Report("wisconsin", CopyRole.Destination, CopyPhase.Completed);
        Report("atlanta", CopyRole.Source, CopyPhase.Failed);

        _factory.State.Copies[1].End.ShouldBeNull();
    }

    [Fact]
    public void Copy_waits_for_a_site_that_is_lost_and_says_for_which()
    {
        _factory.Do(new RequestCopy(_from, _to));
        _factory.Lose("atlanta");

        CopyReader.WaitsFor(_factory.State, _factory.State.Copies[1], _factory.Now).ShouldBe("Waits for site atlanta: its agent was last heard 5 s ago.");
        _factory.State.OpenCopies.ShouldBe([1L]);
    }

    [Fact]
    public void Copies_are_the_same_after_a_snapshot_and_after_a_replay_and_old_ended_ones_are_forgotten()
    {
        for (var copy = 1; copy <= FactoryLimits.EndedCopiesMax + 2; copy++)
        {
            _factory.Do(new RequestCopy(_from, _to));
            _factory.Do(new CancelCopy(copy));
        }

        _factory.Do(new RequestCopy(_from, _to));

        var state = _factory.State;
        state.Copies.Count.ShouldBe(FactoryLimits.EndedCopiesMax + 1);
        state.Copies.Keys.First().ShouldBe(3);
        var restored = FactorySnapshot.FromJson(FactorySnapshot.Of(state).ToJson()).Restore();
        restored.Copies.Values.ShouldBe(state.Copies.Values);
        restored.OpenCopies.ShouldBe(state.OpenCopies);
        restored.LastCopy.ShouldBe(state.LastCopy);
        var replayed = _factory.Journal.Select(record => JournalRecord.FromJson(record.ToJson())).Aggregate(FactoryState.Empty, Factory.Apply);
        FactorySnapshot.Of(replayed).ToJson().ShouldBe(FactorySnapshot.Of(state).ToJson());
    }

    private CopyAssignment[] Instructed(string site) => [.. InstructionsReader.Read(_factory.State, site).Copies];

    private void Report(string site, CopyRole role, CopyPhase phase, CopyProgress? progress = null, string? reason = null)
        => _factory.Do(new ReportGangs(site, "s1", []) { Copies = [new CopyReport { Copy = 1, Role = role, Phase = phase, Progress = progress, Reason = reason }] });
}
