using FsCheck;
using FsCheck.Fluent;
using Superfactory.Core.Commands;
using Superfactory.Core.Records;
using Superfactory.Core.Tests.Support;
using Superfactory.Model.Agents;
using Superfactory.Model.Fleet;
using Superfactory.Model.Jobs;

namespace Superfactory.Core.Tests.Properties;

/// <summary>
/// Nobody works inside what is reserved, but those whom it is for, in factories whose sites do as they are told, whatever is submitted and reserved; a counter-example is printed with its seed. And the law catches
/// what it is there for.
/// </summary>
public sealed class WindowLawTests
{
    private const int Steps = 60;
    private const int Settling = 6;

    private static readonly Arbitrary<int> _seeds = Gen.Choose(1, int.MaxValue).ToArbitrary();

    [Fact]
    public void Nobody_works_inside_what_is_reserved_but_those_it_is_for()
    {
        var (windows, moved, back) = (0, 0, 0);
        Prop.ForAll(_seeds, seed =>
        {
            var life = Live(seed, static record => record);
            life.Broken.ShouldBeEmpty($"seed {seed}");
            WindowLaw.Circles(life.Journal).ShouldBeEmpty($"seed {seed}");
            windows += life.Journal.OfType<WindowEnded>().Count(static record => record.Reason == "Its time is over.");
            moved += life.Journal.OfType<JobMoves>().Count() + life.Journal.OfType<IslandEvicted>().Count();
            back += life.Journal.OfType<JobMoves>().Select(static record => record.Job).Distinct().Count(job => life.Journal.OfType<JobStarted>().Count(start => start.Job == job) > 1);
            return true;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(60));

        windows.ShouldBeGreaterThan(60);
        moved.ShouldBeGreaterThan(60);
        back.ShouldBeGreaterThan(30, "those who gave way come back");
    }

    [Theory]
    [InlineData(2041768964, "one that may be anywhere took from another what that has at one place alone")]
    [InlineData(1925024144, "an island of a job that ran longer than it was to was started again and again where it had to leave")]
    [InlineData(1098186044, "who was to have left and had not was taken to leave its place to another, who was in the way then")]
    [InlineData(1226371270, "a job whose checkpoint was on its way was to save what it did not have, and stayed")]
    [InlineData(1823641197, "a job that was to start counted for both of two windows, and others were let in who had to leave when it did not start yet")]
    [InlineData(459136639, "a start counted on somebody who gave way to a start that waited for its checkpoint, and so was not told to")]
    public void Life_that_was_once_broken_is_whole(int seed, string why)
    {
        var life = Live(seed, static record => record);
        life.Broken.ShouldBeEmpty(why);
        life.Journal.OfType<IslandEvicted>().GroupBy(static record => (record.Job, record.Island, record.Reason)).ShouldAllBe(static again => again.Count() == 1, why);
    }

    [Theory]
    [InlineData(1841452586, "windows that may be anywhere took other places when somebody had started, and two jobs started and stopped in turn")]
    [InlineData(1563225069, "what a later window needs counted as missing before it begins")]
    [InlineData(1812920741, "what a later window needs counted as missing before it begins")]
    [InlineData(924635910, "jobs started at a site between the end of one reservation of it and the beginning of the next")]
    [InlineData(74208901, "a planned start came true that was in the way of what had just been reserved")]
    [InlineData(1948489033, "a start was not judged by where windows are once it has come true")]
    [InlineData(1415205616, "a start was not judged by where windows are once it has come true")]
    public void Nobody_is_let_in_and_told_to_leave_in_the_same_instant(int seed, string why)
    {
        var life = Live(seed, static record => record);
        life.Broken.ShouldBeEmpty(why);
        WindowLaw.Circles(life.Journal, most: 0).ShouldBeEmpty(why);
    }

    [Fact]
    public void Job_that_starts_and_is_told_to_leave_again_and_again_in_one_instant_is_found()
    {
        var (start, leave) = (Live(1841452586, static record => record).Journal.OfType<JobStarted>().First(), "Reservation w1 has 1 accelerators for queue hero.");
        List<JournalRecord> once = [start, new JobMoves { At = start.At, Job = start.Job, Reason = leave }];
        WindowLaw.Circles(once).ShouldBeEmpty();
        WindowLaw.Circles([.. once, .. once]).ShouldHaveSingleItem().ShouldStartWith("circle:");
    }

    [Fact]
    public void Job_that_is_not_told_to_leave_is_found() =>
        Found(static record => record is JobMoves or IslandEvicted ? null : record).ShouldBeGreaterThan(5);

    [Fact]
    public void Factory_that_takes_what_is_reserved_to_be_over_is_found() =>
        Found(static record => record is WindowReserved { Target: not null } reserved ? reserved with { From = reserved.From + 3_600_000, Until = reserved.Until + 7_200_000 } : record, late: true).ShouldBeGreaterThan(5);

    private static int Found(Func<JournalRecord, JournalRecord?> bug, bool late = false) => Enumerable.Range(1, 30).Count(seed => Live(seed, bug, late).Broken.Count > 0);

    /// <summary>A life: jobs come and end, places and accelerators are reserved, and time passes in steps of a minute, at which sites do what they were told.</summary>
    private static (List<string> Broken, List<JournalRecord> Journal) Live(int seed, Func<JournalRecord, JournalRecord?> bug, bool late = false)
    {
        var (random, state, now, broken, journal) = (new Random(seed), FactoryState.Empty, 1_000_000L, new List<string>(), new List<JournalRecord>());
        string[] sites = ["atlanta", "texas", "wisconsin"];
        foreach (var site in sites)
        {
            Do(new JoinSite(site, TestFactory.Hello(site, slots: 1 + random.Next(4))));
        }

        Do(new ApplyQueues(new QueueSet([new QueueSpecification { Name = "default" }, new QueueSpecification { Name = "hero" }])));
        var ticked = now;
        for (var step = 0; step < Steps; step++)
        {
            now += 60_000;
            if (FactoryMoments.Any(state, ticked, now))
            {
                Do(new Tick(System.Collections.Immutable.ImmutableSortedDictionary<string, long>.Empty));
            }

            ticked = now;
            Do(Next(random, state, now, sites));
            for (var round = 0; round < 3; round++)
            {
                sites.ToList().ForEach(site => Report(site, random.Next(12) == 0));
            }

            // Where one gives way to another who gives way in turn, a site is told several times, and it does that within the minute too.
            for (var round = 0; round < Settling && state.Jobs.Values.Any(static job => job.HoldRequested || job.Islands.Any(static island => island.Standing == IslandStanding.Stopping)); round++)
            {
                sites.ToList().ForEach(site => Report(site, ends: false));
            }

            // What the bug altered is asked of what was really reserved.
            var asked = !late ? state : state with { Windows = state.Windows.ToBuilder().ToDictionary(static each => each.Key, each => journal.OfType<WindowReserved>().Last(record => record.Name == each.Key)).Aggregate(
                state.Windows, static (windows, each) => windows.SetItem(each.Key, windows[each.Key] with { From = each.Value.From, Until = each.Value.Until })) };
            broken.AddRange(WindowLaw.Broken(asked, now, saves: false).Select(line => $"step {step}: {line} {string.Join(' ', state.Jobs.Values.Where(static job => job.End is null).Select(job => $"[{job.Id}: {new JobReader(state).ReasonOf(job, now)}]"))}"));
        }

        return (broken, journal);

        void Do(FactoryCommand command)
        {
            foreach (var record in Factory.Accept(state, command, now).Records)
            {
                journal.Add(record);
                state = bug(record) is { } folded ? Factory.Apply(state, folded) : state;
            }
        }

        void Report(string site, bool ends)
        {
            var gangs = InstructionsReader.Read(state, site).Gangs;
            Do(new ReportGangs(site, site, [.. gangs.Select((gang, index) => TestFactory.Gang(gang.Job, ends && index == 0 && state.Jobs[gang.Job].Islands.Length == 1 ? GangState.Finished : GangState.Running, gang.Incarnation) with
            {
                Promise = gang.Epoch.Sealed ? new SealPromise(gang.Epoch.Number, 7) : null, LevelIn = gang.Epoch.Number,
            })])
            {
                Checkpoints = [.. InstructionsReader.Read(state, site).Checkpoints.Where(static assignment => !assignment.Remove).Select(assignment => Known(state, assignment.Job, assignment.Name, site)),
                    .. gangs.Where(static gang => gang.Checkpoints is { Hold: true }).Select(gang => TestFactory.Checkpoint(gang.Job, now / 60_000, site, gang.Epoch.Number, held: true, name: $"{gang.Epoch.Number}-") with { Islands = [.. state.Jobs[gang.Job].Islands.Select(static island => island.Site)] })],
            });
        }
    }

    private static CheckpointReport Known(FactoryState state, long job, string name, string site)
    {
        var known = state.Jobs[job].Checkpoints.First(checkpoint => checkpoint.At(site)?.Name == name);
        return TestFactory.Checkpoint(job, known.Round, known.At(site)!.Island, known.Epoch, known.Held, known.Finished) with { Name = name, Islands = [.. state.Jobs[job].Islands.Select(static island => island.Site)] };
    }

    private static FactoryCommand Next(Random random, FactoryState state, long now, string[] sites)
    {
        var site = sites[random.Next(sites.Length)];
        var specification = TestFactory.Specification() with { Sites = [], Queue = random.Next(4) == 0 ? "hero" : "default", Duration = random.Next(2) * 60 * (1 + random.Next(30)), Priority = random.Next(3), Checkpoint = new CheckpointSpecification { Keep = 1 } };
        return random.Next(5) switch
        {
            0 => new ReserveWindow($"w{now}", random.Next(3) == 0 ? null : now + (60_000L * random.Next(20)), Length: 60_000L * (1 + random.Next(15))) { Target = site },
            1 => new ReserveWindow($"w{now}", random.Next(3) == 0 ? null : now + (60_000L * random.Next(20)), Length: 60_000L * (1 + random.Next(15)))
            {
                Target = random.Next(2) == 0 ? site : null, Accelerators = 1 + random.Next(3), Queue = state.LastJob > 0 && random.Next(3) == 0 ? null : "hero", Job = null,
            },
            2 => new SubmitJob(specification with { Sites = [site], SiteCount = 0 }),
            3 => new SubmitJob(specification with { SiteCount = 2, IslandsMin = random.Next(2) }),
            _ => new SubmitJob(specification with { SiteCount = 1 }),
        };
    }
}
