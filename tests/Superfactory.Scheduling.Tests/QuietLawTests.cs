using Superfactory.Scheduling.Pending;

namespace Superfactory.Scheduling.Tests;

/// <summary>
/// While nobody commands anything rounds become quiet: what was decided is not undone and decided again, in one round or from tick to tick. A counter-example is printed with its seed. And the check
/// catches what it is there for.
/// </summary>
public sealed class QuietLawTests
{
    private const int Ends = 20, Ticks = 40, QuietTicks = 10;

    // From five seconds to two hours, each a fifth longer than the one before it: windows, reserved starts and second looks at these lie in between.
    private const double TickMilliseconds = 5_000, Longer = 1.2;

    // Of two dozen jobs each starts, is stopped or has its start moved a handful of times at most.
    private const int StepsMax = 1_000;

    [Fact]
    public void Rounds_become_quiet_after_finitely_many_steps_whatever_ended_and_as_time_passes() => Law.Holds(200, static seed => Live(seed).ShouldBeEmpty($"seed {seed}"));

    [Fact]
    public void Rounds_become_quiet_after_greater_jobs_came_and_others_gave_way_to_them()
    {
        var gaveWay = 0;
        Law.Holds(200, seed => Live(seed, greater: true, gaveWay: () => gaveWay++).ShouldBeEmpty($"seed {seed}"));
        gaveWay.ShouldBeGreaterThan(200);
    }

    [Fact]
    public void Rounds_of_jobs_with_a_range_of_accelerators_become_quiet() => Law.Holds(60, static seed => Live(seed, greater: true, elastic: true).ShouldBeEmpty($"seed {seed}"));

    [Theory]
    [InlineData(73622777)]
    [InlineData(1978320337)]
    public void A_job_that_starts_where_others_are_to_have_left_before_a_window_is_not_stopped_for_the_window(int seed) => Live(seed).ShouldBeEmpty();

    [Theory]
    [InlineData(481656796, "a job that ran ahead of one start was stopped for another that goes after it, and started again")]
    [InlineData(1829890469, "a job was stopped for a start that had its places then and not the quota, and started again")]
    [InlineData(1084462547, "the same")]
    public void Nobody_is_stopped_again_and_again_for_a_start_that_does_not_come(int seed, string why) => Live(seed, greater: true).ShouldBeEmpty(why);

    [Fact]
    public void Jobs_that_take_back_what_was_taken_from_them_are_found_in_a_round() =>
        Enumerable.Range(1, 60).SelectMany(static seed => Live(seed, greater: true, raisedInRound: StepsMax)).ShouldContain(static line => line.StartsWith("the round", StringComparison.Ordinal));

    [Fact]
    public void Jobs_that_take_back_at_each_tick_what_was_taken_from_them_are_found() =>
        Enumerable.Range(1, 160).SelectMany(static seed => Live(seed, greater: true, raisedInRound: 1)).ShouldContain(static line => line.StartsWith("at the end", StringComparison.Ordinal));

    /// <summary>What is broken in a life in which jobs end, and then nothing but time passes.</summary>
    /// <param name="seed">What it is made of.</param>
    /// <param name="greater">Whether jobs of ever greater priorities come while others end.</param>
    /// <param name="raisedInRound">The bug: in each round so many jobs that give way wait at a greater priority than those that took their place.</param>
    /// <param name="gaveWay">Told of each job that gives way.</param>
    /// <param name="elastic">Whether most jobs take a range of accelerators.</param>
    private static List<string> Live(int seed, bool greater = false, int raisedInRound = 0, Action? gaveWay = null, bool elastic = false)
    {
        var (world, backlog, _) = UnblockingLawTests.Live(seed, elastic);
        List<string> broken = [];
        for (var end = 0; end < Ends; end++)
        {
            world.Now += 1_000;
            if (world.State.Running.Count > 0)
            {
                backlog.End(world.State.Running.Keys.Order().ElementAt(end % world.State.Running.Count), world.Now);
            }

            if (greater)
            {
                backlog.Submit(world.Request() with { Priority = 3 + end });
            }

            Round(world, backlog, raisedInRound, broken, gaveWay);
        }

        var (restless, interval) = (0, TickMilliseconds);
        for (var tick = 0; tick < Ticks && broken.Count == 0; tick++)
        {
            world.Now += (long)interval;
            interval *= Longer;
            var changes = Round(world, backlog, raisedInRound, broken, gaveWay);
            restless += tick >= Ticks - QuietTicks ? changes : 0;
        }

        if (restless > 0)
        {
            broken.Add($"at the end of all ticks {restless} jobs started or were stopped");
        }

        broken.AddRange(FleetAudit.Check(world.Fleet, world.State));
        return broken;
    }

    /// <summary>A round, and how many jobs started or were stopped in it.</summary>
    private static int Round(World world, Backlog backlog, int raisedInRound, List<string> broken, Action? gaveWay)
    {
        var changes = 0;
        for (var steps = 0; steps < StepsMax; steps++)
        {
            var before = raisedInRound == 0 ? null : world.State.Running.Values.ToDictionary(static job => job.Request.Job, static job => job.Request);
            var step = backlog.Step(world.Now);
            changes += step.Stopped.Length + (step.Started is null ? 0 : 1);
            if (step.IsOver)
            {
                return changes;
            }

            foreach (var victim in step.Started?.Victims ?? [])
            {
                gaveWay?.Invoke();
                if (raisedInRound-- <= 0)
                {
                    continue;
                }

                backlog.Withdraw(victim.Job).ShouldBeTrue();
                backlog.Submit(before![victim.Job] with { Priority = step.Started!.Request.Priority + 1 }).ShouldBeNull();
            }
        }

        broken.Add($"the round is not over after {StepsMax} steps");
        return changes;
    }
}
