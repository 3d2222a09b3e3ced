using Superfactory.Scheduling.Pending;
using Superfactory.Scheduling.Placing;
using Superfactory.Scheduling.Roles;

namespace Superfactory.Scheduling.Tests;

/// <summary>What holds of jobs with roles among others, on fleets of two kinds of hardware; a counter-example is printed with its seed.</summary>
public sealed class RoleLawTests
{
    [Fact]
    public void Every_job_with_roles_starts_whole_and_keeps_to_the_rules_and_nothing_is_oversubscribed()
    {
        var started = 0;
        Law.Holds(200, seed =>
        {
            var world = new World(seed, mixed: true);
            for (var step = 0; step < 40; step++)
            {
                world.Now += 1 + world.Next(500);
                if (world.State.Running.Count > 0 && world.Next(4) == 0)
                {
                    world.State.Stop(world.State.Running.Keys.Order().ElementAt(world.Next(world.State.Running.Count)));
                    continue;
                }

                var (request, before) = (world.Request(), World.Digest(world.State));
                var plan = world.Scheduler.Decide(request, world.Now);
                World.Digest(world.State).ShouldBe(before, $"seed {seed}: deciding left a trace");
                PlanAudit.Check(world.State, plan, world.Now).ShouldBeEmpty($"seed {seed}: {World.Digest(plan)}");
                world.State.Apply(plan, world.Now);
                FleetAudit.Check(world.Fleet, world.State).ShouldBeEmpty($"seed {seed}: {World.Digest(plan)}");
                started += plan.Starts && !request.Roles.IsEmpty ? 1 : 0;
            }
        });
        started.ShouldBeGreaterThan(300);
    }

    [Fact]
    public void Nodes_that_fail_and_return_leave_gangs_of_roles_whole() => Law.Holds(100, seed =>
    {
        var world = new World(seed, mixed: true);
        world.Live(40, _ => FleetAudit.Check(world.Fleet, world.State).ShouldBeEmpty($"seed {seed}"));
    });

    [Fact]
    public void The_same_input_gives_the_same_plans() => Law.Holds(60, seed =>
    {
        List<string> first = [], second = [];
        new World(seed, mixed: true).Live(30, plan => first.Add(plan is null ? string.Empty : World.Digest(plan)));
        new World(seed, mixed: true).Live(30, plan => second.Add(plan is null ? string.Empty : World.Digest(plan)));
        second.ShouldBe(first, $"seed {seed}");
    });

    [Fact]
    public void A_job_with_roles_within_its_guarantee_starts_where_it_fits_once_all_have_left_who_may_have_to()
    {
        var claims = 0;
        Law.Holds(600, seed =>
        {
            var world = new World(seed, mixed: true);
            world.Live(40, _ => { });
            world.Now += 1_000_000;
            for (var job = 0; job < 10; job++)
            {
                Ask(world, world.Request() with { Queue = "other" }, $"seed {seed}");
            }
        });
        claims.ShouldBeGreaterThan(50);

        void Ask(World world, GangRequest asked, string seed)
        {
            if (asked.Roles.IsEmpty || world.Scheduler.Refuse(asked) is not null)
            {
                return;
            }

            world.State.Spare(world.Now);
            var may = world.State.Running.Values.Where(job => job.Request.Queue == asked.Queue ? job.Request.Priority < asked.Priority && (job.IsOwned || !job.IsSpared) : !job.IsOwned && !job.IsSpared)
                .OrderBy(job => job.Request.Job).ToList();
            may.ForEach(world.State.Detach);
            var fits = new RoleSearch(world.State, new GangSearch(world.State)).Find(asked, asked.IslandsMin, isOwned: true).Starts;
            may.ForEach(world.State.Restore);
            var plan = world.Scheduler.Decide(asked, world.Now);
            (plan.Starts || !fits).ShouldBeTrue($"{seed}: {plan.Reason}");
            claims += fits && !plan.Victims.IsEmpty ? 1 : 0;
        }
    }

    [Fact]
    public void Once_no_more_jobs_come_all_that_were_taken_start() => Law.Holds(60, seed =>
    {
        var world = new World(seed, mixed: true);
        var backlog = new Backlog(world.State);
        for (var job = 0; job < 25; job++)
        {
            world.Now += world.Next(500);
            backlog.Submit(world.Request());
            if (world.Next(3) == 0)
            {
                Round(backlog, world.Now);
            }
        }

        for (var ends = 0; backlog.Count > 0 && ends < 2500; ends++)
        {
            world.Now += 10_000;
            Round(backlog, world.Now);
            if (world.State.Running.Count == 0)
            {
                break;
            }

            backlog.End(world.State.Running.Values.OrderBy(job => job.StartMilliseconds).ThenBy(job => job.Request.Job).First().Request.Job, world.Now);
        }

        backlog.Count.ShouldBe(0, $"seed {seed}");
    });

    private static void Round(Backlog backlog, long now)
    {
        while (!backlog.Step(now).IsOver)
        {
        }
    }
}
