using Superfactory.Scheduling.Pending;

namespace Superfactory.Scheduling.Tests;

/// <summary>That what is promised comes to pass: guarantees are given back in time, and nobody waits for ever. The same checks find a guarantee that comes late, and one who does wait.</summary>
public sealed class ProgressLawTests
{
    private const int JobsMax = 40;

    [Fact]
    public void Every_plan_keeps_to_the_rules_of_victims_and_quotas() => Law.Holds(150, seed =>
    {
        var world = new World(seed);
        for (var step = 0; step < 50; step++)
        {
            world.Now += 1 + world.Next(500);
            if (world.State.Running.Count > 0 && world.Next(4) == 0)
            {
                world.State.Stop(world.State.Running.Keys.Order().ElementAt(world.Next(world.State.Running.Count)));
                continue;
            }

            var plan = world.Scheduler.Decide(world.Request(), world.Now);
            PlanAudit.Check(world.State, plan, world.Now).ShouldBeEmpty($"seed {seed}: {World.Digest(plan)}");
            world.State.Apply(plan, world.Now);
        }
    });

    [Fact]
    public void A_guarantee_is_given_back_when_who_borrowed_has_run_the_minimum_and_after_15_minutes_at_the_latest()
    {
        var claims = 0;
        Law.Holds(600, seed =>
        {
            var overdue = IsOverdue(seed, late: 0);
            overdue.ShouldNotBe(true, $"seed {seed}");
            claims += overdue is null ? 0 : 1;
        });
        claims.ShouldBeGreaterThan(30);
    }

    [Fact]
    public void A_guarantee_that_is_given_back_a_millisecond_late_is_found() => Enumerable.Range(1, 400).ShouldContain(static seed => IsOverdue(seed, late: 1) == true);

    [Fact]
    public void Once_no_more_jobs_come_all_that_were_taken_start() =>
        Law.Holds(200, static seed => Waiting(seed, static (world, backlog, job) => backlog.End(job, world.Now)).ShouldBe(0, $"seed {seed}"));

    [Fact]
    public void A_job_that_is_not_tried_again_when_another_ends_is_found() =>
        Enumerable.Range(1, 40).ShouldContain(static seed => Waiting(seed, static (world, _, job) => world.State.Stop(job)) > 0);

    /// <summary>Whether a guarantee is not given back by the time by which it is to be; null where nobody asks for one.</summary>
    /// <param name="seed">What the life is made of.</param>
    /// <param name="late">The bug: milliseconds that the clock of whoever gives it back is slow.</param>
    private static bool? IsOverdue(int seed, long late)
    {
        var world = new World(seed);
        var backlog = new Backlog(world.State);
        for (var job = 0; job < JobsMax; job++)
        {
            world.Now += 1 + world.Next(60_000);
            var request = world.Request() with { MinimumRunMilliseconds = world.Next(2) * world.Next(3_600_000) };
            if (backlog.Submit(request) is null)
            {
                Round(backlog, world.Now);
                backlog.Withdraw(request.Job);
            }
        }

        // Nobody else waits: those who gave way before, too.
        foreach (var job in Enumerable.Range(1, JobsMax))
        {
            backlog.Withdraw(job);
        }

        var asked = world.Request() with { IslandsMin = 1, IslandsMax = 1, WanBytesPerSecond = 0 };
        if (Claim.Of(world.State, asked, world.Now) is not { } claim || backlog.Submit(asked) is not null)
        {
            return null;
        }

        Round(backlog, world.Now - late);
        Round(backlog, claim.Until - late);
        return claim.IsOverdue(world.State, claim.Until);
    }

    /// <summary>How many wait for ever though nobody comes any more and all that run end, by and by.</summary>
    private static int Waiting(int seed, Action<World, Backlog, long> end)
    {
        var world = new World(seed);
        var backlog = new Backlog(world.State);
        for (var job = 0; job < JobsMax; job++)
        {
            world.Now += world.Next(500);
            backlog.Submit(world.Request());
            if (world.Next(3) == 0)
            {
                Round(backlog, world.Now);
            }
        }

        // Each that runs ends some day, the longest running first; far more often than there are jobs, as victims run again.
        for (var ends = 0; backlog.Count > 0 && ends < 100 * JobsMax; ends++)
        {
            world.Now += 10_000;
            Round(backlog, world.Now);
            if (world.State.Running.Count == 0)
            {
                break;
            }

            end(world, backlog, world.State.Running.Values.OrderBy(job => job.StartMilliseconds).ThenBy(job => job.Request.Job).First().Request.Job);
        }

        return backlog.Count;
    }

    private static void Round(Backlog backlog, long now)
    {
        while (!backlog.Step(now).IsOver)
        {
        }
    }
}
