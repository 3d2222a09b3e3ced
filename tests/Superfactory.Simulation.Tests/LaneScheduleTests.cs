using Superfactory.Model.Jobs;

namespace Superfactory.Simulation.Tests;

/// <summary>Schedules whose models are merged in lanes: one in twelve of all, here by themselves.</summary>
public sealed class LaneScheduleTests
{
    private static readonly Drawing _drawing = Drawing.Whole with { Modes = [SyncMode.Diloco] };

    /// <summary>The seed, and how many schedules are drawn from: a third of them have lanes. SUPERFACTORY_SEEDS and SUPERFACTORY_SEED say others for a longer hunt.</summary>
    private static readonly (ulong Seed, int Schedules) _hunt = (
        ulong.TryParse(Environment.GetEnvironmentVariable("SUPERFACTORY_SEED"), out var seed) ? seed : 20_26,
        int.TryParse(Environment.GetEnvironmentVariable("SUPERFACTORY_SEEDS"), out var schedules) ? schedules : 240);

    [Fact]
    public void Runs_in_lanes_under_faults_keep_every_promise_of_the_protocol()
    {
        var results = new ScheduleResult?[_hunt.Schedules];
        Parallel.For(0, results.Length, schedule =>
        {
            var scenario = Scenario.Of(_hunt.Seed, schedule, _drawing);
            results[schedule] = scenario.Lanes == 1 ? null : Schedule.Run(scenario, schedule);
        });

        results.Where(result => result?.Violation is not null).Select(result => $"seed {_hunt.Seed}, schedule {result!.Schedule}: {result.Violation}").ShouldBeEmpty();
        var lanes = results.OfType<ScheduleResult>().ToList();
        lanes.Count.ShouldBeGreaterThan(results.Length / 6);
        lanes.Average(result => result.EpochChanges).ShouldBeGreaterThanOrEqualTo(1.5);
    }
}
