using Superfactory.Model.Fleet;
using Superfactory.Scheduling.Quotas;

namespace Superfactory.Scheduling.Tests;

/// <summary>Queues that contradict each other or the fleet, and requests that can never start.</summary>
public sealed class RefusalTests
{
    private static readonly Model.Fleet.FleetSpecification _fleet = World.FleetOf("name: f\nsites: [{name: s, rows: [{count: 2, racks: {hardware: gb200-nvl72, count: 3}}]}]");

    [Fact]
    public void Queues_are_checked_as_a_whole()
    {
        Problems(Queue("a", "b"), Queue("b", "a")).ShouldBe(["a.parent: The queue is above itself, 2 up.", "b.parent: The queue is above itself, 2 up."]);
        Problems(Queue("a", "a")).ShouldBe(["a.parent: The queue is above itself, 1 up."]);
        Problems(Queue("a"), Queue("a"), Queue("c", "d")).ShouldBe(["queues: There are two queues 'a'. Expected each name once.", "c.parent: There is no queue 'd'. Did you mean 'a'?"]);
        Problems(Queue("a", quota: 385)).ShouldBe(["queues: 385 of gb200-nvl72 are guaranteed, but the fleet offers 384."]);
        Problems(Queue("a", quota: 10), Queue("b", "a", 11)).ShouldBe(["a.gb200-nvl72: The queues under it are guaranteed 11, more than its own 10."]);
        Problems(Queue("a", quota: long.MaxValue), Queue("b", quota: -1)).ShouldBe(
            ["a.gb200-nvl72: Expected numbers of accelerators, 0 to 8000000.", "b.gb200-nvl72: Expected numbers of accelerators, 0 to 8000000."]);
        Problems(Queue("a") with { Weight = 0 }).ShouldBe(["a.weight: Expected a weight of 1 to 1000000, but found 0."]);
        Problems().ShouldBe(["queues: Expected 1 to 10000 queues, but found 0."]);
    }

    [Fact]
    public void A_request_that_can_never_start_is_refused_with_the_nearest_that_could()
    {
        Refused(new GangRequest { Job = 1, Queue = "q", AcceleratorsPerIsland = 65, Within = Within.Rack }).ShouldBe("an island of 65 within a rack fits nowhere; one of 64 would, of gb200-nvl72 at s");
        Refused(new GangRequest { Job = 1, Queue = "q", AcceleratorsPerIsland = 193, Within = Within.Row }).ShouldBe("an island of 193 within a row fits nowhere; one of 192 would, of gb200-nvl72 at s");
        Refused(new GangRequest { Job = 1, Queue = "q", AcceleratorsPerIsland = 384 }).ShouldBeNull();
        Refused(new GangRequest { Job = 1, Queue = "q", AcceleratorsPerIsland = 8, IslandsMin = 2, IslandsMax = 2 }).ShouldBe("2 islands of 8 fit nowhere; 1 would");
        Refused(new GangRequest { Job = 1, Queue = "q", AcceleratorsPerIsland = 8, MemoryGigabytes = 512 }).ShouldBe("no kind of hardware in the fleet is accepted");
        Refused(new GangRequest { Job = 1, Queue = "q", AcceleratorsPerIsland = 8, Hardware = ["abacus"] }).ShouldBe("there is no hardware 'abacus'");
        Refused(new GangRequest { Job = 1, Queue = "q", AcceleratorsPerIsland = 8, PreferredSites = ["t"] }).ShouldBe("there is no site 't'");
        Refused(new GangRequest { Job = 1, Queue = "nobody", AcceleratorsPerIsland = 8 }).ShouldBe("there is no queue 'nobody'");
        Refused(new GangRequest { Job = 1, Queue = "q", AcceleratorsPerIsland = 0 }).ShouldStartWith("an island has 1 to");
        Refused(new GangRequest { Job = 1, Queue = "q", AcceleratorsPerIsland = 8, SubmittedMilliseconds = -1 }).ShouldBe("times are from 1970 to 9999");
        Refused(new GangRequest { Job = 1, Queue = "q", AcceleratorsPerIsland = 8, WanBytesPerSecond = long.MaxValue }).ShouldStartWith("the rate between islands is 0 to");
    }

    [Fact]
    public void A_request_that_may_not_start_yet_says_when()
    {
        var scheduler = new Scheduler(new FleetState(_fleet, QueueTree.Create([Queue("q")], _fleet).Value!));
        scheduler.Decide(new GangRequest { Job = 1, Queue = "q", AcceleratorsPerIsland = 8, StartAfterMilliseconds = 5000 }, 4999).Reason.ShouldBe(new PendingReason.Time(5000));
        scheduler.Decide(new GangRequest { Job = 1, Queue = "q", AcceleratorsPerIsland = 8, StartAfterMilliseconds = 5000 }, 5000).Starts.ShouldBeTrue();
    }

    [Fact]
    public void What_others_hold_at_a_site_that_places_its_own_gangs_is_occupied()
    {
        var fleet = World.FleetOf("name: f\nsites: [{name: s, placement: site, racks: {hardware: hgx-h100}}]");
        var state = new FleetState(fleet, QueueTree.Create([Queue("q", kind: "hgx-h100")], fleet).Value!);
        var scheduler = new Scheduler(state);
        state.SetForeign("s", "hgx-h100", 30).ShouldBeTrue();
        scheduler.Decide(new GangRequest { Job = 1, Queue = "q", AcceleratorsPerIsland = 3 }, 0).Reason.ShouldBe(new PendingReason.Accelerators(1, "hgx-h100", "s"));
        state.SetForeign("s", "hgx-h100", 29).ShouldBeTrue();
        state.Apply(scheduler.Decide(new GangRequest { Job = 1, Queue = "q", AcceleratorsPerIsland = 3 }, 0), 0).ShouldNotBeNull();
        state.SetForeign("s", "hgx-h100", 0).ShouldBeTrue();
        state.Free("hgx-h100").ShouldBe(29);
        state.SetForeign("s", "hgx-h100", 33).ShouldBeFalse();
        state.SetForeign("t", "hgx-h100", 1).ShouldBeFalse();
    }

    private static string? Refused(GangRequest request) => new Scheduler(new FleetState(_fleet, QueueTree.Create([Queue("q")], _fleet).Value!)).Refuse(request)?.ToString();

    private static string[] Problems(params QueueSpecification[] queues) => [.. QueueTree.Create([.. queues], _fleet).Problems.Select(problem => problem.ToString())];

    private static QueueSpecification Queue(string name, string? parent = null, long quota = 0, string kind = "gb200-nvl72") =>
        new() { Name = name, Parent = parent, Quotas = [new QuotaSpecification(kind, quota)] };
}
