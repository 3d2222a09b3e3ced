using Superfactory.Model.Fleet;
using Superfactory.Scheduling.Pending;
using Superfactory.Scheduling.Quotas;
using Superfactory.Scheduling.Reserving;

namespace Superfactory.Scheduling.Tests;

/// <summary>Rounds in which many queues' jobs of different priorities have starts reserved; a counter-example is printed with its seed.</summary>
public sealed class ReservedRoundTests
{
    private const string Hardware = "gb200-nvl72";
    private const int Queues = 12, Racks = 6;

    // Each job is tried, or has a start reserved, a handful of times at most.
    private const int StepsMax = 4_000;

    [Fact]
    public void Every_round_ends_though_starts_make_room_for_each_other() => Law.Holds(20, RoundsEnd);

    [Fact]
    public void A_round_ends_in_which_starts_of_six_queues_make_room_for_each_other_in_a_circle() => RoundsEnd(1416808802);

    private static void RoundsEnd(int seed)
    {
        var random = new Random(seed);
        var fleet = FleetFile.Parse($"name: f\nsites:\n  - name: s\n    racks: {{hardware: {Hardware}, count: {Racks}}}\n", null).Value!;
        var each = Racks * 64 / Queues;
        var state = new FleetState(fleet, QueueTree.Create(
            [.. Enumerable.Range(0, Queues).Select(queue => new QueueSpecification { Name = $"q{queue}", Quotas = queue % 3 == 0 ? [new QuotaSpecification(Hardware, each)] : [] })], fleet).Value!);
        var backlog = new Backlog(state);
        var now = 1_000_000L;
        for (var job = 1; job <= 150; job++)
        {
            backlog.Submit(new GangRequest
            {
                Job = job, Queue = $"q{random.Next(Queues)}", Hardware = [Hardware], AcceleratorsPerIsland = 1 << random.Next(8), Priority = random.Next(3), SubmittedMilliseconds = ++now,
                DurationMilliseconds = 1_000L * (1 + random.Next(600)), StopCostMilliseconds = 1_000,
            }).ShouldBeNull($"seed {seed}");
            if (job % 10 == 0)
            {
                Round(backlog, now, seed);
            }

            if (state.Running.Count > 0 && random.Next(8) == 0)
            {
                backlog.End(state.Running.Keys.ElementAt(random.Next(state.Running.Count)), now += 1_000);
            }

            if (random.Next(6) == 0)
            {
                var (rack, node) = (random.Next(Racks), random.Next(18));
                _ = backlog.Return(rack, node) || backlog.Lose(rack, node, now) is not null;
            }
        }

        var sweep = new NeedSweep();
        for (var look = 0; look < 200; look++)
        {
            var (domain, from) = (random.Next(Racks), random.Next(2) == 0 ? 0 : now + random.Next(600_000));
            var until = random.Next(2) == 0 ? long.MaxValue : from + 1 + random.Next(600_000);
            var holds = backlog.Reserved.Of(domain);
            sweep.Order(holds, state.SlicesIn(domain));
            sweep.Most(from, until).ShouldBe(backlog.Reserved.NeededOneByOne(domain, holds, from, until), $"seed {seed}");
            sweep.MostBefore(until).ShouldBe(sweep.Most(0, until), $"seed {seed}");
        }

        FleetAudit.Check(fleet, state).ShouldBeEmpty($"seed {seed}");
    }

    private static void Round(Backlog backlog, long now, int seed)
    {
        var steps = 0;
        while (!backlog.Step(now).IsOver)
        {
            (++steps).ShouldBeLessThan(StepsMax, $"seed {seed}");
        }

        // What changed since they were found was looked at, and whoever has no room any more was moved.
        backlog.Reserved.Starts.Where(each => each.StartMilliseconds > now && !each.Holds.All(backlog.Reserved.HasRoom)).Select(static each => each.Job).ShouldBeEmpty($"seed {seed}");
    }
}
