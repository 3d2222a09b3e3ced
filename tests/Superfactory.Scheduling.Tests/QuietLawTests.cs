using Superfactory.Scheduling.Pending;

namespace Superfactory.Scheduling.Tests;

/// <summary>While nobody commands anything rounds become quiet: what was decided is not undone and decided again. A counter-example is printed with its seed.</summary>
public sealed class QuietLawTests
{
    private const int Ends = 20, Ticks = 20;
    private const int TickMilliseconds = 5_000;

    // Of two dozen jobs each starts, is stopped or has its start moved a handful of times at most.
    private const int StepsMax = 1_000;

    [Fact]
    public void Rounds_become_quiet_after_finitely_many_steps_whatever_ended_and_as_time_passes() => Law.Holds(200, BecomesQuiet);

    [Theory]
    [InlineData(73622777)]
    [InlineData(1978320337)]
    public void A_job_that_starts_where_others_are_to_have_left_before_a_window_is_not_stopped_for_the_window(int seed) => BecomesQuiet(seed);

    private static void BecomesQuiet(int seed)
    {
        var (world, backlog, _) = UnblockingLawTests.Live(seed);
        for (var end = 0; end < Ends; end++)
        {
            world.Now += 1_000;
            if (world.State.Running.Count > 0)
            {
                backlog.End(world.State.Running.Keys.Order().ElementAt(end % world.State.Running.Count), world.Now);
            }

            Round(world, backlog, seed);
        }

        for (var tick = 0; tick < Ticks; tick++)
        {
            world.Now += TickMilliseconds;
            Round(world, backlog, seed);
        }

        FleetAudit.Check(world.Fleet, world.State).ShouldBeEmpty($"seed {seed}");
    }

    private static void Round(World world, Backlog backlog, int seed)
    {
        var steps = 0;
        while (!backlog.Step(world.Now).IsOver)
        {
            (++steps).ShouldBeLessThan(StepsMax, $"seed {seed}");
        }
    }
}
