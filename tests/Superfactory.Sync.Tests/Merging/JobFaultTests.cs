using System.Collections.Immutable;
using Superfactory.Model.Agents;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Merging;

namespace Superfactory.Sync.Tests.Merging;

/// <summary>Faults of the job itself: each ends the run with a sentence that names island and step, tensor or version.</summary>
public sealed class JobFaultTests
{
    [Fact]
    public void Islands_with_different_tensors_fail_naming_the_first_difference_at_both()
    {
        var pair = new Pair([Parameter("w", 3, 4), Parameter("x", 4, 4)], [Parameter("w", 3, 4), Parameter("x", 3, 4)]);

        pair.Settle();

        pair.Failure(0).ShouldBe("atlanta registers 'x' [3,4] float32 where wisconsin registers 'x' [4,4] float32. Islands train one model: start the same program with the same settings at each.");
        pair.Failure(1).ShouldBe(pair.Failure(0));
    }

    [Fact]
    public void Peer_of_another_protocol_version_is_refused_by_name()
    {
        var pair = new Pair([Parameter("w", 2)], [Parameter("w", 2)]);

        pair.Handle(0, new MergeInput.Received(1, new HelloMessage { Protocol = 99 }));

        pair.Failure(0).ShouldContain("atlanta speaks version 99 of the merge protocol and wisconsin version 9");
    }

    [Fact]
    public void Trainer_without_parameters_fails_the_run()
    {
        var pair = new Pair([new TensorEntry("b", [1], "int64", TensorRole.Buffer, 8)], [Parameter("w", 2)]);

        pair.Failure(0).ShouldContain("registers no parameters");
    }

    [Fact]
    public void Trainer_that_registers_other_tensors_after_a_restart_fails_the_run()
    {
        var pair = new Pair([Parameter("w", 2)], [Parameter("w", 2)]);

        pair.Handle(0, new MergeInput.TrainerLost());
        pair.Register(0, [Parameter("w", 3)]);

        pair.Failure(0).ShouldContain("'w' [3]");
    }

    [Fact]
    public void Loss_that_is_not_finite_on_every_island_fails_naming_islands_and_steps()
    {
        var pair = Started();

        pair.Contribute(0, 0, double.NaN);
        pair.Contribute(1, 0, double.PositiveInfinity);
        pair.Settle();

        pair.Failure(0).ShouldBe("The loss or what was trained is not finite on every island: wisconsin at step 2, atlanta at step 2.");
    }

    [Fact]
    public void Island_whose_loss_stays_not_finite_is_reset_each_time_and_after_the_third_is_to_be_set_aside()
    {
        var pair = Started();
        for (var round = 0; round < MergeLimits.RefusalsInRowMax; round++)
        {
            pair.Machines[0].Rejections.ShouldBeEmpty();
            pair.Contribute(0, round, 1);
            pair.Contribute(1, round, double.NaN);
            pair.Settle();
            pair.Effects(1).OfType<MergeEffect.Merged>().Last().Result.Reset.ShouldBeTrue();
            pair.Effects(0).OfType<MergeEffect.Merged>().Last().Result.Reset.ShouldBeFalse();
        }

        pair.Machines[0].Rejections.Single().ShouldBe(new IslandRejection("atlanta", "3 of its contributions in a row were refused. The loss of the contribution of atlanta at step 6 is not finite."));
        pair.Machines[0].Progress.Refusals.Select(refusal => (refusal.Island, refusal.Step, refusal.Round, refusal.Cause)).ShouldBe(
            [("atlanta", 6, 2, RefusalCause.NotFinite), ("atlanta", 4, 1, RefusalCause.NotFinite), ("atlanta", 2, 0, RefusalCause.NotFinite)]);
        pair.Machines[1].Rejections.ShouldBeEmpty("the others decide");
    }

    [Fact]
    public void Number_that_is_not_finite_is_reported_with_island_step_and_fragment()
    {
        var pair = Started();
        pair.Buffers[1].Local.Span[1] = float.NaN;

        pair.Contribute(0, 0, 1);
        pair.Contribute(1, 0, 1);
        pair.Settle();

        var refusal = pair.Machines[0].Progress.Refusals.Single();
        (refusal.Island, refusal.Step, refusal.Fragment, refusal.Cause).ShouldBe(("atlanta", 2, (int?)pair.Machines[0].State.Plan!.FragmentOf(0).Index, RefusalCause.NotFinite));
        pair.Effects(0).OfType<MergeEffect.Note>().ShouldContain(note => note.Text.Contains("at step 2, fragment 0 has numbers that are not finite; it is refused"));
    }

    [Fact]
    public void Contribution_that_overflows_only_in_the_wire_format_is_refused()
    {
        var pair = Started();
        pair.Buffers[1].Local.Span[0] = -float.MaxValue;

        pair.Contribute(0, 0, 1);
        pair.Contribute(1, 0, 1);
        pair.Settle();

        pair.Machines[0].Progress.ContributionsRefused.ShouldBe(1);
    }

    [Fact]
    public void Islands_that_draw_from_different_data_fail_naming_both()
    {
        var pair = Started(declare: false);

        pair.Handle(0, new MergeInput.TrainerData(new DataDeclaration(100, 2, "one")));
        pair.Handle(1, new MergeInput.TrainerData(new DataDeclaration(100, 2, "two")));
        pair.Settle();

        pair.Failure(1).ShouldBe("The trainer of atlanta draws batches of 2 from 100 samples of 'two', where that of wisconsin draws batches of 2 from 100 samples of 'one': islands must draw from the same data in the same way.");
    }

    [Fact]
    public void Contribution_of_other_steps_than_asked_fails_the_run()
    {
        var pair = Started();

        pair.Handle(0, new MergeInput.TrainerContributed(new Contribution { Round = 0, Steps = 1, Tokens = 5, LossSum = 1 }));

        pair.Failure(0).ShouldContain("contributed 1 steps and 5 tokens to round 0 where 2 steps were asked for");
    }

    [Fact]
    public void Contribution_of_more_tokens_than_there_can_be_fails_the_run()
    {
        var pair = Started();

        pair.Handle(0, new MergeInput.TrainerContributed(new Contribution { Round = 0, Steps = 2, Tokens = MergeLimits.TokensMax + 1, LossSum = 1 }));

        pair.Failure(0).ShouldContain("contributed 2 steps and 281474976710657 tokens to round 0");
    }

    [Fact]
    public void Waiting_names_the_island_that_is_waited_for()
    {
        var pair = Started();

        pair.Contribute(0, 0, 1);
        pair.Settle();
        pair.Machines[0].Progress.Waiting.ShouldBe("waits for atlanta to contribute to round 0");
        pair.Machines[1].Progress.Waiting.ShouldBeNull();

        pair.Handle(0, new MergeInput.PeerDown(1));
        pair.Machines[0].Progress.Waiting.ShouldBe("waits for atlanta: its bridge is not connected");
    }

    [Fact]
    public void Messages_of_another_epoch_or_incarnation_are_dropped()
    {
        var pair = Started();

        foreach (var (epoch, incarnation) in new[] { (0, 1), (2, 1), (1, 2) })
        {
            var message = new AppliedMessage { Epoch = epoch, Incarnation = incarnation, Round = 77, StateHash = 1 };
            pair.Handle(0, new MergeInput.Received(1, message)).ShouldBeEmpty();
        }

        pair.Machines[0].FaultsOfPeers.ShouldBe(0);
    }

    private static TensorEntry Parameter(string name, params long[] shape) =>
        new(name, [.. shape], "float32", TensorRole.Parameter, 4 * shape.Aggregate(1L, (size, dimension) => size * dimension));

    private static Pair Started(bool declare = true)
    {
        var pair = new Pair([Parameter("w", 2, 2)], [Parameter("w", 2, 2)]);
        pair.Settle();
        if (declare)
        {
            pair.Handle(0, new MergeInput.TrainerData(new DataDeclaration(100, 2, "corpus")));
            pair.Handle(1, new MergeInput.TrainerData(new DataDeclaration(100, 2, "corpus")));
            pair.Settle();
        }

        return pair;
    }

    /// <summary>Two machines whose messages are carried at once and in order.</summary>
    private sealed class Pair
    {
        private readonly List<MergeEffect>[] _effects = [[], []];
        private readonly Queue<(int To, MergeInput Input)> _messages = new();

        public Pair(ImmutableArray<TensorEntry> first, ImmutableArray<TensorEntry> second)
        {
            var epoch = new RunEpoch { Number = 1, Members = [new RunMember("wisconsin", 1), new RunMember("atlanta", 1)] };
            Machines = [.. Enumerable.Range(0, 2).Select(self => new MergeMachine(new MergeConfiguration
            {
                Self = self, Epoch = epoch, Sync = new SyncSpecification { Every = 2 }, Budget = new BudgetSpecification { Steps = 8 },
            }))];
            Handle(0, new MergeInput.PeerUp(1));
            Handle(1, new MergeInput.PeerUp(0));
            Register(0, first);
            Register(1, second);
        }

        public MergeMachine[] Machines { get; }

        public MergeBuffers[] Buffers { get; } = new MergeBuffers[2];

        public List<MergeEffect> Effects(int island) => _effects[island];

        public string Failure(int island) => _effects[island].OfType<MergeEffect.Fail>().Single().Reason;

        public void Register(int island, ImmutableArray<TensorEntry> tensors)
        {
            var elements = (int)tensors.Where(tensor => tensor.Role == TensorRole.Parameter).Sum(tensor => tensor.Bytes / 4);
            Buffers[island] = new MergeBuffers(new float[elements], new float[elements], new byte[8]);
            Handle(island, new MergeInput.TrainerRegistered(tensors, Buffers[island]));
        }

        public void Contribute(int island, long round, double lossSum) => Handle(island, new MergeInput.TrainerContributed(
            new Contribution { Round = round, Steps = 2, Tokens = 4, LossSum = lossSum }));

        public IReadOnlyList<MergeEffect> Handle(int island, MergeInput input)
        {
            var effects = Machines[island].Handle(input);
            _effects[island].AddRange(effects);
            foreach (var send in effects.OfType<MergeEffect.Send>())
            {
                _messages.Enqueue((send.Island, new MergeInput.Received(island, send.Message)));
            }

            return effects;
        }

        public void Settle()
        {
            while (_messages.TryDequeue(out var message))
            {
                Handle(message.To, message.Input);
                if (message.Input is MergeInput.Received { Message: ChunkMessage, Island: var from })
                {
                    Handle(from, new MergeInput.Carried(message.To, 1));
                }
            }
        }
    }
}
