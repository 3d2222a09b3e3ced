using Superfactory.Model.Jobs;

namespace Superfactory.Simulation.Tests;

/// <summary>Schedules of two islands on one machine, whose norms follow as gradients are merged: one in thirty of all, here by themselves.</summary>
public sealed class NearScheduleTests
{
    private static readonly Drawing _drawing = Drawing.Whole with { Modes = [SyncMode.EveryStep] };

    /// <summary>The seed, and how many schedules are drawn from: an eighth of them are such. SUPERFACTORY_SEEDS and SUPERFACTORY_SEED say others for a longer hunt.</summary>
    private static readonly (ulong Seed, int Schedules) _hunt = (
        ulong.TryParse(Environment.GetEnvironmentVariable("SUPERFACTORY_SEED"), out var seed) ? seed : 20_26,
        int.TryParse(Environment.GetEnvironmentVariable("SUPERFACTORY_SEEDS"), out var schedules) ? schedules : 480);

    [Fact]
    public void Runs_whose_norms_follow_as_numbers_are_merged_keep_every_promise_under_faults()
    {
        var results = new ScheduleResult?[_hunt.Schedules];
        Parallel.For(0, results.Length, schedule =>
        {
            var scenario = Scenario.Of(_hunt.Seed, schedule, _drawing);
            results[schedule] = scenario.IsNear ? Schedule.Run(scenario, schedule) : null;
        });

        results.Where(result => result?.Violation is not null).Select(result => $"seed {_hunt.Seed}, schedule {result!.Schedule}: {result.Violation}").ShouldBeEmpty();
        var near = results.OfType<ScheduleResult>().ToList();
        near.Count.ShouldBeGreaterThan(results.Length / 16);
        near.Sum(result => result.Refused).ShouldBeGreaterThan(0);
    }
}
