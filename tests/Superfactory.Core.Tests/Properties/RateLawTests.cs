using Superfactory.Core.Commands;
using Superfactory.Core.Records;
using Superfactory.Core.Tests.Lifecycle;
using Superfactory.Core.Tests.Support;

namespace Superfactory.Core.Tests.Properties;

/// <summary>The law of reserved rates catches what it is there for: each bug is planted in what is taken to be reserved, or in how records are folded.</summary>
public sealed class RateLawTests
{
    [Fact]
    public void Without_a_bug_nothing_is_found()
    {
        var factory = WanRateTests.Cut();
        RateLaw.Broken(factory.State, FleetRates.All(factory.State)).ShouldBeEmpty();
        factory.Do(new CancelJob(1));
        factory.Report("atlanta").Report("texas");
        RateLaw.Broken(factory.State, FleetRates.All(factory.State)).ShouldBeEmpty();
    }

    [Fact]
    public void Rate_that_is_not_released_when_its_islands_have_stopped_is_found()
    {
        var factory = WanRateTests.Cut();
        factory.Do(new CancelJob(1));
        factory.Report("atlanta").Report("texas");

        RateLaw.Broken(factory.State, factory.State.Jobs.Values.SelectMany(static job => job.Rates.Select(rate => (job, rate)))).Select(static line => line[..5]).ShouldBe(["idle:", "idle:"], "one each way");
    }

    [Fact]
    public void Rate_that_stays_on_a_link_that_was_cut_is_found()
    {
        var state = WanRateTests.Cut().Journal.Where(static record => record is not RatesRouted).Aggregate(FactoryState.Empty, Factory.Apply);

        RateLaw.Broken(state, FleetRates.All(state)).Select(static line => line[..5]).ShouldBe(["over:", "over:"], "one each way");
    }

    [Fact]
    public void Rate_that_is_reserved_on_its_new_route_beside_the_old_one_is_found()
    {
        var factory = WanRateTests.Cut();
        factory.Do(new ChangeLink("atlanta", "texas", null));
        var before = factory.Journal.TakeWhile(static record => record is not RatesRouted).Aggregate(FactoryState.Empty, Factory.Apply).Jobs[1];

        RateLaw.Broken(factory.State, FleetRates.All(factory.State).Concat(before.Rates.Select(rate => (factory.Job(1), rate)))).ShouldBe(["twice: job 1 has a rate between two islands more than once"]);
    }

    [Fact]
    public void Rate_that_is_lost_on_the_way_to_its_new_route_is_found()
    {
        var factory = WanRateTests.Cut();

        RateLaw.Broken(factory.State, FleetRates.All(factory.State).Skip(1)).ShouldHaveSingleItem().ShouldStartWith("lacking");
    }
}
