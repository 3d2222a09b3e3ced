using Superfactory.Model.Fleet;

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
        var fleet = World.FleetOf($"name: f\nsites: [{{name: a, {site}}}]");
        var state = new FleetState(fleet, Quotas.QueueTree.Create([new QueueSpecification { Name = "q" }], fleet).Value!);
        var plan = new Scheduler(state).Decide(new GangRequest { Job = 1, Queue = "q", AcceleratorsPerIsland = 128 }, 0);

        // A search that forgets what its slices must share.
        state.Apply(plan with { Request = plan.Request with { Within = within } }, 0).ShouldNotBeNull();
        FleetAudit.Check(fleet, state).ShouldContain(line => line.EndsWith(expected, StringComparison.Ordinal) || line.Contains(expected + ",", StringComparison.Ordinal));
    }

    /// <summary>Fills the fleet with a job over both sites, plants the bug, and fills what then looks free.</summary>
    private static List<string> Caught(Action<FleetState> plant)
    {
        var fleet = World.FleetOf(TwoRacks);
        var state = new FleetState(fleet, Quotas.QueueTree.Create([new QueueSpecification { Name = "q" }], fleet).Value!);
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
