using Superfactory.Model.Fleet;
using Superfactory.Scheduling.Quotas;
using Superfactory.Scheduling.Reserving;

namespace Superfactory.Scheduling.Tests;

/// <summary>Claims beside windows and times.</summary>
public sealed class ClaimTests
{
    private const long Now = 1_000_000, Minimum = 600_000, Hour = 3_600_000;

    [Theory]
    [InlineData(4 * Hour, true)]
    [InlineData(Minimum, false)]
    public void Window_keeps_what_it_takes_from_a_claim_unless_it_is_far(long from, bool isFound)
    {
        var (state, scheduler) = Borrowed();
        state.Reserved.Add(new FleetWindow { Id = 1, Place = "s", FromMilliseconds = Now + from, UntilMilliseconds = Now + (8 * Hour) }).ShouldBeTrue();

        var claim = scheduler.Claim(Owner, Now);

        (claim is not null).ShouldBe(isFound);
        scheduler.Unsound(Now).ShouldBeEmpty();
        if (claim is not null)
        {
            claim.StartMilliseconds.ShouldBe(Now + Minimum);
            scheduler.Decide(Owner, claim.StartMilliseconds).Victims.ShouldHaveSingleItem().Job.ShouldBe(1);
        }
    }

    [Fact]
    public void Job_that_may_not_start_yet_claims_nothing()
    {
        var (state, scheduler) = Borrowed();

        scheduler.Claim(Owner with { StartAfterMilliseconds = Now + 1 }, Now).ShouldBeNull();

        state.Reserved.Starts.ShouldBeEmpty();
    }

    [Fact]
    public void Claim_that_was_recorded_is_kept_from_whoever_starts_after_it()
    {
        var (state, scheduler) = Borrowed();
        state.Reserved.AddRecorded(Owner, [new RecordedPlace("s", ["s/f1/r1/k1"])], Now + Minimum, isOwned: true, claimedAt: Now).ShouldBeTrue();

        scheduler.Decide(Borrower(3, 16), Now + 1).Starts.ShouldBeFalse();
        scheduler.Unsound(Now + 1).ShouldBeEmpty();
        scheduler.Decide(Owner, Now + Minimum).Victims.ShouldHaveSingleItem().Job.ShouldBe(1);
    }

    private static GangRequest Owner => new() { Job = 2, Queue = "research", Hardware = ["gb200-nvl72"], AcceleratorsPerIsland = 64, SubmittedMilliseconds = Now };

    private static GangRequest Borrower(long job, int accelerators) =>
        new() { Job = job, Queue = "products", Hardware = ["gb200-nvl72"], AcceleratorsPerIsland = accelerators, SubmittedMilliseconds = Now, MinimumRunMilliseconds = Minimum };

    /// <summary>Of the 64 that research is guaranteed products borrow 48.</summary>
    private static (FleetState State, Scheduler Scheduler) Borrowed()
    {
        var fleet = World.FleetOf("name: f\nsites:\n  - {name: s, rows: [{racks: {hardware: gb200-nvl72}}]}\n");
        var state = new FleetState(fleet, QueueTree.Create([new QueueSpecification { Name = "research", Quotas = [new QuotaSpecification("gb200-nvl72", 64)] }, new QueueSpecification { Name = "products" }], fleet).Value!);
        var scheduler = new Scheduler(state);
        state.Apply(scheduler.Decide(Borrower(1, 48), Now), Now).ShouldNotBeNull();
        return (state, scheduler);
    }
}
