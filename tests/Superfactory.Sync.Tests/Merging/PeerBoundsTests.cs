using System.Buffers;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Merging;
using Superfactory.Sync.Merging.Dealing;
using Superfactory.Sync.Merging.Rounds;
using Superfactory.Sync.Tests.Merging.Virtual;

namespace Superfactory.Sync.Tests.Merging;

/// <summary>What a peer can make an island believe has bounds: counts of tokens, attempts, repetitions.</summary>
public sealed class PeerBoundsTests
{
    [Theory]
    [InlineData(0, true)]
    [InlineData(MergeLimits.TokensMax, true)]
    [InlineData(MergeLimits.TokensMax + 1, false)]
    [InlineData(-1, false)]
    public void Contribution_of_more_tokens_than_there_can_be_is_no_message(long tokens, bool read)
    {
        var buffer = new ArrayBufferWriter<byte>();
        MergeMessageCodec.Write(new ContributeMessage { Epoch = 1, Incarnation = 1, Round = 0, Mode = SyncMode.Diloco, BaseHash = 1, Steps = 1, Tokens = tokens, LossSum = 1, SpanSteps = 1, SpanTokens = 1 }, buffer);

        MergeMessageCodec.Read(buffer.WrittenMemory).Succeeded.ShouldBe(read);
    }

    [Fact]
    public void Tokens_of_a_run_stop_at_their_limit_and_never_overflow()
    {
        var sync = new SyncSpecification { Mode = SyncMode.Diloco, Every = 1 };
        var history = new RunHistory(2, sync, new BudgetSpecification { Steps = 1000 });
        var header = new ContributeMessage { Round = 0, Mode = SyncMode.Diloco, BaseHash = 1, Steps = 1, Tokens = MergeLimits.TokensMax, LossSum = 1, SpanSteps = 1, SpanTokens = MergeLimits.TokensMax, SquaredNorms = [1.0] };
        var decision = RoundDecision.Of([header, header with { Tokens = 1, SpanTokens = 1 }], SyncMode.Diloco, history.Norms, 10);

        for (var round = 0; round < 300; round++)
        {
            history.Commit(decision, 0, 0b11);
        }

        history.Tokens.ShouldBe([MergeLimits.TokensInRunMax, 300]);
    }

    [Theory]
    [InlineData(1, 0UL, 0UL)]
    [InlineData(1, 0b110UL, 0UL)]
    [InlineData(2, 0b100UL, 0UL)]
    [InlineData(1, 1UL << 40, 0UL)]
    [InlineData(1, 0b100UL, 0b100UL)]
    public void Attempt_that_does_not_leave_out_as_many_members_as_its_number_says_each_for_one_reason_is_refused(int number, ulong stalled, ulong belied) =>
        Disturbed(machine =>
        {
            Hear(machine, new AttemptMessage { Round = machine.State.History.Round, Attempt = number, Stalled = stalled, Belied = belied });

            machine.FaultsOfPeers.ShouldBe(1);
            machine.Attempt.Number.ShouldBe(0);
        });

    [Fact]
    public void Attempt_that_lets_back_in_whom_the_last_left_out_is_refused_and_one_more_left_out_is_not() =>
        Disturbed(machine =>
        {
            var first = new AttemptMessage { Round = machine.State.History.Round, Attempt = 1, Stalled = 0b100, Belied = 0 };
            Hear(machine, first);
            machine.Attempt.Number.ShouldBe(1);

            Hear(machine, first with { Attempt = 2, Stalled = 0b011 });
            Hear(machine, first with { Attempt = 2, Stalled = 0b001, Belied = 0b100 });
            Hear(machine, first with { Stalled = 0b001 });
            machine.FaultsOfPeers.ShouldBe(3);
            machine.Attempt.Number.ShouldBe(1);

            Hear(machine, first);
            Hear(machine, first with { Attempt = 2, Stalled = 0b100, Belied = 0b001 });
            machine.FaultsOfPeers.ShouldBe(3);
            machine.Attempt.Number.ShouldBe(2);
        });

    [Fact]
    public void Repetition_for_another_attempt_than_that_of_the_results_sends_nothing_again()
    {
        var tried = false;
        var scenario = Base();
        var simulation = new Simulation(scenario)
        {
            Disturb = simulation =>
            {
                var machine = simulation.Machines[1];
                if (tried || machine.State.Table is null || machine.Exchange.Work.Ready is not [var ready, ..]
                    || machine.State.PeerAt(0) is not { Hears: true, Lane: { ResultNext: > 0 } lane })
                {
                    return;
                }

                tried = true;
                var (sent, next) = (lane.Results.Count, lane.ResultNext);
                var repeat = new RepeatMessage { Round = machine.State.History.Round, Attempt = 1, Fragment = machine.State.Plan!.FragmentOf(ready).Index };
                Hear(machine, repeat).ShouldBeEmpty();
                (lane.Results.Count, lane.ResultNext).ShouldBe((sent, next));

                Hear(machine, repeat with { Attempt = 0, Fragment = 4000 });
                machine.FaultsOfPeers.ShouldBe(1);
            },
        };

        RunChecks.Verify(scenario, simulation);

        tried.ShouldBeTrue();
    }

    private static IReadOnlyList<MergeEffect> Hear(MergeMachine machine, MergeMessage message) =>
        machine.Handle(new MergeInput.Received(0, message with { Epoch = 1, Incarnation = 1 }));

    /// <summary>Runs until the second island is about to contribute to a round, so that nobody can have applied it, and then disturbs that island.</summary>
    private static void Disturbed(Action<MergeMachine> disturb)
    {
        var scenario = Base();
        var disturbed = false;
        var simulation = new Simulation(scenario)
        {
            Disturb = simulation =>
            {
                var machine = simulation.Machines[1];
                if (!disturbed && machine.State is { Initialised: true, History.Round: 1 } && machine.Exchange.Own is null && machine.State.PeerAt(0).Hears)
                {
                    disturbed = true;
                    disturb(machine);
                    throw new EnoughException();
                }
            },
        };

        Should.Throw<EnoughException>(simulation.Run);
    }

    private static Scenario Base() => new() { Seed = 11, Islands = 3, Mode = SyncMode.Diloco, Fragments = 6 };

    private sealed class EnoughException : Exception;
}
