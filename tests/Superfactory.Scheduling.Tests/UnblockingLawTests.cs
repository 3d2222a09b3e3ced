using System.Collections.Immutable;
using FsCheck;
using FsCheck.Fluent;
using Superfactory.Model.Fleet;
using Superfactory.Scheduling.Capacity;
using Superfactory.Scheduling.Pending;
using Superfactory.Scheduling.Reserving;

namespace Superfactory.Scheduling.Tests;

/// <summary>What a job is said to lack lets it start in the next full round, if it comes about and nothing else does; a counter-example is printed with its seed.</summary>
public sealed class UnblockingLawTests
{
    private const int JobsMax = 24;
    private const int StepsAfter = 200;

    [Fact]
    public void With_all_that_a_job_is_said_to_lack_and_nothing_else_the_next_round_starts_it()
    {
        var (needs, several) = (new HashSet<string>(), 0);
        Holds(150, seed =>
        {
            foreach (var (job, said) in Said(seed))
            {
                Starts(seed, job, said, static each => each).ShouldBeTrue($"seed {seed}: job {job}: {said}");
                needs.UnionWith(Each(said).Select(static need => need.GetType().Name));
                several += said is PendingReason.Several ? 1 : 0;
            }
        });
        foreach (var kind in new[] { "Accelerators", "Quota", "Lending", "Power", "Wan", "Behind", "After", "Reserved", "Time" })
        {
            needs.ShouldContain(kind);
        }

        several.ShouldBeGreaterThan(100);
    }

    [Fact]
    public void With_all_that_a_job_with_a_range_of_accelerators_is_said_to_lack_the_next_round_starts_it() => Holds(60, static seed =>
    {
        foreach (var (job, said) in Said(seed, elastic: true))
        {
            Starts(seed, job, said, static each => each, elastic: true).ShouldBeTrue($"seed {seed}: job {job}: {said}");
        }
    });

    [Theory]
    [InlineData(230087674, "what was kept of a full rack for a later start was not lent to a job that would have ended by then")]
    [InlineData(416873303, "power that was kept for a start of its own kept a job from starting")]
    [InlineData(231145190, "power that was kept for a start of its own in full racks kept a job from starting")]
    [InlineData(729864595, "a job that starts later at the earliest was thought to keep a claim from one that goes before")]
    [InlineData(479026332, "the same")]
    public void Life_in_which_a_job_did_not_start_with_all_that_it_was_said_to_lack_is_whole(int seed, string why)
    {
        foreach (var (job, said) in Said(seed))
        {
            Starts(seed, job, said, static each => each).ShouldBeTrue($"{why}: job {job}: {said}");
        }
    }

    [Fact]
    public void Without_any_one_of_what_it_is_said_to_lack_it_does_not_start()
    {
        var left = 0;
        Holds(60, seed =>
        {
            foreach (var (job, said) in Said(seed).Where(static each => !Each(each.Said).Any(static need => need is PendingReason.After or PendingReason.Reserved or PendingReason.Time or PendingReason.Running)))
            {
                for (var without = 0; without < Each(said).Length; without++)
                {
                    if (Each(said)[without] is not PendingReason.Behind)
                    {
                        Starts(seed, job, said, each => each.RemoveAt(without), inRound: false).ShouldBeFalse($"seed {seed}: job {job}: {said} without {Each(said)[without]}");
                        left++;
                    }
                }
            }
        });
        left.ShouldBeGreaterThan(100);
    }

    [Fact]
    public void One_accelerator_or_watt_or_unit_of_quota_too_few_is_found() => Enumerable.Range(1, 40).SelectMany(static seed => Said(seed).Select(each => (seed, each)))
        .Count(static found => Each(found.each.Said).Any(static need => Less(need) is not null)
            && !Starts(found.seed, found.each.Job, found.each.Said, static each => each.SetItem(each.ToList().FindIndex(static need => Less(need) is not null), Less(each.First(static need => Less(need) is not null))!))).ShouldBeGreaterThan(20);

    [Fact]
    public void Saying_what_jobs_lack_leaves_everything_as_it_was() => Holds(60, LeavesEverything);

    [Theory]
    [InlineData(784874849, "what it costs to stop a job that was started in thought alone had a window be left earlier")]
    [InlineData(1028203828, "who started beside a claim was taken to make room for it until its domain was looked at again")]
    public void Life_in_which_saying_what_jobs_lack_changed_what_came_next_is_whole(int seed, string why)
    {
        why.ShouldNotBeEmpty();
        LeavesEverything(seed);
    }

    private static void LeavesEverything(int seed)
    {
        var (world, backlog, waiting) = Live(seed);
        var before = World.Digest(world.State);
        foreach (var request in waiting)
        {
            backlog.Why(request.Job, world.Now);
            world.Scheduler.Lacking(request, world.Now);
            World.Digest(world.State).ShouldBe(before, $"seed {seed}: {request}");
        }

        FleetAudit.Check(world.Fleet, world.State).ShouldBeEmpty($"seed {seed}");

        // Some have run the minimum by then, and who waits for that is told so before it is tried.
        waiting.ForEach(request => backlog.Why(request.Job, world.Now + 1_000));
        var (other, untold, _) = Live(seed);
        Go(world, backlog).ShouldBe(Go(other, untold), $"seed {seed}");
    }

    private static PendingReason? Less(PendingReason need) => need switch
    {
        PendingReason.Accelerators { Missing: > 1 } lacks => lacks with { Missing = lacks.Missing - 1 },
        PendingReason.Quota { Missing: > 1 } lacks => lacks with { Missing = lacks.Missing - 1 },
        PendingReason.Power { Watts: > 1 } lacks => lacks with { Watts = lacks.Watts - 1 },
        PendingReason.Wan { BytesPerSecond: > 1 } lacks => lacks with { BytesPerSecond = lacks.BytesPerSecond - 1 },
        _ => null,
    };

    /// <summary>What is decided afterwards, while jobs end: so many steps, whether the rounds are over by then or not.</summary>
    private static List<string> Go(World world, Backlog backlog)
    {
        List<string> plans = [];
        for (var step = 0; step < 20; step++)
        {
            world.Now += 1_000;
            if (world.State.Running.Count > 0)
            {
                backlog.End(world.State.Running.Keys.Order().ElementAt(step % world.State.Running.Count), world.Now);
            }

            for (var each = 0; each < StepsAfter; each++)
            {
                var after = backlog.Step(world.Now);
                plans.Add(after.Started is { } plan ? World.Digest(plan) : after.IsOver.ToString());
                if (after.IsOver)
                {
                    break;
                }
            }
        }

        return plans;
    }

    private static List<(long Job, PendingReason Said)> Said(int seed, bool elastic = false)
    {
        var (world, backlog, waiting) = Live(seed, elastic);
        return [.. waiting.Select(request => (request.Job, Said: backlog.Why(request.Job, world.Now)!)).Where(static each => each.Said is not (null or PendingReason.Never))];
    }

    private static ImmutableArray<PendingReason> Each(PendingReason said) => said is PendingReason.Several several ? several.Needs : [said];

    /// <summary>Whether a job starts in the next round of the same fleet in which this came about, or by itself if it is asked first.</summary>
    private static bool Starts(int seed, long job, PendingReason said, Func<ImmutableArray<PendingReason>, ImmutableArray<PendingReason>> change, bool inRound = true, bool elastic = false)
    {
        var (world, backlog, waiting) = Live(seed, elastic);
        var queue = waiting.Single(request => request.Job == job).Queue;
        foreach (var need in change(Each(said)))
        {
            ComesAbout(world, backlog, waiting, queue, need);
        }

        if (!inRound)
        {
            return world.Scheduler.Decide(waiting.Single(request => request.Job == job), world.Now).Starts;
        }

        backlog.Changed();
        return Round(world, backlog).Any(plan => plan.Request.Job == job);
    }

    private static void ComesAbout(World world, Backlog backlog, List<GangRequest> waiting, string queue, PendingReason need)
    {
        var (state, names) = (world.State, world.State.Layout.SiteNames);
        switch (need)
        {
            case PendingReason.Accelerators lacks:
                var domain = Enumerable.Range(0, state.Layout.Domains.Length).Where(each => state.NameOf(each) == lacks.Domain).ShouldHaveSingleItem($"{need}");
                var (open, drawn) = (state.Domains.Open(domain), state.Power.Drawn(PowerLevel.Fleet, 0));
                state.Grant(domain, (int)lacks.Missing);
                (state.Domains.Open(domain) - open).ShouldBe((int)lacks.Missing);
                (drawn - state.Power.Drawn(PowerLevel.Fleet, 0)).ShouldBeInRange(0, lacks.Missing * HardwareCatalogue.Find(lacks.Hardware)!.AcceleratorWatts);
                break;
            case PendingReason.Quota lacks:
                state.Quota.Raise(state.Queues.Find(lacks.Queue), HardwareCatalogue.Names.IndexOf(lacks.Hardware), lacks.Missing);
                break;
            case PendingReason.Lending lacks:
                state.Quota.Lend(state.Queues.Find(lacks.Queue!), HardwareCatalogue.Names.IndexOf(lacks.Hardware), lacks.Missing);
                break;
            case PendingReason.Power lacks:
                var (level, index) = Budget(state, lacks.Budget);
                state.Power.Raise(level, index, lacks.Watts);
                break;
            case PendingReason.Wan lacks:
                state.Wan.Raise(names.IndexOf(lacks.From), names.IndexOf(lacks.To), lacks.BytesPerSecond);
                break;
            case PendingReason.Behind before:
                waiting.Where(request => request.Queue == queue).Take(before.Before).ToList().ForEach(request => backlog.Withdraw(request.Job));
                break;
            case PendingReason.After after:
                waiting.Where(request => request.Queue == after.Queue).Take(after.Jobs).ToList().ForEach(request => backlog.Withdraw(request.Job));
                break;
            case PendingReason.Reserved { Window: 0 } into:
                backlog.Withdraw(into.Job);
                break;
            case PendingReason.Reserved window:
                backlog.CancelWindow(window.Window).ShouldBeTrue();
                break;
            case PendingReason.Running running:
                backlog.End(running.Job, world.Now).ShouldBeTrue();
                break;
            case PendingReason.Time time:
                world.Now = time.UntilMilliseconds;
                break;
            default:
                throw new InvalidOperationException($"Nobody can bring about that a job {need}.");
        }
    }

    private static (PowerLevel, int) Budget(FleetState state, string name)
    {
        var layout = state.Layout;
        return name == "the fleet" ? (PowerLevel.Fleet, 0) : name.Split('/').Length switch
        {
            1 => (PowerLevel.Site, layout.SiteNames.IndexOf(name)),
            3 => (PowerLevel.Row, layout.Racks[layout.RackNames.ToList().FindIndex(rack => rack.StartsWith(name + "/", StringComparison.Ordinal))].Row),
            _ => (PowerLevel.Rack, layout.RackNames.IndexOf(name)),
        };
    }

    /// <summary>A fleet with jobs that run and jobs that wait, after a full round; who waits is in the order of the queues.</summary>
    internal static (World World, Backlog Backlog, List<GangRequest> Waiting) Live(int seed, bool elastic = false)
    {
        var world = new World(seed, small: seed % 2 == 0, mixed: !elastic && seed % 3 == 0, elastic: elastic);
        var (backlog, taken) = (new Backlog(world.State), new List<GangRequest>());
        var lasts = world.Next(2) == 0;
        for (var job = 0; job < JobsMax; job++)
        {
            world.Now += 1 + world.Next(500);
            var request = world.Request() with { DurationMilliseconds = lasts ? 1_000L * (1 + world.Next(60)) : 0, StartAfterMilliseconds = !lasts && world.Next(12) == 0 ? world.Now + 50_000 : 0 };
            if (backlog.Submit(request) is null)
            {
                taken.Add(request);
            }

            Happen(world, backlog, lasts);
            if (world.Next(3) == 0)
            {
                Round(world, backlog);
            }
        }

        Round(world, backlog);
        var waiting = taken.Where(request => backlog.Why(request.Job) is not null).ToList();
        waiting.Sort(world.Queues.Order.Compare);
        return (world, backlog, waiting);
    }

    private static void Happen(World world, Backlog backlog, bool lasts)
    {
        if (world.Next(4) == 0 && world.State.Running.Count > 0)
        {
            backlog.End(world.State.Running.Keys.Order().ElementAt(world.Next(world.State.Running.Count)), world.Now);
        }

        if (world.Next(8) == 0)
        {
            var domain = world.Next(world.State.Layout.Domains.Length);
            backlog.Lose(domain, world.Next(Math.Max(1, world.State.Layout.Domains[domain].Nodes)), world.Now);
        }

        if (lasts && world.Next(20) == 0)
        {
            backlog.Reserve(new FleetWindow { Id = world.Now, Place = world.Fleet.Sites[0].Name, Accelerators = world.Next(16), FromMilliseconds = world.Now + 20_000, UntilMilliseconds = world.Now + 90_000 });
        }
    }

    private static List<Plan> Round(World world, Backlog backlog)
    {
        List<Plan> started = [];
        for (var steps = 0; steps < 5_000; steps++)
        {
            var step = backlog.Step(world.Now);
            if (step.Started is { } plan)
            {
                started.Add(plan);
            }

            if (step.IsOver)
            {
                return started;
            }
        }

        throw new InvalidOperationException("The round does not end.");
    }

    // So many times as many lives.
    private static readonly int _times = int.TryParse(Environment.GetEnvironmentVariable("SUPERFACTORY_SEEDS"), out var times) ? times : 1;

    private static void Holds(int lives, Action<int> law) => Prop.ForAll(
        Gen.Choose(1, int.MaxValue).ToArbitrary(),
        seed =>
        {
            law(seed);
            return true;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(lives * _times));
}
