using FsCheck;
using FsCheck.Fluent;

namespace Superfactory.Scheduling.Tests;

/// <summary>What holds whatever the fleet, the jobs and their order; a counter-example is printed with its seed and shrunk to the fewest steps.</summary>
public sealed class SchedulingLawTests
{
    private static readonly Arbitrary<(int Seed, int Steps)> _lives = Gen.Choose(1, int.MaxValue).Zip(Gen.Choose(1, 60)).ToArbitrary();

    [Fact]
    public void Nothing_is_oversubscribed_and_islands_are_whole_at_any_instant() => Holds((seed, steps) =>
    {
        var world = new World(seed);
        world.Live(steps, _ => FleetAudit.Check(world.Fleet, world.State).ShouldBeEmpty($"seed {seed}"));
    });

    [Fact]
    public void What_is_free_is_what_nodes_in_service_have_and_nobody_holds() => Holds((seed, steps) =>
    {
        var world = new World(seed);
        world.Live(steps, _ =>
        {
            var held = world.State.Running.Values.SelectMany(job => job.Slices).ToLookup(slice => slice.Domain);
            for (var domain = 0; domain < world.State.Layout.Domains.Length; domain++)
            {
                var place = world.State.Layout.Domains[domain];
                var pool = world.State.Layout.Pools[place.Pool];
                var free = place.Nodes == 0
                    ? pool.Capacity - held[domain].Sum(slice => slice.Count)
                    : Enumerable.Range(0, place.Nodes).Where(node => (world.State.Domains.InService(domain) & (1u << node)) != 0)
                        .Sum(node => pool.PerNode - held[domain].Sum(slice => place.Nodes == 1 ? slice.Count : Capacity.DomainTable.Of(slice.Nodes, node)));
                world.State.Domains.Free(domain).ShouldBe(free, $"seed {seed}: domain {domain}");
            }

            foreach (var kind in world.State.Layout.Pools.GroupBy(pool => pool.Hardware.Name))
            {
                world.State.Free(kind.Key).ShouldBe(kind.Sum(pool => Enumerable.Range(pool.First, pool.Count).Sum(domain => (long)world.State.Domains.Free(domain))), $"seed {seed}");
            }
        });
    });

    [Fact]
    public void What_could_be_given_back_is_what_borrowed_jobs_hold_that_have_run_their_minimum_and_are_not_spared() => Holds((seed, steps) =>
    {
        var world = new World(seed);
        world.Live(steps, _ =>
        {
            world.State.Spare(world.Now);
            foreach (var job in world.State.Running.Values)
            {
                job.Counts.ShouldBe(!job.IsOwned && world.Now >= job.StartMilliseconds + job.Request.MinimumRunMilliseconds && !job.IsSpared, $"seed {seed}: {job.Request.Job}");
            }

            var held = world.State.Running.Values.Where(job => job.Counts).SelectMany(job => job.Slices).ToLookup(slice => slice.Domain);
            for (var domain = 0; domain < world.State.Layout.Domains.Length; domain++)
            {
                var capacity = world.State.Layout.Pools[world.State.Layout.Domains[domain].Pool].Capacity;
                world.State.Reclaimable.At(domain).ShouldBe(Math.Clamp(world.State.Domains.Free(domain) + held[domain].Sum(slice => slice.Count), 0, capacity), $"seed {seed}: domain {domain}");
            }
        });
    });

    [Fact]
    public void Deciding_leaves_the_state_as_it_was() => Holds((seed, steps) =>
    {
        var world = new World(seed);
        world.Live(steps, _ => { });
        var before = World.Digest(world.State);
        for (var request = 0; request < 10; request++)
        {
            world.Scheduler.Decide(world.Request(), world.Now);
            World.Digest(world.State).ShouldBe(before, $"seed {seed}");
        }
    });

    [Fact]
    public void The_same_input_gives_the_same_plans() => Holds((seed, steps) =>
    {
        List<string> first = [], second = [];
        var (one, other) = (new World(seed), new World(seed));
        one.Live(steps, plan => first.Add(plan is null ? string.Empty : World.Digest(plan)));

        // Deciding what nobody asked for leaves no trace in later plans.
        other.Live(steps, plan =>
        {
            second.Add(plan is null ? string.Empty : World.Digest(plan));
            other.Scheduler.Decide(new GangRequest { Job = long.MaxValue, Queue = "top", AcceleratorsPerIsland = 3 }, other.Now);
        });
        second.ShouldBe(first, $"seed {seed}");
    });

    [Fact]
    public void Another_process_decided_the_same()
    {
        // What a process before this one decided of a hundred lives. A change of the rules changes it, and is to raise Scheduler.Version with it.
        var text = new System.Text.StringBuilder($"version {Scheduler.Version}\n");
        for (var seed = 1; seed <= 100; seed++)
        {
            new World(seed).Live(40, plan => text.Append(plan is null ? string.Empty : World.Digest(plan)).Append('\n'));
        }

        Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(text.ToString())))[..16].ShouldBe("ec2b57beefc3e864");
    }

    [Fact]
    public void Victims_are_borrowed_or_of_the_same_queue_and_a_lower_priority_and_have_run_their_minimum() => Holds((seed, steps) =>
    {
        var world = new World(seed);
        var jobs = new Dictionary<long, RunningJob>();
        world.Live(steps, plan =>
        {
            foreach (var victim in plan?.Victims ?? [])
            {
                var job = jobs[victim.Job];
                victim.IsOwned.ShouldBe(job.IsOwned, $"seed {seed}");
                (world.Now - job.StartMilliseconds).ShouldBeGreaterThanOrEqualTo(job.Request.MinimumRunMilliseconds, $"seed {seed}");
                var outranked = job.Request.Queue == plan!.Request.Queue && job.Request.Priority < plan.Request.Priority;
                ((outranked && (plan.IsOwned || !job.IsOwned)) || (!job.IsOwned && plan.IsOwned && job.Request.Queue != plan.Request.Queue)).ShouldBeTrue($"seed {seed}: {World.Digest(plan)}");
            }

            foreach (var (number, job) in world.State.Running)
            {
                jobs[number] = job;
            }
        });
    });

    [Fact]
    public void A_queue_loses_to_another_no_job_that_its_guarantee_has_room_for() => Holds((seed, steps) =>
    {
        var world = new World(seed);
        var jobs = new Dictionary<long, RunningJob>();
        world.Live(steps, plan =>
        {
            foreach (var job in (plan?.Victims ?? []).Select(victim => jobs[victim.Job]).Where(job => job.Request.Queue != plan!.Request.Queue))
            {
                (Uses(world.State, job.Request.Queue) + job.Accelerators).ShouldBeGreaterThan(Own(world.State, job.Request.Queue), $"seed {seed}: {job.Request.Job}");
            }

            foreach (var (number, job) in world.State.Running)
            {
                jobs[number] = job;
            }
        });
    });

    [Fact]
    public void Limits_on_borrowing_and_lending_hold() => Holds((seed, steps) =>
    {
        var world = new World(seed);
        world.Live(steps, plan =>
        {
            if (plan is not { Starts: true, IsOwned: false })
            {
                return;
            }

            foreach (var queue in world.Queues.Queues.Where(queue => queue.Quotas.Length > 0))
            {
                var quota = queue.Quotas[0];
                var under = world.Queues.Queues.Where(other => other.Name == queue.Name || other.Parent == queue.Name).Sum(other => Uses(world.State, other.Name));
                var starter = plan.Request.Queue == queue.Name || world.Queues.Queues.Single(other => other.Name == plan.Request.Queue).Parent == queue.Name;
                (!starter || quota.BorrowingLimit is null || under <= quota.Guaranteed + quota.BorrowingLimit).ShouldBeTrue($"seed {seed}: {queue.Name} uses {under}");
            }

            var kept = world.Queues.Queues.Where(queue => queue.Name != plan.Request.Queue && queue.Quotas is [{ LendingLimit: not null }, ..])
                .Sum(queue => Math.Max(0, Own(world.State, queue.Name) - Owned(world.State, queue.Name) - queue.Quotas[0].LendingLimit!.Value));
            (kept == 0 || world.State.Free(plan.Islands[0].Hardware) >= kept).ShouldBeTrue($"seed {seed}: {kept} are not lent");
        });
    });

    [Fact]
    public void What_is_refused_does_not_start_and_what_does_not_start_says_why() => Holds((seed, steps) =>
    {
        var world = new World(seed);
        for (var step = 0; step < steps; step++)
        {
            var request = world.Request() with { Queue = "guest", WanBytesPerSecond = 0 };
            var plan = world.Scheduler.Decide(request, world.Now);
            (world.Scheduler.Refuse(request) is not null && plan.Starts).ShouldBeFalse($"seed {seed}: {request}");
            (plan.Starts == (plan.Reason is null)).ShouldBeTrue($"seed {seed}");
        }
    });

    private static void Holds(Action<int, int> law) => Prop.ForAll(_lives, life =>
    {
        law(life.Seed, life.Steps);
        return true;
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(150));

    private static long Uses(FleetState state, string queue) => state.Running.Values.Where(job => job.Request.Queue == queue).Sum(job => (long)job.Accelerators);

    private static long Owned(FleetState state, string queue) => state.Running.Values.Where(job => job.Request.Queue == queue && job.IsOwned).Sum(job => (long)job.Accelerators);

    private static long Own(FleetState state, string queue) =>
        (state.Queues.Queues.Single(other => other.Name == queue).Quotas.FirstOrDefault()?.Guaranteed ?? 0)
        - state.Queues.Queues.Where(other => other.Parent == queue).Sum(other => other.Quotas.FirstOrDefault()?.Guaranteed ?? 0);
}
