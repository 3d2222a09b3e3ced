using System.Buffers;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Merging;
using Superfactory.Sync.Merging.Trainer;
using Superfactory.Sync.Merging.Transfer;
using Superfactory.Sync.Tests.Merging.Virtual;

namespace Superfactory.Sync.Tests.Merging;

/// <summary>What bounds following: how many steps are kept, and from how many on a whole state is taken.</summary>
public sealed class FollowingBoundsTests
{
    private const int Mebi = 1024 * 1024;

    [Fact]
    public void No_more_than_512_steps_are_kept_the_newest()
    {
        var log = Keep(rounds: 532, _ => new byte[] { 1 });

        (log.End - log.First).ShouldBe(512);
    }

    [Fact]
    public void No_more_than_a_gibibyte_of_steps_is_kept_and_none_that_is_larger_alone()
    {
        using var memory = new Nothing();
        var step = memory.OfLength(300 * Mebi);

        var log = Keep(rounds: 8, _ => step);
        (log.End - log.First).ShouldBe(3, "four take 1,200 MiB");

        var whole = Keep(rounds: 6, round => round == 5 ? memory.OfLength(1024 * Mebi) : step);
        (whole.End, whole.First).ShouldBe((5, 4), "a gibibyte leaves no room for those before");

        var larger = Keep(rounds: 6, round => round == 5 ? memory.OfLength((1024 * Mebi) + 1) : step);
        (larger.End, larger.First).ShouldBe((5, 5), "what does not fit leaves a gap, behind which all begins anew");
    }

    [Fact]
    public void Steps_that_are_too_many_bytes_for_one_piece_of_state_are_not_given()
    {
        using var memory = new Nothing();
        var log = Keep(rounds: 4, _ => new byte[] { 1 });

        log.Pack(log.First, memory.OfLength(Array.MaxLength)).ShouldBeNull();
        log.Pack(log.First, new byte[] { 7 }).ShouldNotBeNull();
    }

    [Theory]
    [InlineData(15, true)]
    [InlineData(16, false)]
    public void Copy_whose_steps_since_are_eight_whole_states_long_is_not_followed_from(int behind, bool follows)
    {
        var (effects, level, stands) = (new List<MergeEffect>(), false, false);
        AtLearner((state, following, seat) =>
        {
            TakeCopy(state, following, behind);
            (level, stands) = (following.IsLevel, seat.Stands is not null);
            effects.AddRange(state.TakeEffects());
        });

        effects.OfType<MergeEffect.Follow>().Count().ShouldBe(follows ? 1 : 0);
        stands.ShouldBe(follows);
        level.ShouldBe(!follows, "its island is level at once, and takes a whole state as a member");
        effects.OfType<MergeEffect.Note>().Count(note => note.Text.Contains($"the others took {behind} steps while a copy came")).ShouldBe(follows ? 0 : 1);
    }

    [Theory]
    [InlineData(8, true)]
    [InlineData(9, false)]
    public void Member_for_which_more_than_four_whole_states_of_steps_are_left_takes_a_whole_state(int left, bool steps)
    {
        var kind = FetchKind.Nothing;
        AtLearner((state, following, seat) =>
        {
            TakeCopy(state, following, behind: 2);
            var newest = seat.Stands!.Value.Round + left;
            foreach (var fellow in state.Fellows)
            {
                (fellow.Established, fellow.Hello) = (true, fellow.Hello! with { Initialised = true, Round = newest });
            }

            kind = following.NextOfMember()?.Kind ?? FetchKind.Replica;
        });

        kind.ShouldBe(steps ? FetchKind.Steps : FetchKind.Replica);
    }

    /// <summary>A log of one island's steps over rounds that nothing interrupts.</summary>
    private static StepLog Keep(int rounds, Func<long, ReadOnlyMemory<byte>> step)
    {
        var scenario = new Scenario { Seed = 1, Islands = 2, Mode = SyncMode.EveryStep, Budget = new BudgetSpecification { Steps = rounds } };
        StepLog? log = null;
        new Simulation(scenario)
        {
            Disturb = simulation =>
            {
                var state = simulation.Machines[0].State;
                log ??= new StepLog(state);
                if (state is { Initialised: true, Failed: false, History.Finished: false } && state.History.Round > log.End)
                {
                    log.Contributed(step(state.History.Round));
                }
            },
        }.Run().Failures.ShouldBeEmpty();
        return log!;
    }

    /// <summary>Tries something at an island that learns in every-step and has no copy yet.</summary>
    private static void AtLearner(Action<MergeState, Following, TrainerSeat> what)
    {
        for (var seed = 1UL; seed <= 40; seed++)
        {
            var tried = false;
            var scenario = new Scenario { Seed = seed, Islands = 3, Mode = SyncMode.EveryStep, Doubts = true, BackOneIn = 3, Faults = 8, FaultOneIn = 40, Fragments = 3, Budget = new BudgetSpecification { Steps = 40 } };
            try
            {
                new Simulation(scenario)
                {
                    Disturb = simulation =>
                    {
                        if (simulation.Machines.FirstOrDefault(machine => machine.State is { SelfIsLearner: true, Initialised: false, Table: not null, Fellows.Count: > 0 }
                            && machine.State.Fellows.All(fellow => fellow is { Applied: >= 0, Hello: not null })) is not { } learner)
                        {
                            return;
                        }

                        var state = learner.State;
                        var seat = new TrainerSeat(state, learner.Exchange) { Phase = TrainerPhase.Ready };
                        what(state, new Following(state, seat, new StepLog(state)), seat);
                        tried = true;
                        throw new CatchingUpTests.EnoughException();
                    },
                }.Run();
            }
            catch (CatchingUpTests.EnoughException)
            {
                // What was to be tried was tried.
            }

            if (tried)
            {
                return;
            }
        }

        throw new InvalidOperationException("No island learnt.");
    }

    /// <summary>A copy of a trainer's parameters and momentum comes: two numbers for each step's one. The members have gone on since.</summary>
    private static void TakeCopy(MergeState state, Following following, int behind)
    {
        state.TakeEffects();
        var bytes = 2L * sizeof(float) * state.Replica!.Parameters.Length;
        var history = state.NewHistory();
        var offer = new OfferMessage { Kind = FetchKind.Replica, Round = history.Round, Available = true, TrainerBytes = bytes };
        foreach (var fellow in state.Fellows)
        {
            fellow.Applied = history.Round - 1 + behind;
        }

        following.TakeCopy(new ArrivedState(FetchKind.Replica, history.Round, history, new StateAssembly(offer)));
    }

    /// <summary>Memory of any length that nobody may look into: what is kept is only counted.</summary>
    private sealed class Nothing : MemoryManager<byte>
    {
        public ReadOnlyMemory<byte> OfLength(int length) => CreateMemory(length);

        public override Span<byte> GetSpan() => throw new NotSupportedException("Nobody may look into it.");

        public override MemoryHandle Pin(int elementIndex = 0) => throw new NotSupportedException("Nobody may look into it.");

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}
