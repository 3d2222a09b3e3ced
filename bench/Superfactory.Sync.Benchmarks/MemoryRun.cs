using System.Collections.Immutable;
using Superfactory.Model.Agents;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Merging;

namespace Superfactory.Sync.Benchmarks;

/// <summary>
/// Islands of one every-step run in one thread, joined by a queue: what a merge costs without sockets, encryption or the trainer's own
/// copies. Every island contributes the same seeded gradient again and again. Not safe for concurrent use.
/// </summary>
internal sealed class MemoryRun
{
    private const int Seed = 20260101;
    private const long StepsMax = 1_000_000_000;
    private const long Tokens = 1000;

    private readonly MergeMachine[] _machines;
    private readonly Queue<(int From, int To, MergeMessage Message)> _wire = new();
    private readonly RoundTurn?[] _turns;

    /// <summary>Registers the islands' trainers and brings them to their first step.</summary>
    public MemoryRun(int islands, int count, NumberFormat format, NumberFormat resultFormat)
    {
        var epoch = new RunEpoch { Number = 1, Members = [.. Enumerable.Range(0, islands).Select(island => new RunMember($"island{island}", 1))] };
        var sync = new SyncSpecification { Mode = SyncMode.EveryStep, Every = 1, Format = format, ResultFormat = resultFormat };
        _turns = new RoundTurn?[islands];
        _machines = [.. Enumerable.Range(0, islands).Select(island => new MergeMachine(new MergeConfiguration
        {
            Self = island, Epoch = epoch, Sync = sync, Budget = new BudgetSpecification { Steps = StepsMax },
        }))];
        ImmutableArray<TensorEntry> table = [new("weight", [count], "float32", TensorRole.Parameter, count * (long)sizeof(float))];
        for (var island = 0; island < islands; island++)
        {
            for (var peer = 0; peer < islands; peer++)
            {
                if (peer != island)
                {
                    Handle(island, new MergeInput.PeerUp(peer));
                }
            }

            var buffers = new MergeBuffers(Gradient(count, Seed + island), new float[count], Array.Empty<byte>());
            Handle(island, new MergeInput.TrainerRegistered(table, buffers));
        }

        Deliver();
    }

    /// <summary>One merge: every island contributes, and everything is delivered until every one has the mean.</summary>
    public void Merge()
    {
        for (var island = 0; island < _machines.Length; island++)
        {
            var turn = _turns[island] ?? throw new InvalidOperationException($"Island {island} has no step to take.");
            _turns[island] = null;
            Handle(island, new MergeInput.TrainerContributed(new Contribution { Round = turn.Round, Steps = 1, Tokens = Tokens, LossSum = Tokens }));
        }

        Deliver();
    }

    private void Deliver()
    {
        while (_wire.TryDequeue(out var next))
        {
            Handle(next.To, new MergeInput.Received(next.From, next.Message));
            if (next.Message is ChunkMessage)
            {
                Handle(next.From, new MergeInput.Carried(next.To, 1));
            }
        }

        if (Array.Exists(_turns, static turn => turn is null))
        {
            throw new InvalidOperationException("Every message is delivered, and an island still waits for the mean.");
        }
    }

    private void Handle(int island, MergeInput input)
    {
        foreach (var effect in _machines[island].Handle(input))
        {
            switch (effect)
            {
                case MergeEffect.Send send:
                    _wire.Enqueue((island, send.Island, send.Message));
                    break;
                case MergeEffect.Begin begin:
                    _turns[island] = begin.Turn;
                    break;
                case MergeEffect.Merged merged:
                    _turns[island] = merged.Result.Next;
                    break;
                case MergeEffect.Fail fail:
                    throw new InvalidOperationException(fail.Reason);
            }
        }
    }

    private static float[] Gradient(int count, int seed)
    {
        var random = new Random(seed);
        var values = new float[count];
        foreach (ref var value in values.AsSpan())
        {
            value = (random.NextSingle() * 2) - 1;
        }

        return values;
    }
}
