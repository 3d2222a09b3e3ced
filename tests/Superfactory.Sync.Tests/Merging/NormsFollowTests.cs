using Superfactory.Model.Jobs;
using Superfactory.Sync.Merging;
using Superfactory.Sync.Tests.Merging.Virtual;

namespace Superfactory.Sync.Tests.Merging;

/// <summary>Of two islands that send numbers as they lie, chunks go before it is said what they hold: nothing is settled before it is, and it is what was merged.</summary>
public sealed class NormsFollowTests
{
    private const int KindAt = 2;
    private const int StreamAt = 11;
    private const int ChunkAt = 24;
    private const byte ContributeKind = 3;
    private const byte ChunkKind = 4;
    private const byte NormsKind = 18;

    /// <summary>Schedules of each scenario: 30, or as many as SUPERFACTORY_TEST_SEEDS says for a longer hunt.</summary>
    private static readonly ulong _seeds = ulong.TryParse(Environment.GetEnvironmentVariable("SUPERFACTORY_TEST_SEEDS"), out var seeds) ? seeds : 30;

    [Theory]
    [InlineData(2, SyncMode.EveryStep, NumberFormat.Fp32, true)]
    [InlineData(2, SyncMode.EveryStep, NumberFormat.Bf16, false)]
    [InlineData(2, SyncMode.Diloco, NumberFormat.Fp32, false)]
    [InlineData(3, SyncMode.EveryStep, NumberFormat.Fp32, false)]
    public void Norms_follow_where_two_islands_send_numbers_as_they_lie_and_nowhere_else(int islands, SyncMode mode, NumberFormat format, bool follow)
    {
        var norms = 0;
        for (var seed = 1UL; seed <= 2; seed++)
        {
            Tampered(new Scenario { Seed = seed, Islands = islands, Mode = mode, Format = format, Budget = new BudgetSpecification { Steps = 12 } }, NormsKind, _ =>
            {
                norms++;
                return 1;
            });
        }

        (norms > 0).ShouldBe(follow);
    }

    [Fact]
    public void Round_is_settled_when_norms_are_here_and_not_before()
    {
        foreach (var isNear in new[] { false, true })
        {
            var machines = ChunkFlowTests.Started(elements: 8, out _, isNear: isNear);
            var contribution = new MergeInput.TrainerContributed(new Contribution { Round = 0, Steps = 1, Tokens = 1, LossSum = 1 });
            var fromSecond = Messages(machines[1].Handle(contribution));
            var first = Messages(machines[0].Handle(contribution));
            first.Concat(fromSecond).OfType<ContributeMessage>().ShouldAllBe(header => header.NormsFollow && header.SquaredNorms.IsEmpty);
            foreach (var message in first.Where(message => message is not NormsMessage))
            {
                fromSecond.AddRange(Messages(machines[1].Handle(new MergeInput.Received(0, message))));
            }

            machines[0].Handle(new MergeInput.Carried(1, 8));
            var said = fromSecond.Where(message => message is not (NormsMessage or CommitMessage)).SelectMany(message => Messages(machines[0].Handle(new MergeInput.Received(1, message)))).ToList();

            machines.ShouldAllBe(machine => machine.Exchange.Work.Merged.Count == 4);
            said.Concat(fromSecond).ShouldNotContain(message => message is CommitMessage);
            var norms = (First: first.Concat(said).OfType<NormsMessage>().ShouldHaveSingleItem(), Second: fromSecond.OfType<NormsMessage>().ShouldHaveSingleItem());
            Messages(machines[0].Handle(new MergeInput.Received(1, norms.Second))).ShouldContain(message => message is CommitMessage);
            Messages(machines[1].Handle(new MergeInput.Received(0, norms.First))).ShouldContain(message => message is CommitMessage);
        }
    }

    [Fact]
    public void Numbers_that_change_between_being_sent_and_being_merged_are_not_merged()
    {
        var leftOut = 0;
        for (var seed = 1UL; seed <= _seeds; seed++)
        {
            // No schedule changes anything by itself; the first number changes when its chunk has been read on its way. Where islands are near and that
            // chunk has to be sent again, because the link broke, what it holds then is what is contributed.
            var scenario = Fp32(seed) with { BelieOneIn = int.MaxValue, Faults = seed % 2 == 1 ? 0 : (int)(seed % 5) };
            var simulation = new Simulation(scenario);
            var changed = new HashSet<(int, long)>();
            simulation.Network.Tamper = (from, _, bytes) =>
            {
                var (exchange, round) = (simulation.Machines[from].Exchange, simulation.Machines[from].State.History.Round);
                var isFirst = bytes[KindAt] == ChunkKind && bytes[StreamAt] == (byte)StreamKind.Contribution && BitConverter.ToInt32(bytes, ChunkAt - 1) == 0;
                if (isFirst && round % 3 == 1 && round < 15 && exchange.Own is { Bare: true } && !exchange.Work.Merged.Contains(0) && exchange.Work.Attempt == 0 && changed.Add((0, round)))
                {
                    simulation.Trainers[from]?.BelieFirst();
                }

                return 1;
            };

            RunChecks.Verify(scenario, simulation);

            leftOut += simulation.Fates.Values.Count(fate => fate.LeftOut != 0);
        }

        leftOut.ShouldBeGreaterThan((int)_seeds);
    }

    [Fact]
    public void Contribution_that_turns_out_not_to_be_finite_is_refused_for_that_and_the_round_is_tried_without_it()
    {
        var (again, refused) = (0, 0);
        for (var seed = 1UL; seed <= _seeds; seed++)
        {
            var scenario = Fp32(seed) with { OutlierOneIn = 2, Outlier = float.PositiveInfinity, Budget = new BudgetSpecification { Steps = 40 } };
            var simulation = RunChecks.Verify(scenario, new Simulation(scenario));
            again += simulation.Notes.Count(note => note.Contains("is tried again") && note.Contains("because some of its numbers are not finite"));
            refused += simulation.Notes.Count(note => note.Contains("has numbers that are not finite; it is refused"));
            simulation.Notes.ShouldNotContain(note => note.Contains("not what its header says"), $"seed {seed}");
        }

        again.ShouldBeGreaterThan((int)_seeds);
        refused.ShouldBeGreaterThan((int)_seeds);
    }

    [Fact]
    public void Contribution_whose_norm_turns_out_far_over_is_refused_for_that_and_the_round_is_tried_without_it()
    {
        var (again, refused) = (0, 0);
        for (var seed = 1UL; seed <= _seeds; seed++)
        {
            // A model of one number has one fragment, so that one island leads nothing and cannot object.
            var scenario = Fp32(seed) with { OutlierOneIn = 2, Sizes = seed % 3 == 0 ? [1] : [7, 1, 24, 5], Budget = new BudgetSpecification { Steps = 40 } };
            var simulation = RunChecks.Verify(scenario, new Simulation(scenario));
            again += simulation.Notes.Count(note => note.Contains("is tried again") && note.Contains("because the norm of fragment"));
            refused += simulation.RefusedForNorm;
            simulation.Notes.ShouldNotContain(note => note.Contains("not what its header says"), $"seed {seed}");
        }

        refused.ShouldBeGreaterThan((int)_seeds);
        again.ShouldBeGreaterThan((int)_seeds);
    }

    [Fact]
    public void Norms_altered_on_their_way_are_found_by_what_was_read_and_the_round_is_tried_without_them()
    {
        var altered = false;
        var simulation = Tampered(Fp32(4) with { Faults = 0 }, NormsKind, bytes =>
        {
            bytes[^2] ^= (byte)(altered ? 0 : 0x01);
            altered = true;
            return 1;
        });

        simulation.Notes.ShouldContain(note => note.Contains("because its numbers are not what its header says"));
    }

    [Fact]
    public void Norms_that_no_header_left_open_are_refused()
    {
        var simulation = Tampered(Fp32(6) with { Faults = 0 }, NormsKind, _ => 2);

        simulation.Notes.ShouldContain(note => note.Contains("that no header left open"));
        simulation.Machines.Sum(machine => machine.FaultsOfPeers).ShouldBeGreaterThan(0);
    }

    [Fact]
    public void Header_that_was_completed_while_the_link_was_broken_comes_complete_in_the_next_conversation()
    {
        var completed = 0;
        for (var seed = 1UL; seed <= _seeds; seed++)
        {
            var scenario = Fp32(seed) with { BlankIncarnations = false, TrainerCrashes = false, Budget = new BudgetSpecification { Steps = 20 } };
            var (open, cuts) = (new HashSet<(int, long)>(), 0);
            var simulation = new Simulation(scenario);
            simulation.Network.Tamper = (from, _, bytes) =>
            {
                var message = bytes[KindAt] is ContributeKind or NormsKind ? MergeMessageCodec.Read(bytes).Value : null;
                if (message is NormsMessage && cuts++ < 3)
                {
                    // It is lost with the link.
                    simulation.Network.Cut(0, 1);
                    return 0;
                }

                completed += message is ContributeMessage { HasChunks: true, NormsFollow: false } late && open.Contains((from, late.Round)) ? 1 : 0;
                if (message is ContributeMessage { NormsFollow: true } early)
                {
                    open.Add((from, early.Round));
                }

                return 1;
            };

            RunChecks.Verify(scenario, simulation);
        }

        completed.ShouldBeGreaterThan((int)_seeds);
    }

    private static Scenario Fp32(ulong seed) => new()
    {
        Seed = seed, Islands = 2, Mode = SyncMode.EveryStep, Format = NumberFormat.Fp32, Faults = (int)(seed % 5), BlankIncarnations = seed % 2 == 0, Budget = new BudgetSpecification { Steps = 24 },
    };

    private static List<MergeMessage> Messages(IReadOnlyList<MergeEffect> effects) => [.. effects.OfType<MergeEffect.Send>().Select(send => send.Message)];

    private static Simulation Tampered(Scenario scenario, byte kind, Func<byte[], int> change)
    {
        var simulation = new Simulation(scenario);
        simulation.Network.Tamper = (_, _, bytes) => bytes[KindAt] == kind ? change(bytes) : 1;
        return RunChecks.Verify(scenario, simulation);
    }
}
