using Superfactory.Model.Fleet;
using Superfactory.Scheduling.Pending;
using Superfactory.Scheduling.Quotas;

namespace Superfactory.Scheduling.Tests;

/// <summary>
/// Nobody waits for ever while others keep coming, in its own queue and in others, of its priority: where jobs say how long they run, each that is the first of its queue starts after
/// finitely many that were submitted later. The same check finds one that never does where nothing is kept for it.
/// </summary>
public sealed class StarvationLawTests
{
    private const int Steps = 300, StepMilliseconds = 10_000, Racks = 2, Rack = 64;
    private static readonly string[] _queues = ["a", "b", "c"];

    [Fact]
    public void A_job_starts_after_finitely_many_later_ones_though_more_keep_coming_in_all_queues()
    {
        var overtaken = 0;
        Law.Holds(60, seed =>
        {
            var (step, later) = StartOf(seed, keeps: true);
            step.ShouldBeLessThan(Steps, $"seed {seed}");
            overtaken += later > 0 ? 1 : 0;
        });
        overtaken.ShouldBeGreaterThan(20);
    }

    [Fact]
    public void A_job_that_nothing_is_kept_for_is_found_to_wait_for_ever() => Enumerable.Range(1, 20).ShouldContain(static seed => StartOf(seed, keeps: false).Step == Steps);

    /// <summary>In which step a job starts that needs the whole fleet, the number of steps where it never does, and how many that came later started before it.</summary>
    private static (int Step, int Later) StartOf(int seed, bool keeps)
    {
        var (random, later, now) = (new Random(seed), 0, 1_000_000L);
        var fleet = World.FleetOf($"name: f\nsites: [{{name: s, racks: {{hardware: gb200-nvl72, count: {Racks}}}}}]");
        var state = new FleetState(fleet, QueueTree.Create([.. _queues.Select(static name => new QueueSpecification { Name = name })], fleet).Value!);
        var backlog = new Backlog(state);
        for (var (step, job) = (0, 1L); step < Steps; step++)
        {
            now += StepMilliseconds;
            foreach (var ended in state.Running.Values.Where(running => running.ExpectedEnd <= now).Select(static running => running.Request.Job).Order().ToList())
            {
                backlog.End(ended, now);
            }

            for (var more = 0; more < 3; more++, job++)
            {
                var isWhole = job == 10;
                backlog.Submit(new GangRequest
                {
                    Job = job, Queue = isWhole ? _queues[0] : _queues[random.Next(_queues.Length)], AcceleratorsPerIsland = isWhole ? Racks * Rack : 1 + random.Next(Rack / 2), SubmittedMilliseconds = now,
                    DurationMilliseconds = StepMilliseconds * (1L + random.Next(12)),
                }).ShouldBeNull($"seed {seed}");
            }

            while (backlog.Step(now) is { IsOver: false } taken)
            {
                if (taken.Started?.Request.Job == 10)
                {
                    return (step, later);
                }

                later += taken.Started?.Request.Job > 10 ? 1 : 0;
                if (!keeps)
                {
                    foreach (var hold in backlog.Reserved.Starts.SelectMany(static each => each.Holds).ToList())
                    {
                        state.Keep(hold.Domain, 0, 0);
                    }
                }
            }
        }

        return (Steps, later);
    }
}
