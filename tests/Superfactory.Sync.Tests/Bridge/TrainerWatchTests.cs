using Superfactory.Sync.Bridge.Membership;
using Superfactory.Sync.Bridge.Trainer;

namespace Superfactory.Sync.Tests.Bridge;

/// <summary>When a trainer takes no step though it should.</summary>
public sealed class TrainerWatchTests
{
    private readonly ManualTime _time = new();
    private readonly List<string> _notes = [];

    [Fact]
    public void Trainer_that_takes_no_step_for_30_seconds_stalls_until_it_steps()
    {
        var watch = Watch(0);
        Looks(watch, 29.5).ShouldBeFalse();

        Looks(watch, 1).ShouldBeTrue();
        _notes.ShouldHaveSingleItem().ShouldBe("The trainer of atlanta has taken no step for 30 s (sync.stall): the others go on without this island until it does.");
        watch.Hear(Report(7));

        watch.IsStalled.ShouldBeFalse();
        _notes[^1].ShouldBe("The trainer of atlanta takes steps again.");
        Looks(watch, 29.5).ShouldBeFalse();
    }

    [Fact]
    public void Ten_median_steps_are_waited_for_where_steps_take_long()
    {
        var watch = Watch(0);
        for (var step = 1; step <= 9; step++)
        {
            Looks(watch, step == 5 ? 25 : 5);
            watch.Hear(Report(step));
        }

        watch.Limit.TotalSeconds.ShouldBe(50, 3);
        Looks(watch, 48).ShouldBeFalse();
        Looks(watch, 4).ShouldBeTrue();
    }

    [Fact]
    public void Job_says_how_long_a_stall_is()
    {
        var watch = Watch(2);

        Looks(watch, 1.5).ShouldBeFalse();
        Looks(watch, 0.75).ShouldBeTrue();
    }

    [Fact]
    public void Values_reported_between_two_steps_are_no_step_and_a_contribution_is_one()
    {
        var watch = Watch(2);
        watch.Hear(Report(3));
        Looks(watch, 1.5);
        watch.Hear(Report(3));
        Looks(watch, 1).ShouldBeTrue();

        watch.Hear(new TrainerMessage.Merge(1, 2, 3, 4));

        watch.IsStalled.ShouldBeFalse();
    }

    [Fact]
    public void Waiting_for_a_merge_is_no_stall()
    {
        var watch = Watch(2);
        Looks(watch, 1.5);
        Looks(watch, 60, due: false).ShouldBeFalse();

        Looks(watch, 1.5).ShouldBeFalse();
    }

    [Fact]
    public void Bridge_that_did_not_run_itself_begins_to_count_anew()
    {
        var watch = Watch(2);
        Looks(watch, 1);

        _time.Advance(TimeSpan.FromSeconds(60));

        Looks(watch, 1.5).ShouldBeFalse();
        Looks(watch, 1).ShouldBeTrue();
    }

    private static TrainerMessage.Report Report(long step) => new(step, System.Collections.Immutable.ImmutableSortedDictionary<string, double>.Empty);

    private TrainerWatch Watch(int seconds) => new("atlanta", TimeSpan.FromSeconds(seconds), _notes.Add, _time);

    /// <summary>Looks each quarter of a second, as the host does.</summary>
    private bool Looks(TrainerWatch watch, double seconds, bool due = true)
    {
        for (var passed = 0.0; passed < seconds; passed += 0.25)
        {
            watch.Look(due);
            _time.Advance(TimeSpan.FromSeconds(0.25));
        }

        watch.Look(due);
        return watch.IsStalled;
    }
}
