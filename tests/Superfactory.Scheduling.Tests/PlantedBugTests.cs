using Superfactory.Model.Fleet;
using Superfactory.Scheduling.Capacity;

namespace Superfactory.Scheduling.Tests;

/// <summary>The audit catches what it is there for: each bug is planted in the ledgers that the scheduler believes.</summary>
public sealed class PlantedBugTests
{
    private const string TwoRacks = """
        name: f
        sites:
          - {name: a, racks: {hardware: gb200-nvl72, power: 90kW}}
          - {name: b, racks: {hardware: gb200-nvl72}}
        links: [{between: [a, b], bandwidth: 1gbit, rtt: 1ms}]
        """;

    [Fact]
    public void Without_a_bug_the_audit_finds_nothing() => Caught(static _ => { }).ShouldBeEmpty();

    [Fact]
    public void Accelerators_that_are_free_twice_are_found() =>
        Caught(static state =>
        {
            var held = state.Running[1].Slices[0];
            state.Domains.Give(held.Domain, held.Count, held.Nodes);
        }).ShouldContain(line => line.StartsWith("accelerators", StringComparison.Ordinal));

    [Fact]
    public void A_node_that_two_jobs_hold_is_found() =>
        Caught(static state =>
        {
            var held = state.Running[1].Slices[0];
            state.Domains.Give(held.Domain, held.Count, held.Nodes);
        }).ShouldContain(line => line.EndsWith("is held twice", StringComparison.Ordinal));

    [Theory]
    [InlineData(PowerLevel.Rack, "sites: [{name: s, racks: {hardware: gb200-nvl72, power: 90kW}}]", "s/f1/r1/k1")]
    [InlineData(PowerLevel.Row, "sites: [{name: s, rows: [{power: 160kW, racks: {hardware: gb200-nvl72, count: 2}}]}]", "s/f1/r1")]
    [InlineData(PowerLevel.Site, "sites: [{name: s, power: 160kW, racks: {hardware: gb200-nvl72, count: 2}}]", "s")]
    [InlineData(PowerLevel.Fleet, "power: 160kW\nsites: [{name: s, racks: {hardware: gb200-nvl72, count: 2}}]", "the fleet")]
    public void A_budget_that_is_taken_to_be_larger_is_found_at_its_level(PowerLevel level, string text, string name)
    {
        Drawn(0).ShouldBeEmpty();
        var broken = Drawn(20_000);
        broken.ShouldNotBeEmpty();
        broken.ShouldAllBe(line => line.StartsWith($"power: {name} draws ", StringComparison.Ordinal));

        List<string> Drawn(long watts)
        {
            var (fleet, state) = Make($"name: f\n{text}");
            state.Power.Raise(level, 0, watts);
            Fill(state, static job => new GangRequest { Job = job, Queue = "q", AcceleratorsPerIsland = 8 });
            return FleetAudit.Check(fleet, state);
        }
    }

    [Fact]
    public void Power_that_is_not_counted_is_found() =>
        Caught(static state => state.Power.Draw(0, -60_000)).ShouldContain(line => line.StartsWith("power", StringComparison.Ordinal));

    [Fact]
    public void A_rate_that_is_not_counted_is_found() =>
        Caught(static state => state.Wan.Release([0, 1, 0], 200_000_000)).ShouldContain(line => line.StartsWith("rate", StringComparison.Ordinal));

    [Fact]
    public void An_island_that_lacks_a_slice_is_found() =>
        Caught(static state =>
        {
            var job = state.Running[1];
            job.FirstSlice = state.Slice(job.FirstSlice).Next;
        }).ShouldContain(line => line.StartsWith("islands", StringComparison.Ordinal));

    [Theory]
    [InlineData("rows: {count: 2, racks: {hardware: gb200-nvl72}}", Within.Row, "is not in one Row")]
    [InlineData("floors: [{racks: {hardware: gb200-nvl72}}, {racks: {hardware: gb200-nvl72}}]", Within.Floor, "is not in one Floor")]
    [InlineData("racks: {hardware: gb200-nvl72, count: 2}", Within.Rack, "is not in one Rack")]
    [InlineData("placement: site, racks: {hardware: gb200-nvl72, count: 2}", Within.Row, "which nobody knows at its site")]
    public void An_island_that_is_not_within_what_it_must_share_is_found(string site, Within within, string expected)
    {
        var (fleet, state) = Make($"name: f\nsites: [{{name: a, {site}}}]");
        var plan = new Scheduler(state).Decide(new GangRequest { Job = 1, Queue = "q", AcceleratorsPerIsland = 128 }, 0);

        // A search that forgets what its slices must share.
        state.Apply(plan with { Request = plan.Request with { Within = within } }, 0).ShouldNotBeNull();
        FleetAudit.Check(fleet, state).ShouldContain(line => line.EndsWith(expected, StringComparison.Ordinal) || line.Contains(expected + ",", StringComparison.Ordinal));
    }

    [Fact]
    public void A_job_of_fewer_islands_than_it_needs_is_found() => Started(static plan => plan with { Islands = [plan.Islands[0]], Reservations = [] }).ShouldContain("islands: job 1 has 1, 0 of roles, not 2 to 2 beside these");

    [Fact]
    public void A_job_of_more_islands_than_it_may_have_is_found() =>
        Started(static plan => plan with { Request = plan.Request with { IslandsMin = 1, IslandsMax = 1 } }).ShouldContain("islands: job 1 has 2, 0 of roles, not 1 to 1 beside these");

    [Theory]
    [InlineData(8, 16, "has 24 of 8 to 16")]
    [InlineData(32, 48, "has 24 of 32 to 48")]
    public void An_island_that_is_out_of_its_range_is_found(int least, int most, string expected) =>
        Started(plan => plan with { Request = plan.Request with { AcceleratorsPerIsland = most, AcceleratorsMin = least } }).ShouldBe([$"islands: island 0 of job 1 {expected}", $"islands: island 1 of job 1 {expected}"]);

    [Fact]
    public void Two_islands_at_one_site_are_found() =>
        Started(static plan => plan with { Islands = [plan.Islands[0], plan.Islands[0]], Reservations = [] }).ShouldContain(line => line.Contains("share a site", StringComparison.Ordinal));

    [Fact]
    public void Islands_without_the_rates_between_them_are_found() =>
        Started(static plan => plan, static job => job.Routes = [.. job.Routes.Skip(1)]).ShouldBe(["islands: the islands of job 1 share a site, or 1 routes are reserved instead of 2"]);

    [Fact]
    public void An_island_on_hardware_that_its_job_does_not_accept_is_found() =>
        Started(static plan => plan with { Request = plan.Request with { Hardware = ["hgx-h100"] } }).ShouldContain(line => line.EndsWith("is on hardware that it does not accept", StringComparison.Ordinal));

    [Fact]
    public void An_island_at_a_site_that_its_job_did_not_name_is_found() =>
        Started(static plan => plan with { Request = plan.Request with { Sites = ["a"] } }).ShouldContain(line => line.EndsWith("is at a site that it did not name", StringComparison.Ordinal));

    [Fact]
    public void Gangs_of_roles_that_start_in_part_are_found()
    {
        Started(static plan => plan with { Islands = plan.Islands.RemoveAt(plan.Islands.Length - 1) }, roles: 2).ShouldContain("islands: job 1 has 3, 2 of roles, not 2 to 2 beside these");
        Started(static plan => plan with { Islands = plan.Islands.SetItem(plan.Islands.Length - 1, plan.Islands[^1] with { Slice = 3 }) }, roles: 2).ShouldBe(["islands: island 3 of job 1 has 3 of 4"]);
    }

    /// <summary>What is found of a job over both sites that starts otherwise than it was decided.</summary>
    private static List<string> Started(Func<Plan, Plan> plant, Action<RunningJob>? spoil = null, int roles = 0)
    {
        var (fleet, state) = Make(TwoRacks);
        var plan = new Scheduler(state).Decide(
            new GangRequest
            {
                Job = 1, Queue = "q", AcceleratorsPerIsland = 24, IslandsMin = 2, IslandsMax = 2, WanBytesPerSecond = 1_000_000, Roles = roles == 0 ? [] : [new RoleRequest { Name = "r", Count = roles, Accelerators = 4 }],
            },
            0);
        plan.Starts.ShouldBeTrue();
        var job = state.Apply(plant(plan), 0)!;
        spoil?.Invoke(job);
        return FleetAudit.Check(fleet, state);
    }

    private static (FleetSpecification Fleet, FleetState State) Make(string text)
    {
        var fleet = World.FleetOf(text);
        return (fleet, new FleetState(fleet, Quotas.QueueTree.Create([new QueueSpecification { Name = "q" }], fleet).Value!));
    }

    /// <summary>Starts jobs until one does not start.</summary>
    private static void Fill(FleetState state, Func<long, GangRequest> request)
    {
        var scheduler = new Scheduler(state);
        for (var job = 1L; state.Apply(scheduler.Decide(request(job), 0), 0) is not null; job++)
        {
        }
    }

    /// <summary>Fills the fleet with a job over both sites, plants the bug, and fills what then looks free.</summary>
    private static List<string> Caught(Action<FleetState> plant)
    {
        var (fleet, state) = Make(TwoRacks);
        var scheduler = new Scheduler(state);
        var request = new GangRequest { Job = 1, Queue = "q", AcceleratorsPerIsland = 24, IslandsMin = 2, IslandsMax = 2, WanBytesPerSecond = 70_000_000 };
        state.Apply(scheduler.Decide(request, 0), 0).ShouldNotBeNull();
        plant(state);
        state.Apply(scheduler.Decide(request with { Job = 2, AcceleratorsPerIsland = 8 }, 0), 0);
        state.Apply(scheduler.Decide(request with { Job = 3, AcceleratorsPerIsland = 24, IslandsMin = 1, IslandsMax = 1, PreferredSites = ["a"] }, 0), 0);
        for (var job = 4; job < 20; job++)
        {
            state.Apply(scheduler.Decide(new GangRequest { Job = job, Queue = "q", AcceleratorsPerIsland = 8, PeakThousandths = 1 + (job % 2 * 999) }, 0), 0);
        }

        return FleetAudit.Check(fleet, state);
    }
}
