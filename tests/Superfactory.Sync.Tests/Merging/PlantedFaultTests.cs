using System.Buffers;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Merging;
using Superfactory.Sync.Tests.Merging.Virtual;

namespace Superfactory.Sync.Tests.Merging;

/// <summary>Faults planted in network and memory: each is found and said, none changes the result.</summary>
public sealed class PlantedFaultTests
{
    private const int MessageKindAt = 2;
    private const int StreamAt = 11;
    private const int ContributorsAt = 27;
    private const byte ContributeKind = 3;
    private const byte ChunkKind = 4;
    private const byte CommitKind = 5;

    [Theory]
    [InlineData(2, SyncMode.Diloco)]
    [InlineData(3, SyncMode.EveryStep)]
    public void Contribution_altered_on_its_way_is_found_by_its_header_and_the_round_is_tried_without_it(int islands, SyncMode mode)
    {
        var altered = false;
        var simulation = Tampered(islands, mode, ChunkKind, every: 1, bytes =>
        {
            if (bytes[StreamAt] == (byte)StreamKind.Contribution && !altered)
            {
                altered = true;
                bytes[^1] ^= 0x40;
            }

            return 1;
        });

        simulation.Notes.ShouldContain(note => note.Contains("because its numbers are not what its header says"));
        simulation.Fates.Values.Count(fate => fate.LeftOut != 0).ShouldBe(1);
    }

    [Fact]
    public void Result_altered_on_its_way_is_found_by_its_hash_and_sent_again()
    {
        var seen = 0;
        var simulation = Tampered(3, SyncMode.Diloco, ChunkKind, every: 1, bytes =>
        {
            bytes[^1] ^= (byte)(bytes[StreamAt] == (byte)StreamKind.Result && ++seen % 40 == 0 ? 0x40 : 0);
            return 1;
        });

        simulation.Notes.ShouldContain(note => note.Contains("asked for again"));
        simulation.Fates.Values.ShouldAllBe(fate => fate.LeftOut == 0);
    }

    [Theory]
    [InlineData(2, SyncMode.Diloco)]
    [InlineData(3, SyncMode.Diloco)]
    public void Message_delivered_twice_is_refused_the_second_time(int islands, SyncMode mode)
    {
        var chunks = Tampered(islands, mode, ChunkKind, every: 5, _ => 2);
        var commits = Tampered(islands, mode, CommitKind, every: 2, _ => 2);
        var contributions = Tampered(islands, mode, ContributeKind, every: 2, _ => 2);

        chunks.Machines.Sum(machine => machine.FaultsOfPeers).ShouldBeGreaterThan(0);
        commits.Notes.ShouldContain(note => note.Contains("a second commit"));
        contributions.Notes.ShouldContain(note => note.Contains("a second contribution"));
    }

    [Theory]
    [InlineData(2, 1, "come to different means")]
    [InlineData(2, 9, "with other contributors or weights")]
    public void Commit_that_says_otherwise_than_the_follower_finds_stops_that_island_before_it_uses_the_result(int islands, int bytesFromEnd, string reason)
    {
        // A commit ends with its weights and 8 bytes of hash.
        var simulation = Tampered(islands, SyncMode.Diloco, CommitKind, every: 7, bytes =>
        {
            // Of a round without contributors a changed set is no message at all, and would be lost.
            bytes[^bytesFromEnd] ^= (byte)(bytes.AsSpan(ContributorsAt, sizeof(ulong)).ContainsAnyExcept((byte)0) ? 0x01 : 0);
            return 1;
        });

        simulation.Retried.ShouldContain(retried => retried.Contains(reason));
    }

    [Fact]
    public void Commit_of_what_the_headers_do_not_give_is_refused_by_the_receiver_and_the_run_goes_on_with_those_who_agree()
    {
        // As a leader does that lets its own refused contribution in: the weights of a commit are not those that follow from the headers.
        var altered = false;
        var simulation = Tampered(3, SyncMode.Diloco, CommitKind, every: 7, bytes =>
        {
            bytes[^9] ^= (byte)(altered ? 0 : 0x01);
            altered = true;
            return 1;
        });

        simulation.Notes.ShouldContain(note => note.Contains("with other contributors or weights than its headers give"));
        simulation.Retried.ShouldBeEmpty();
        simulation.Control.Epoch.Number.ShouldBeGreaterThan(1);
    }

    [Fact]
    public void Bit_flipped_in_a_replica_is_found_refused_and_repaired_from_the_first_island()
    {
        var scenario = Base(2, SyncMode.Diloco);
        var flipped = false;
        var simulation = new Simulation(scenario)
        {
            Disturb = simulation =>
            {
                var state = simulation.Machines[1].State;
                if (!flipped && state.History.Round == 2)
                {
                    flipped = true;
                    state.Replica!.Parameters[3] += 1;
                }
            },
        };

        simulation.Run();

        simulation.Failures.ShouldBeEmpty();
        simulation.Notes.ShouldContain(note => note.Contains("replica repaired"));
        simulation.Machines[0].StateHash.ShouldBe(simulation.Machines[1].StateHash);
        simulation.Trainers[0]!.ModelHash.ShouldBe(simulation.Trainers[1]!.ModelHash);
        simulation.Machines[1].Progress.Ledger!.Merged.ShouldBe(simulation.Machines[1].Progress.Ledger!.Planned);
    }

    [Fact]
    public void Bit_flipped_in_one_of_three_replicas_is_outvoted()
    {
        var simulation = new Simulation(Base(3, SyncMode.Diloco))
        {
            Disturb = simulation =>
            {
                var state = simulation.Machines[0].State;
                if (state is { Initialised: true, History.Round: 1 })
                {
                    state.Replica!.Momentum[0] = 77;
                }
            },
        };

        simulation.Run();

        simulation.Failures.ShouldBeEmpty();
        simulation.Notes.ShouldContain(note => note.Contains("What island-0 started from at step 6 is another state than island-1's"));
        simulation.Trainers.Select(trainer => trainer!.ModelHash).Distinct().Count().ShouldBe(1);
    }

    [Fact]
    public void Random_messages_never_throw_and_never_change_the_result()
    {
        for (var seed = 1UL; seed <= 40; seed++)
        {
            var random = new SeededRandom(seed);
            var scenario = Base(2 + (int)(seed % 2), SyncMode.Diloco) with { Seed = seed };
            var simulation = new Simulation(scenario)
            {
                Disturb = simulation => Forge(simulation, random),
            };

            RunChecks.Verify(scenario, simulation);
        }
    }

    /// <summary>A peer talks nonsense that passes the codec: chunks and commits of fragments, rounds and places that are none.</summary>
    private static void Forge(Simulation simulation, SeededRandom random)
    {
        var to = random.Below(simulation.Machines.Count);
        var from = (to + 1) % simulation.Machines.Count;
        var machine = simulation.Machines[to];
        if (!random.OneIn(3) || machine.State.Table is null || machine.FaultsOfPeers > 2 * MergeLimits.FaultNotesMax)
        {
            return;
        }

        var round = machine.State.History.Round + random.Below(4) + 2;
        MergeMessage message = random.Below(9) switch
        {
            0 => new ChunkMessage { Stream = (StreamKind)(1 + random.Below(2)), Round = round, Attempt = random.Below(2), Chunk = random.Below(5000), Bytes = new byte[1 + random.Below(50)] },
            1 => new CommitMessage { Round = round, Fragment = random.Below(5000), Contributors = 1, Weights = [1], Hash = 5 },
            2 => new ContributeMessage { Round = round, Mode = SyncMode.Diloco, BaseHash = 1, Steps = 1, Tokens = 1, LossSum = 1, SpanSteps = 1, SpanTokens = 1 },
            3 => new ChunkMessage { Stream = StreamKind.Contribution, Round = machine.State.History.Round, Chunk = 4000, Bytes = new byte[9] },
            4 => new AttemptMessage { Round = machine.State.History.Round, Attempt = 1, Stalled = 1UL << 40, Belied = 0 },
            5 => new ObjectMessage { Round = machine.State.History.Round, Attempt = 0, Island = 99, Belied = true },
            6 => new RepeatMessage { Round = machine.State.History.Round, Fragment = 4000 },
            7 => new NormsMessage { Round = round - 2, SquaredNorms = [1] },
            _ => new GrantMessage { Round = round, Attempt = 5, Bound = 7 },
        };
        message = message with { Epoch = 1, Incarnation = 1 };
        machine.Handle(new MergeInput.Received(from, message)).ShouldAllBe(effect => effect is MergeEffect.Note);
    }

    private static Scenario Base(int islands, SyncMode mode) => new() { Seed = 5, Islands = islands, Mode = mode, Fragments = 6 };

    private static Simulation Tampered(int islands, SyncMode mode, byte kind, int every, Func<byte[], int> change)
    {
        var scenario = Base(islands, mode);
        var seen = 0;
        var simulation = new Simulation(scenario);
        simulation.Network.Tamper = (_, _, bytes) => bytes[MessageKindAt] == kind && ++seen % every == 0 ? change(bytes) : 1;
        return RunChecks.Verify(scenario, simulation);
    }
}
