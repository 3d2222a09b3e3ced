using System.Collections.Immutable;
using Superfactory.Core.Commands;
using Superfactory.Core.Records;
using Superfactory.Core.Tests.Lifecycle;
using Superfactory.Core.Tests.Support;
using Superfactory.Model.Fleet;
using Superfactory.Model.Jobs;
using Superfactory.Model.Views;

namespace Superfactory.Core.Tests.Properties;

/// <summary>The promises about what jobs hold and when they start are kept in factories whose sites do as they are told; and each is found broken where a record or a state is altered by hand.</summary>
public sealed class PlantedPromiseTests
{
    private const int Steps = 40;

    [Fact]
    public void A_factory_whose_sites_do_as_they_are_told_keeps_the_promises()
    {
        var (leftOut, back, gangs) = (0, 0, 0);
        foreach (var seed in Enumerable.Range(1, 10))
        {
            var life = new Life(seed, Checked);
            for (var step = 0; step < Steps; step++)
            {
                life.Step();
                Promises.Hold(life.State, life.Now);
            }

            leftOut += life.Journal.OfType<IslandReclaimed>().Count() + life.Journal.OfType<JobStarted>().Count(static start => !start.Withheld.IsEmpty);
            back += life.Journal.OfType<IslandRestarted>().Count(static record => record.Owned is not null);
            gangs += life.Journal.OfType<JobStarted>().Count(start => life.State.Jobs[start.Job].Role is not null);
        }

        TestContext.Current.SendDiagnosticMessage($"{leftOut} islands left out, {back} back, {gangs} gangs of roles");
        leftOut.ShouldBeGreaterThan(10);
        back.ShouldBeGreaterThan(0);
        gangs.ShouldBeGreaterThan(10);
    }

    [Fact]
    public void A_factory_of_jobs_with_a_range_of_accelerators_keeps_the_promises_and_decides_the_same_again()
    {
        var (smaller, back, shrunk) = (0, 0, 0);
        foreach (var seed in Enumerable.Range(1, 20))
        {
            var life = Elastic(seed);
            for (var step = 0; step < Steps; step++)
            {
                life.Step();
                Promises.Hold(life.State, life.Now);
            }

            smaller += life.Journal.OfType<JobStarted>().Count(start => start.Accelerators?.Values.Min() < life.State.Jobs[start.Job].Specification.Accelerators);
            back += life.Journal.OfType<IslandRestarted>().Count(static record => record.Accelerators is not null);
            shrunk += life.Journal.Count(IsResized);
            foreach (var (plan, number) in life.Journal.Select(static (record, index) => (record as PlanRecord, index + 1L)).Where(static entry => entry.Item1 is not null).DistinctBy(static entry => entry.Item1!.Seen).TakeLast(5))
            {
                var replay = PlanReplay.Decide(number, plan!, life.Journal.Take((int)plan!.Seen).Aggregate(FactoryState.Empty, Factory.Apply), life.Journal.Skip((int)plan.Seen));
                replay.IsSame.ShouldBeTrue($"seed {seed}, record {number}: {string.Join('\n', replay.Recorded)}\n against\n{string.Join('\n', replay.Decided)}");
            }

            FactorySnapshot.Of(life.Journal.Select(static record => JournalRecord.FromJson(record.ToJson())).Aggregate(FactoryState.Empty, Factory.Apply)).ToJson().ShouldBe(FactorySnapshot.Of(life.State).ToJson());
            var again = Elastic(seed);
            Enumerable.Range(0, Steps).ToList().ForEach(_ => again.Step());
            again.Journal.Select(static record => record.ToJson()).ShouldBe(life.Journal.Select(static record => record.ToJson()));
        }

        TestContext.Current.SendDiagnosticMessage($"{smaller} started with fewer than the most, {back} islands back, {shrunk} started again with more or fewer");
        shrunk.ShouldBeGreaterThan(5);
        smaller.ShouldBeGreaterThan(5);
        back.ShouldBeGreaterThan(0);
    }

    /// <summary>Each job with more than one accelerator goes on with one.</summary>
    internal static Life Elastic(int seed, Func<FactoryState, JournalRecord, FactoryState>? fold = null) => new(seed, fold ?? Checked, static job => job.Accelerators > 1 && job.Roles.IsEmpty ? job with { Accelerators = job.Accelerators + 2, AcceleratorsMin = 1, RestartCost = 1 } : job);

    /// <summary>Whether an island is to start again with more or fewer accelerators.</summary>
    internal static bool IsResized(JournalRecord record) => record is IslandReclaimed { Keeps: not null } || (record is StartPlanned { Accelerators: not null } planned && planned.Reason.StartsWith("Starts again", StringComparison.Ordinal));

    [Fact]
    public void Island_that_is_out_of_its_range_is_found()
    {
        var factory = new TestFactory().Join("atlanta", slots: 4);
        factory.Do(new SubmitJob(TestFactory.Specification("atlanta") with { Accelerators = 3, AcceleratorsMin = 2 }));
        var start = factory.Journal.OfType<JobStarted>().Single();
        Found(() => Promises.Step(factory.State, Factory.Apply(factory.State, start), start)).ShouldBeEmpty();
        foreach (var size in new[] { 1, 4 })
        {
            var altered = start with { Accelerators = start.Accelerators!.SetItem("atlanta", size) };
            Found(() => Promises.Step(factory.State, Factory.Apply(factory.State, altered), altered)).ShouldContain("atlanta of job 1 is out of its range");
        }
    }

    [Fact]
    public void Life_in_which_a_job_was_given_what_nobody_had_been_told_to_leave_is_whole()
    {
        var life = new Life(14, Checked);
        for (var step = 0; step < Steps; step++)
        {
            life.Step();
            Promises.Hold(life.State, life.Now);
        }
    }

    [Fact]
    public void Gang_that_starts_where_no_slot_is_free_is_found()
    {
        var factory = new TestFactory().Join("atlanta").Submit("atlanta").Submit("atlanta");
        Starts(factory, 2, "atlanta").ShouldContain("atlanta has more gangs than slots");
    }

    [Fact]
    public void Rack_that_two_gangs_hold_is_found()
    {
        var factory = RackTests.Factory("racks: {hardware: gb200-nvl72, count: 2}");
        RackTests.Submit(factory, 64);
        RackTests.Submit(factory, 64);
        var (first, second) = (factory.Job(1), factory.Job(2));
        Held(factory, factory.State).ShouldBeEmpty();

        Held(factory, factory.State.WithJob(second with { Islands = [second.Islands[0] with { Places = first.Islands[0].Places }] })).ShouldContain("atlanta/f1/r1/k1 is held twice");
    }

    [Theory]
    [InlineData("power: 300W\nsites: [{name: atlanta, racks: {hardware: cpu, slots: 8}}]", "the fleet")]
    [InlineData("sites: [{name: atlanta, power: 300W, racks: {hardware: cpu, slots: 8}}]", "atlanta")]
    [InlineData("sites: [{name: atlanta, rows: [{power: 300W, racks: {hardware: cpu, slots: 8}}]}]", "atlanta/f1/r1")]
    [InlineData("sites: [{name: atlanta, racks: {hardware: cpu, slots: 8, power: 300W}}]", "atlanta/f1/r1/k1")]
    public void Power_that_is_not_there_is_found_at_every_level(string text, string budget)
    {
        // 150 W idle and 50 W for each slot.
        var factory = new TestFactory().Join("atlanta");
        factory.Do(new ApplyFleet($"name: f\n{text}", "f.yaml"));
        factory.Submit("atlanta").Submit("atlanta").Submit("atlanta").Submit("atlanta");
        factory.State.JobsHoldingSlots("atlanta").ShouldBe([1, 2, 3]);
        var before = factory.State;
        PowerLaw.Broken(FactoryState.Empty, before).ShouldBeEmpty();

        var start = factory.Journal.OfType<JobStarted>().Last() with { Job = 4 };
        PowerLaw.Broken(before, Factory.Apply(before, start)).ShouldBe([$"power: {budget} draws 350 of 300"]);
        Starts(factory, 4, "atlanta").ShouldNotBeEmpty();
    }

    [Fact]
    public void Gang_of_a_role_that_is_not_there_with_its_job_is_found()
    {
        var factory = new TestFactory().Join("atlanta", slots: 3);
        factory.Do(new SubmitJob(TestFactory.Specification("atlanta") with
        {
            Roles = ImmutableSortedDictionary<string, RoleSpecification>.Empty.Add("rollout", new RoleSpecification { Count = 2, Command = ["rollout"] }),
        }));
        Held(factory, factory.State).ShouldBeEmpty();

        Held(factory, factory.State.WithJob(factory.Job(3) with { Islands = [] })).ShouldContain("the gangs of its roles start and stop together", Case.Sensitive);
        Held(factory, factory.State.WithJob(factory.Job(1) with { Islands = [] })).ShouldContain("the gangs of its roles start and stop together", Case.Sensitive);
    }

    [Fact]
    public void Job_that_is_left_with_fewer_islands_than_it_needs_or_has_more_than_it_may_is_found()
    {
        // The bug: the last island of a job that needs one is taken too.
        var factory = FleetLifecycleTests.Reclaimed();
        Held(factory, factory.State).ShouldBeEmpty();
        var taken = factory.Journal.OfType<IslandReclaimed>().Single() with { Island = "wisconsin" };
        Found(() => Promises.Step(factory.State, Factory.Apply(factory.State, taken), taken)).ShouldContain("job 1 goes on with fewer islands than it needs");
        var start = factory.Journal.OfType<JobStarted>().First() with { Withheld = ["atlanta", "wisconsin"] };
        Found(() => Promises.Step(factory.State, Factory.Apply(factory.State, start), start)).ShouldNotBeEmpty();

        var job = factory.Job(1);
        Held(factory, factory.State.WithJob(job with { Specification = job.Specification with { Sites = ["wisconsin"] } })).ShouldContain("job 1 has more islands than it may");
    }

    [Fact]
    public void Job_that_starts_though_it_is_held_or_where_it_may_not_is_found()
    {
        var factory = new TestFactory().Join("atlanta").Join("texas").Submit("atlanta");
        factory.Do(new TakeOut("texas", OutageState.Failed, null));
        factory.Submit("texas");
        Starts(factory, 2, "texas").ShouldContain("nothing is placed where it is out of service");

        factory.Do(new HoldJob(2));
        factory.Do(new ReturnTarget("texas"));
        Starts(factory, 2, "texas").ShouldContain("a held job never starts");
    }

    private static FactoryState Checked(FactoryState state, JournalRecord record)
    {
        var next = Factory.Apply(state, record);
        Promises.Step(state, next, record);
        return next;
    }

    /// <summary>What is found where a job starts that does not; empty where nothing is.</summary>
    private static string Starts(TestFactory factory, long job, string site)
    {
        var start = factory.Journal.OfType<JobStarted>().First() with { Job = job, Sites = [site], Places = null };
        return Found(() => Promises.Step(factory.State, Factory.Apply(factory.State, start), start));
    }

    private static string Held(TestFactory factory, FactoryState state) => Found(() => Promises.Hold(state, factory.Now));

    private static string Found(Action check)
    {
        try
        {
            check();
            return string.Empty;
        }
        catch (ShouldAssertException found)
        {
            return found.Message;
        }
    }
}
