using System.Collections.Immutable;
using Superfactory.Model.Agents;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Merging;
using Superfactory.Sync.Merging.Defence;

namespace Superfactory.Sync.Tests.Merging.Virtual;

/// <summary>A run to simulate: everything that decides its result, and what goes wrong on the way.</summary>
internal sealed record Scenario
{
    public required ulong Seed { get; init; }

    public int Islands { get; init; } = 2;

    public SyncMode Mode { get; init; } = SyncMode.Diloco;

    public NumberFormat Format { get; init; } = NumberFormat.Bf16;

    public int Every { get; init; } = 3;

    /// <summary>How results travel, with three or more islands; null for <see cref="Format"/>.</summary>
    public NumberFormat? ResultFormat { get; init; }

    public bool ErrorFeedback { get; init; }

    public int Fragments { get; init; }

    /// <summary>Bytes that a leader keeps; null for the limit of real runs.</summary>
    public long? StashBytes { get; init; }

    /// <summary>Numbers in a chunk.</summary>
    public int ChunkLength { get; init; } = 3;

    public BudgetSpecification Budget { get; init; } = new() { Steps = 10 };

    /// <summary>Batch of each island; the last repeats.</summary>
    public ImmutableArray<int> Batches { get; init; } = [2, 3, 1];

    public bool Tracked { get; init; } = true;

    /// <summary>Sizes of the parameter tensors.</summary>
    public ImmutableArray<int> Sizes { get; init; } = [7, 1, 24, 5];

    public int StaticsBytes { get; init; } = 11;

    /// <summary>Times that something is interrupted.</summary>
    public int Faults { get; init; }

    /// <summary>One action in so many is an interruption, until there were as many as <see cref="Faults"/>.</summary>
    public int FaultOneIn { get; init; } = 12;

    /// <summary>Times that the control plane changes what is merged, and when; only in a run that chooses that by itself.</summary>
    public int ModeChanges { get; init; }

    /// <summary>Whether it may choose streaming too.</summary>
    public bool MayStream { get; init; }

    public bool TrainerCrashes { get; init; } = true;

    public bool BlankIncarnations { get; init; } = true;

    /// <summary>Whether islands that live are left out of the membership, and let in again.</summary>
    public bool Doubts { get; init; }

    /// <summary>An island that is left out may come back in one of so many actions; as long as that is not so the others go on.</summary>
    public int BackOneIn { get; init; } = 1;

    /// <summary>One contribution in so many is not finite; 0 for none.</summary>
    public int PoisonOneIn { get; init; }

    /// <summary>One contribution in so many, once norms are compared, is far larger than any before; 0 for none.</summary>
    public int OutlierOneIn { get; init; }

    /// <summary>An island all of whose contributions are so from <see cref="OutliersFrom"/> on; -1 for none.</summary>
    public int Rogue { get; init; } = -1;

    /// <summary>How many times its median a norm may be.</summary>
    public double NormLimit { get; init; } = 10;

    /// <summary>A host takes a peer that owes something for stalled in one of so many actions; 0 for never.</summary>
    public int StallOneIn { get; init; }

    /// <summary>Islands whose contributions suffice; 0 for all. A host takes the grace for over in one of eight actions in which it may.</summary>
    public int Quorum { get; init; }

    /// <summary>One step in so many finds the parameters of one trainer damaged, in every-step; 0 for none.</summary>
    public int DamageOneIn { get; init; }

    /// <summary>Whether a trainer's parameters are damaged before a round: never the first island's, which wins where two differ.</summary>
    public bool Damages(int island, long round) => DamageOneIn > 0 && round > 0 && round % 2 == 1 && round < Budget.Steps - 2
        && 1 + (int)(SeededRandom.Hash((long)Seed, 11, round) % (ulong)(Islands - 1)) == island && SeededRandom.Hash((long)Seed, 12, round) % (ulong)DamageOneIn == 0;

    /// <summary>The last island's trainer takes one in so many of its chances to go on; 0 for each.</summary>
    public int SlowOneIn { get; init; }

    /// <summary>One contribution in so many is changed in the trainer's memory after it was given; 0 for none.</summary>
    public int BelieOneIn { get; init; }

    /// <summary>One step in so many overflows somewhere; 0 for none.</summary>
    public int OverflowOneIn { get; init; }

    /// <summary>What becomes of the batch of islands that are away, in every-step.</summary>
    public BatchPolicy Batch { get; init; }

    public int BatchOf(int island) => Batches[Math.Min(island, Batches.Length - 1)];

    public SyncSpecification Sync => new()
    {
        Mode = Mode, Every = Every, Format = Format, ResultFormat = ResultFormat ?? Format, ErrorFeedback = ErrorFeedback, Fragments = Fragments,
        NormLimit = NormLimit, Batch = Batch, Quorum = Quorum, Outer = new OuterOptimizerSpecification { LearningRate = 0.7, Momentum = 0.9 }, Mixing = 0.25,
    };

    public int StepsInRound => Mode == SyncMode.EveryStep ? 1 : Mode == SyncMode.Streaming ? (Every + StreamingFragments - 1) / StreamingFragments : RunSchedule.Of(Sync).Every;

    /// <summary>Fragments in streaming: neighbouring tensors share one.</summary>
    public int StreamingFragments { get; init; } = 3;

    /// <summary>Steps that an island takes in streaming between what it sends in a round and what it applies of it; fewer where fewer are dealt.</summary>
    public int Overlap(int island, long round) => (int)(SeededRandom.Hash((long)Seed, 9, island, round) % (ulong)(StepsInRound + 1));

    /// <summary>The parameters of a fragment in streaming.</summary>
    public Range FragmentOf(long round)
    {
        var fragment = (int)(round % StreamingFragments);
        var sizes = Sizes.Select((size, index) => (size, Place(index))).ToList();
        var start = sizes.Where(each => each.Item2 < fragment).Sum(each => each.size);
        return start..(start + sizes.Where(each => each.Item2 == fragment).Sum(each => each.size));
    }

    private int Place(int tensor) => Mode is SyncMode.Streaming or SyncMode.Auto ? tensor * StreamingFragments / Sizes.Length : 0;

    /// <summary>What a control plane may choose.</summary>
    public ImmutableArray<RunSchedule> Schedules =>
    [
        new(SyncMode.EveryStep, 1), new(SyncMode.Diloco, 2), new(SyncMode.Diloco, 3), new(SyncMode.Diloco, 10),
        .. MayStream ? (ReadOnlySpan<RunSchedule>)[new(SyncMode.Streaming, StreamingEvery, 1), new(SyncMode.Streaming, StreamingEvery, 2), new(SyncMode.Streaming, StreamingEvery, 2)] : [],
    ];

    /// <summary>Steps between two merges of a fragment where a run that chooses by itself streams.</summary>
    public const int StreamingEvery = 6;

    /// <summary>What an island's optimizer holds after a round of diloco in a run that chooses by itself: another one at each island.</summary>
    public static float InnerMomentum(int island, long round) => Number(SeededRandom.Hash(9, island, round));

    public int Parameters => Sizes.Sum();

    public ImmutableArray<TensorEntry> Table =>
    [
        .. Sizes.Select((size, index) => new TensorEntry($"layer.{index}", [size], "float32", TensorRole.Parameter, size * 4L, Place(index))),
        new TensorEntry("running", [StaticsBytes], "uint8", TensorRole.Buffer, StaticsBytes),
    ];

    /// <summary>Not in two rounds one after another, never everywhere, and not where shares may be empty.</summary>
    public bool Poisoned(int island, long round) => PoisonOneIn > 0 && Islands > 1 && round % 2 == 0 && round < (Budget.Steps / StepsInRound) - 1
        && (int)(SeededRandom.Hash((long)Seed, 1, round) % (ulong)Islands) == island && SeededRandom.Hash((long)Seed, 2, round) % (ulong)PoisonOneIn == 0;

    /// <summary>The first round in which norms are compared for certain.</summary>
    public static long OutliersFrom => NormHistory.Depth;

    /// <summary>Not in two rounds one after another, and not where shares may be empty.</summary>
    public bool IsOutlier(int island, long round) => round >= OutliersFrom && round < (Budget.Steps / StepsInRound) - 1 && (island == Rogue
        || (OutlierOneIn > 0 && Islands > 1 && round % 2 == 0
            && (int)(SeededRandom.Hash((long)Seed, 9, round) % (ulong)Islands) == island && SeededRandom.Hash((long)Seed, 10, round) % (ulong)OutlierOneIn == 0));

    /// <summary>Makes a contribution far larger than it is.</summary>
    public void Exaggerate(int island, long round, Span<float> given) => given[0] += IsOutlier(island, round) ? Outlier : 0;

    /// <summary>How much larger.</summary>
    public float Outlier { get; init; } = 20_000;

    /// <summary>Not in two rounds one after another, and not where shares may be empty.</summary>
    public bool Belies(int island, long round) => BelieOneIn > 0 && round % 2 == 0 && round < (Budget.Steps / StepsInRound) - 1
        && (int)(SeededRandom.Hash((long)Seed, 7, round) % (ulong)Islands) == island && SeededRandom.Hash((long)Seed, 8, round) % (ulong)BelieOneIn == 0;

    public bool Overflows(int island, long round) => OverflowOneIn > 0 && Mode != SyncMode.Diloco
        && SeededRandom.Hash((long)Seed, 3, island, round) % (ulong)OverflowOneIn == 0;

    /// <summary>What a trainer begins with, before it takes the run's.</summary>
    public float[] Initial(int island) => [.. Enumerable.Range(0, Parameters).Select(index => Number(SeededRandom.Hash((long)Seed, 4, island, index)))];

    public byte[] Statics(int island) => [.. Enumerable.Range(0, StaticsBytes).Select(index => (byte)SeededRandom.Hash((long)Seed, 5, island, index))];

    /// <summary>The gradient of a sample for a parameter: pulls it to a value that the sample names.</summary>
    public static float Gradient(float parameter, long position, int index) => parameter - Number(SeededRandom.Hash(6, position, index));

    public static long TokensOf(long position) => 1 + (position % 5);

    private static float Number(ulong hash) => ((long)(hash >> 40) - (1 << 23)) / (float)(1 << 23);
}
