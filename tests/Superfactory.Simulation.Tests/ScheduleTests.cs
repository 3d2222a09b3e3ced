using Superfactory.Simulation.Faults;

namespace Superfactory.Simulation.Tests;

/// <summary>A fixed set of schedules under faults, and what makes them worth running.</summary>
public sealed class ScheduleTests
{
    private const ulong Seed = 20_26;

    /// <summary>Schedules of the fixed set: 240, or as many as SUPERFACTORY_SEEDS says for a longer hunt.</summary>
    private static readonly int _schedules = int.TryParse(Environment.GetEnvironmentVariable("SUPERFACTORY_SEEDS"), out var schedules) ? schedules : 240;

    private static readonly Lazy<ScheduleResult[]> _results = new(() =>
    {
        var results = new ScheduleResult[_schedules];
        Parallel.For(0, _schedules, schedule => results[schedule] = Schedule.Run(Seed, schedule));
        return results;
    });

    [Fact]
    public void Runs_under_faults_keep_every_promise_of_the_protocol() =>
        _results.Value.Where(result => result.Violation is not null)
            .Select(result => $"superfactory soak --seed {Seed} --schedule {result.Schedule} --trace: {result.Violation}")
            .ShouldBeEmpty();

    [Fact]
    public void Schedules_have_enough_results_faults_and_epoch_changes_to_prove_something()
    {
        _results.Value.Average(result => result.ResultsFinal).ShouldBeGreaterThanOrEqualTo(36);
        _results.Value.Average(result => result.EpochChanges).ShouldBeGreaterThanOrEqualTo(1.5);
        _results.Value.Min(result => result.Faults.Sum()).ShouldBeGreaterThanOrEqualTo(4);
        (2 * _results.Value.Sum(result => result.FaultsInFlight)).ShouldBeGreaterThanOrEqualTo(_results.Value.Sum(result => result.Faults.Sum()));
        foreach (var kind in Enum.GetValues<FaultKind>())
        {
            _results.Value.Sum(result => result.Faults[(int)kind]).ShouldBeGreaterThan(0, kind.ToString());
        }
    }

    [Fact]
    public void Late_contributions_are_dropped_and_every_way_to_spoil_one_is_refused()
    {
        _results.Value.Sum(result => result.Late).ShouldBeGreaterThan(0, "islands are late where the job has a quorum");
        var spoiled = _results.Value.Sum(result => result.Faults[(int)FaultKind.NonFiniteContribution] + result.Faults[(int)FaultKind.OversizedContribution]);
        _results.Value.Sum(result => result.Refused).ShouldBeGreaterThan(spoiled / 2);
    }

    [Fact]
    public void Runs_that_choose_their_mode_change_it_and_islands_with_broken_trainers_are_set_aside()
    {
        var choosing = _results.Value.Where(result => result.Schedule / 4 % 4 == 3).ToList();
        choosing.Average(result => result.ModeChanges).ShouldBeGreaterThan(1, "the link changes twice");
        var broken = _results.Value.Sum(result => result.Faults[(int)FaultKind.BrokenTrainer]);
        _results.Value.Sum(result => result.SetAside).ShouldBeInRange(broken / 3, broken);
    }

    [Fact]
    public void Same_seed_and_number_give_the_same_trace_on_any_thread_and_another_seed_another()
    {
        for (var schedule = 0; schedule < 8; schedule++)
        {
            var again = Schedule.Run(Seed, schedule, listener: _ => { });
            again.Trace.ShouldBe(_results.Value[schedule].Trace);
            Schedule.Run(Seed + 1, schedule).Trace.ShouldNotBe(again.Trace);
        }
    }
}
