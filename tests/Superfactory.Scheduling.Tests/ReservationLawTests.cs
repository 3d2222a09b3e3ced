using FsCheck;
using FsCheck.Fluent;
using Superfactory.Scheduling.Pending;

namespace Superfactory.Scheduling.Tests;

/// <summary>What is promised of reserved starts, whatever the fleet and the jobs; a counter-example is printed with its seed.</summary>
public sealed class ReservationLawTests
{
    private static readonly Arbitrary<int> _seeds = Gen.Choose(1, int.MaxValue).ToArbitrary();

    /// <summary>Where jobs end when they are expected to, nothing fails, nobody is guaranteed anything and all have one priority, nothing moves a start later.</summary>
    [Fact]
    public void Jobs_that_come_later_move_no_reserved_start() => Prop.ForAll(_seeds, seed =>
    {
        Live(seed, keeps: true).ShouldBeEmpty($"seed {seed}");
        return true;
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(60));

    [Fact]
    public void Starts_that_nothing_is_kept_for_are_found() =>
        Enumerable.Range(1, 25).Select(static seed => Live(seed, keeps: false).Count).Sum().ShouldBeGreaterThan(0);

    [Fact]
    public void What_is_kept_and_looked_at_leaves_the_ledgers_as_they_were() => Prop.ForAll(_seeds, seed =>
    {
        var (world, backlog) = Make(seed);
        for (var step = 0; step < 40; step++)
        {
            Advance(world, backlog, 0, []);
            var before = World.Digest(world.State);
            foreach (var reservation in backlog.Reserved.Starts.ToList())
            {
                backlog.Why(reservation.Job, world.Now);
                world.Scheduler.Decide(reservation.Request! with { Job = long.MaxValue }, world.Now);
            }

            World.Digest(world.State).ShouldBe(before, $"seed {seed}");
        }

        foreach (var reservation in backlog.Reserved.Starts.ToList())
        {
            backlog.Reserved.Withdraw(reservation.Job);
        }

        for (var domain = 0; domain < world.State.Layout.Domains.Length; domain++)
        {
            world.State.Domains.Free(domain).ShouldBe(world.State.Domains.Open(domain), $"seed {seed}");
        }

        FleetAudit.Check(world.Fleet, world.State).ShouldBeEmpty($"seed {seed}");
        return true;
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(20));

    private static List<string> Live(int seed, bool keeps)
    {
        List<string> broken = [];
        var (world, backlog) = Make(seed);
        var promised = new Dictionary<long, long>();
        for (var step = 0; step < 60; step++)
        {
            Advance(world, backlog, keeps ? 0 : 1, broken, promised);
            FleetAudit.Check(world.Fleet, world.State).ShouldBeEmpty($"seed {seed}");
        }

        return broken;
    }

    private static (World World, Backlog Backlog) Make(int seed)
    {
        var world = new World(seed, small: true);
        return (world, new Backlog(world.State));
    }

    /// <summary>A job comes, or time passes until the next is expected to end, and it does; then a round.</summary>
    private static void Advance(World world, Backlog backlog, int planted, List<string> broken, Dictionary<long, long>? promised = null)
    {
        promised ??= [];
        var next = world.State.Running.Values.Select(job => job.ExpectedEnd).Append(backlog.Reserved.FirstStart).Min();
        if (next == long.MaxValue || world.Next(2) == 0)
        {
            backlog.Submit(world.Request() with
            {
                Queue = "guest", Priority = 0, WanBytesPerSecond = 0, StopCostMilliseconds = 0, PreferredSites = [], DurationMilliseconds = 1_000L * (1 + world.Next(30)),
            });
        }
        else
        {
            world.Now = next;
            foreach (var job in world.State.Running.Values.Where(job => job.ExpectedEnd == next).Select(job => job.Request.Job).Order().ToList())
            {
                backlog.End(job, next);
            }
        }

        if (planted == 1)
        {
            // The bug: what is reserved is open to everybody.
            foreach (var hold in backlog.Reserved.Starts.SelectMany(each => each.Holds).ToList())
            {
                world.State.Keep(hold.Domain, 0, 0);
            }
        }

        Step(world, backlog, broken, promised);
    }

    private static void Step(World world, Backlog backlog, List<string> broken, Dictionary<long, long> promised)
    {
        for (var steps = 0; steps < 2_000; steps++)
        {
            var step = backlog.Step(world.Now);
            foreach (var moved in step.Moved)
            {
                if (moved.Cause != MoveCause.Reserved || moved.To is null)
                {
                    broken.Add($"job {moved.Job} was to start at {moved.From}, now at {moved.To}: {moved.Cause}");
                }

                promised[moved.Job] = moved.To ?? 0;
            }

            if (step.Started is { } plan && promised.TryGetValue(plan.Request.Job, out var time) && time != 0 && world.Now > time)
            {
                broken.Add($"job {plan.Request.Job} started at {world.Now}, promised was {time}");
            }

            if (step.IsOver)
            {
                return;
            }
        }

        broken.Add("the round does not end");
    }
}
