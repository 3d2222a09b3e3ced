using Superfactory.Scheduling.Placing;

namespace Superfactory.Scheduling.Tests;

/// <summary>What holds of jobs with a range of accelerators whatever the fleet, the jobs and their order. A counter-example is printed with its seed; and the checks find what they are there for.</summary>
public sealed class ElasticLawTests
{
    private const int Steps = 40;

    [Fact]
    public void Nothing_is_oversubscribed_islands_stay_in_their_range_and_plans_are_as_promised()
    {
        var smaller = 0;
        Law.Holds(150, seed =>
        {
            var world = new World(seed, elastic: true);
            for (var step = 0; step < Steps; step++)
            {
                var request = world.Request();
                var before = World.Digest(world.State);
                var plan = world.Scheduler.Decide(request, world.Now);
                World.Digest(world.State).ShouldBe(before, $"seed {seed}");
                plan.Request.ShouldBe(request, $"seed {seed}");
                PlanAudit.Check(world.State, plan, world.Now).ShouldBeEmpty($"seed {seed}");
                world.State.Apply(plan, world.Now);
                FleetAudit.Check(world.Fleet, world.State).ShouldBeEmpty($"seed {seed}");
                smaller += plan.Starts && plan.Islands[0].Accelerators < request.AcceleratorsPerIsland ? 1 : 0;
                world.Live(1, _ => FleetAudit.Check(world.Fleet, world.State).ShouldBeEmpty($"seed {seed}"));
            }
        });
        TestContext.Current.SendDiagnosticMessage($"{smaller} started with fewer than the most");
        smaller.ShouldBeGreaterThan(100);
    }

    [Fact]
    public void A_job_gets_the_most_of_its_sizes_that_would_start_by_itself_and_nobody_gives_way_where_one_would()
    {
        var wrong = Sizes(static (world, request) => world.Scheduler.Decide(request, world.Now), 200, out var compared);
        wrong.ShouldBeEmpty();
        compared.ShouldBeGreaterThan(1_000);
    }

    [Fact]
    public void A_scheduler_that_starts_the_least_or_the_most_alone_is_found()
    {
        Sizes(static (world, request) => world.Scheduler.Decide(request.AtLeast(), world.Now), 40, out _).ShouldNotBeEmpty();
        Sizes(static (world, request) => world.Scheduler.Decide(request.Of(request.AcceleratorsPerIsland), world.Now), 40, out _).ShouldNotBeEmpty();
    }

    [Fact]
    public void The_same_input_gives_the_same_plans() => Law.Holds(60, static seed =>
    {
        List<string> first = [], second = [];
        new World(seed, elastic: true).Live(Steps, plan => first.Add(plan is null ? string.Empty : World.Digest(plan)));
        new World(seed, elastic: true).Live(Steps, plan => second.Add(plan is null ? string.Empty : World.Digest(plan)));
        second.ShouldBe(first, $"seed {seed}");
    });

    /// <summary>Where a scheduler starts an island of a range otherwise than the best of fixed sizes; in a fleet where each job is tried anew.</summary>
    private static List<string> Sizes(Func<World, GangRequest, Plan> decide, int worlds, out int compared)
    {
        List<string> wrong = [];
        compared = 0;
        for (var seed = 1; seed <= worlds; seed++)
        {
            var world = new World(seed, elastic: true);
            world.Live(Steps / 2, static _ => { });
            for (var more = 0; more < 10; more++)
            {
                var request = world.Request();
                var plan = decide(world, request);

                // As a job of each size by itself, in a scheduler that knows of no ranges.
                var most = ElasticSizes.Of(request.AtLeast().AcceleratorsPerIsland, request.AcceleratorsPerIsland).Select(size => new Scheduler(world.State).Decide(request with { AcceleratorsPerIsland = size, AcceleratorsMin = 0 }, world.Now))
                    .Where(static each => each is { Starts: true, Victims.IsEmpty: true }).Select(static each => each.Islands.Sum(static island => island.Accelerators)).DefaultIfEmpty(0).Max();
                compared++;
                if (most > 0 && (!plan.Victims.IsEmpty || plan.Islands.Sum(static island => island.Accelerators) != most))
                {
                    wrong.Add($"seed {seed}: {request}: {plan.Islands.Sum(static island => island.Accelerators)} where {most} have room, {plan.Victims.Length} give way");
                }
            }
        }

        return wrong;
    }
}
