using Superfactory.Model.Jobs;
using Superfactory.Sync.Merging;
using Superfactory.Sync.Tests.Merging.Virtual;

namespace Superfactory.Sync.Tests.Merging;

/// <summary>How chunks flow: held back by the host, resumed at what is missing, where the trainer wrote them.</summary>
public sealed class ChunkFlowTests
{
    private const int KindAt = 2;
    private const int StreamAt = 11;
    private const int FieldsEnd = 28;
    private const byte ChunkKind = 4;

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Interruption_costs_the_chunks_that_were_under_way_and_no_others(int islands)
    {
        for (var seed = 1UL; seed <= 20; seed++)
        {
            var scenario = new Scenario { Seed = seed, Islands = islands, Sizes = [600], ChunkLength = 2, Every = 1, Batches = [1], Budget = new BudgetSpecification { Steps = islands } };
            var (delivered, cut) = (0, false);
            var simulation = new Simulation(scenario)
            {
                Disturb = simulation =>
                {
                    if (delivered > 150 && !cut)
                    {
                        cut = true;
                        simulation.Network.Cut(0, 1);
                    }
                },
            };
            var seen = new HashSet<(int, int, string)>();
            simulation.Network.Tamper = (from, to, bytes) =>
            {
                if (bytes[KindAt] == ChunkKind)
                {
                    delivered++;
                    seen.Add((from, to, Convert.ToHexString(bytes.AsSpan(StreamAt..FieldsEnd)))).ShouldBeTrue($"seed {seed}: a chunk arrived twice");
                }

                return 1;
            };

            RunChecks.Verify(scenario, simulation);

            cut.ShouldBeTrue();
        }
    }

    [Fact]
    public void Chunks_wait_until_the_host_says_that_the_last_ones_have_gone()
    {
        var machine = Started(elements: 40, out _)[0];
        var handle = machine.Handle;

        var first = handle(new MergeInput.TrainerContributed(new Contribution { Round = 0, Steps = 1, Tokens = 1, LossSum = 1 }));

        Chunks(first).ShouldBe(Enumerable.Range(0, MergeLimits.ChunksWaitingMax));
        handle(new MergeInput.TrainerStateCopied(default)).ShouldBeEmpty();
        Chunks(handle(new MergeInput.Carried(1, 3))).ShouldBe([8, 9, 10]);
        Chunks(handle(new MergeInput.Carried(1, 8))).ShouldBe(Enumerable.Range(11, 8));
        Chunks(handle(new MergeInput.Carried(1, 100))).ShouldBe([19]);
        machine.FaultsOfPeers.ShouldBe(0);
    }

    [Fact]
    public void Nothing_is_done_after_a_chunk_from_which_nothing_can_follow()
    {
        // Two fragments of ten chunks each.
        var machines = Started(elements: 40, out _);
        var contribution = new MergeInput.TrainerContributed(new Contribution { Round = 0, Steps = 1, Tokens = 1, LossSum = 1 });
        machines[0].Handle(contribution);
        var sent = new Queue<MergeMessage>(machines[1].Handle(contribution).OfType<MergeEffect.Send>().Select(send => send.Message));
        machines[0].Handle(new MergeInput.Received(1, sent.Dequeue()));

        // Without a word there is room for eight chunks, which are sent as soon as the machine does what follows from all that it knows.
        machines[0].State.PeerAt(1).Lane!.Carry(MergeLimits.ChunksWaitingMax);
        for (var chunk = 0; chunk < 20; chunk++)
        {
            if (sent.Count == 0)
            {
                sent = new(machines[1].Handle(new MergeInput.Carried(0, 8)).OfType<MergeEffect.Send>().Select(send => send.Message));
            }

            var effects = machines[0].Handle(new MergeInput.Received(1, sent.Dequeue()));

            machines[0].Exchange.Work.Merged.Contains(chunk).ShouldBeTrue();
            Chunks(effects).ShouldBe(chunk == 18 ? Enumerable.Range(8, 8) : [], $"chunk {chunk}; the nineteenth completes the first fragment");
        }
    }

    [Fact]
    public void Gradients_in_fp32_are_sent_from_where_the_trainer_wrote_them()
    {
        var machines = Started(elements: 8, out var buffers);
        var effects = machines[0].Handle(new MergeInput.TrainerContributed(new Contribution { Round = 0, Steps = 1, Tokens = 1, LossSum = 1 }));

        buffers.Local.Span[0] = 7;

        var chunk = effects.OfType<MergeEffect.Send>().Select(send => send.Message).OfType<ChunkMessage>().First();
        BitConverter.ToSingle(chunk.Bytes.Span).ShouldBe(7);
    }

    [Fact]
    public void Trainer_has_its_memory_back_when_the_host_has_passed_on_the_last_chunk_that_lies_there()
    {
        // One parameter: the second island leads nothing, so that no commit of it tells that it has read everything.
        var machines = Started(elements: 1, out _);
        var contribution = new MergeInput.TrainerContributed(new Contribution { Round = 0, Steps = 1, Tokens = 1, LossSum = 1 });
        machines[0].Handle(contribution);
        foreach (var send in machines[1].Handle(contribution).OfType<MergeEffect.Send>())
        {
            machines[0].Handle(new MergeInput.Received(1, send.Message)).ShouldNotContain(effect => effect is MergeEffect.Merged);
        }

        machines[0].Handle(new MergeInput.Carried(1, 1)).ShouldContain(effect => effect is MergeEffect.Merged);
    }

    [Fact]
    public void State_goes_to_a_peer_as_the_host_takes_it_and_stops_when_the_peer_needs_it_no_more()
    {
        const int PieceNumbers = MergeLimits.ChunkBytesMax / sizeof(float);
        var machine = Started(elements: 40 * PieceNumbers, out _, chunkLength: PieceNumbers)[0];
        IReadOnlyList<MergeEffect> Said(MergeMessage message) => machine.Handle(new MergeInput.Received(1, message));

        var first = Said(new FetchMessage { Epoch = 1, Incarnation = 1, Kind = FetchKind.Replica, Round = 0 });

        Pieces(first).ShouldBe(MergeLimits.ChunksWaitingMax);
        Pieces(machine.Handle(new MergeInput.Carried(1, 3))).ShouldBe(3);
        Pieces(Said(new FetchMessage { Epoch = 1, Incarnation = 1, Kind = FetchKind.Nothing, Round = 0 })).ShouldBe(0);
        Pieces(machine.Handle(new MergeInput.Carried(1, 8))).ShouldBe(0);
        Pieces(Said(new FetchMessage { Epoch = 1, Incarnation = 1, Kind = FetchKind.Replica, Round = 0 })).ShouldBe(MergeLimits.ChunksWaitingMax);
        machine.Handle(new MergeInput.PeerDown(1));
        Pieces(machine.Handle(new MergeInput.PeerUp(1))).ShouldBe(0);
        machine.FaultsOfPeers.ShouldBe(0);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Island_that_needs_the_state_no_more_that_it_asked_for_says_so_and_is_sent_none_of_it_after(int islands)
    {
        const byte Fetch = 7, Offer = 8, Piece = 12;
        var stops = 0;
        for (var seed = 1UL; seed <= 150; seed++)
        {
            var scenario = new Scenario { Seed = seed, Islands = islands, Mode = SyncMode.EveryStep, Faults = 20, Budget = new BudgetSpecification { Steps = 20 } };
            var stopped = new bool[islands * islands];
            var simulation = new Simulation(scenario);
            simulation.Network.Tamper = (from, to, bytes) =>
            {
                var (asks, gives) = (bytes[KindAt] == Fetch && bytes[StreamAt] == (byte)FetchKind.Nothing, bytes[KindAt] == Piece && bytes[StreamAt] == (byte)StreamKind.State);
                stops += asks ? 1 : 0;
                stopped[(to * islands) + from] |= asks;
                stopped[(from * islands) + to] &= bytes[KindAt] != Offer;

                // What was in the host when the word came may still arrive.
                (gives && stopped[(from * islands) + to] && simulation.Machines[from].State.PeerAt(to).Stream is not null).ShouldBeFalse();
                return 1;
            };

            RunChecks.Verify(scenario, simulation);
        }

        stops.ShouldBeGreaterThan(0);
    }

    private static int Pieces(IReadOnlyList<MergeEffect> effects) => effects.OfType<MergeEffect.Send>().Count(send => send.Message is PieceMessage);

    private static IEnumerable<int> Chunks(IReadOnlyList<MergeEffect> effects) =>
        effects.OfType<MergeEffect.Send>().Select(send => send.Message).OfType<ChunkMessage>().Select(chunk => chunk.Chunk);

    /// <summary>Two islands that have said all that they say before they contribute.</summary>
    internal static MergeMachine[] Started(int elements, out MergeBuffers buffers, int chunkLength = 2, bool isNear = false)
    {
        var epoch = new Model.Agents.RunEpoch { Number = 1, Members = [new("one", 1), new("two", 1)] };
        var machines = Enumerable.Range(0, 2).Select(self => new MergeMachine(new MergeConfiguration
        {
            Self = self, Epoch = epoch, ChunkLengthMax = chunkLength, IsNear = isNear, Budget = new BudgetSpecification { Steps = 4 },
            Sync = new SyncSpecification { Mode = SyncMode.EveryStep, Format = NumberFormat.Fp32 },
        })).ToArray();
        var queue = new Queue<(int To, MergeInput Input)>();
        buffers = new MergeBuffers(new float[elements], new float[elements], default);
        for (var self = 0; self < 2; self++)
        {
            queue.Enqueue((self, new MergeInput.PeerUp(1 - self)));
            queue.Enqueue((self, new MergeInput.TrainerRegistered(
                [new TensorEntry("w", [elements], "float32", TensorRole.Parameter, 4L * elements)],
                self == 0 ? buffers : new MergeBuffers(new float[elements], new float[elements], default))));
        }

        Drain(machines, queue);
        queue.Enqueue((0, new MergeInput.TrainerData(null)));
        queue.Enqueue((1, new MergeInput.TrainerData(null)));
        Drain(machines, queue);
        return machines;
    }

    private static void Drain(MergeMachine[] machines, Queue<(int To, MergeInput Input)> queue)
    {
        while (queue.TryDequeue(out var next))
        {
            foreach (var send in machines[next.To].Handle(next.Input).OfType<MergeEffect.Send>())
            {
                queue.Enqueue((send.Island, new MergeInput.Received(next.To, send.Message)));
                if (send.Message is PieceMessage)
                {
                    queue.Enqueue((next.To, new MergeInput.Carried(send.Island, 1)));
                }
            }
        }
    }
}
