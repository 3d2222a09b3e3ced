using System.Collections.Immutable;
using Superfactory.Model.Agents;
using Superfactory.Model.Choosing;
using Superfactory.Model.Jobs;
using Superfactory.Simulation.Faults;
using Superfactory.Simulation.Randomness;
using Superfactory.Sync.Merging;

namespace Superfactory.Simulation;

/// <summary>A run to simulate: everything that decides its result, and what goes wrong on the way. Follows from a seed and a schedule's number alone.</summary>
internal sealed record Scenario
{
    /// <summary>The fewest faults of a schedule.</summary>
    public const int FaultsMin = 4;

    /// <summary>The most faults of a schedule.</summary>
    public const int FaultsMax = 7;

    private const int FragmentsMin = 3;
    private const int StaticsBytes = 5;

    /// <summary>Steps of each island in a run that chooses its mode: those that the first choices are measured over, and some for two more.</summary>
    private const int ChoosingSteps = 280;

    /// <summary>Steps whose time is what a round of other modes takes: a run that chooses has quick ones, so that hundreds pass in the time of the others' dozens.</summary>
    private const int StepsAtOnce = 16;

    /// <summary>Rounds over which faults are spread in a run that chooses its mode: it has as many at least in nearly all schedules.</summary>
    private const int ChoosingRounds = 20;

    private static readonly NumberFormat[] _formats = [NumberFormat.Fp32, NumberFormat.Bf16, NumberFormat.Int8, NumberFormat.E3m0];

    /// <summary>From which all chance of the schedule follows.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Sites, and islands: 2 to 5.</summary>
    public required int Islands { get; init; }

    /// <summary>What is merged, and when.</summary>
    public required SyncSpecification Sync { get; init; }

    /// <summary>When it is done.</summary>
    public required BudgetSpecification Budget { get; init; }

    /// <summary>Rounds in which every parameter is merged once that it has at least.</summary>
    public required int Sweeps { get; init; }

    /// <summary>Lanes that the model is merged in; 1 merges it in one piece.</summary>
    public int Lanes { get; init; } = 1;

    /// <summary>Whether the two islands are on one machine and send gradients in fp32: their norms are found as chunks are merged, and said after the last.</summary>
    public bool IsNear { get; init; }

    /// <summary>Samples in a step of each island.</summary>
    public required ImmutableArray<int> Batches { get; init; }

    /// <summary>Microseconds that a step takes at each island.</summary>
    public required ImmutableArray<long> StepTimes { get; init; }

    /// <summary>Numbers of each parameter tensor.</summary>
    public required ImmutableArray<int> Sizes { get; init; }

    /// <summary>Whether an island's trainers cannot take steps that others took: one in eight.</summary>
    public bool Refuses(int island) => SeededRandom.Hash(Seed, 11, island) % 8 == 0;

    /// <summary>Numbers in a chunk.</summary>
    public required int ChunkLength { get; init; }

    /// <summary>What goes wrong, in the order of rounds.</summary>
    public required ImmutableArray<PlannedFault> Faults { get; init; }

    /// <summary>What is merged, and when.</summary>
    public SyncMode Mode => Sync.Mode;

    /// <summary>What bridges measure in a run that chooses its mode.</summary>
    public Weather Weather { get; init; } = new([(0, 1)]);

    /// <summary>Rounds that faults are spread over: in streaming each merges one part of the parameters.</summary>
    public int Rounds => Mode == SyncMode.Auto ? Sweeps : Sweeps * Parts;

    /// <summary>Parts of the parameters that streaming merges in turn, which its recipe calls fragments; one in a run that never streams.</summary>
    public int Parts => Mode is SyncMode.Streaming or SyncMode.Auto ? FragmentsMin : 1;

    /// <summary>Steps in which streaming merges every part once.</summary>
    public int StreamingEvery => Mode == SyncMode.Auto ? ModeChooser.StreamingEvery : Sync.Every;

    /// <summary>Steps that a trainer may take in streaming before it has a result, at most.</summary>
    public int Staleness => Mode == SyncMode.Auto ? ModeChooser.DelayMax : Sync.StalenessFor(Parts);

    /// <summary>Numbers in the model.</summary>
    public int Parameters => Sizes.Sum();

    /// <summary>What a trainer registers.</summary>
    public ImmutableArray<TensorEntry> Table =>
    [
        .. Sizes.Select((size, index) => new TensorEntry($"layer.{index}", [size], "float32", TensorRole.Parameter, size * 4L, PlaceOf(index))),
        new TensorEntry("running", [StaticsBytes], "uint8", TensorRole.Buffer, StaticsBytes),
    ];

    /// <summary>Whether each lane of an island has a process of its own, which is done with a round in its own time: half of the islands.</summary>
    public bool IsApart(int island) => Lanes > 1 && SeededRandom.Hash(Seed, 14, island) % 2 == 0;

    /// <summary>What a trainer registers in a lane: neighbouring parameters; buffers are of the first.</summary>
    public ImmutableArray<TensorEntry> TableOf(int lane)
    {
        var (first, end) = (FirstOf(lane), FirstOf(lane + 1));
        return [.. Table.Where((tensor, index) => tensor.Role == TensorRole.Parameter ? index >= first && index < end : lane == 0)];
    }

    /// <summary>The parameters of a lane.</summary>
    public Range RangeOf(int lane) => Sizes.Take(FirstOf(lane)).Sum()..Sizes.Take(FirstOf(lane + 1)).Sum();

    /// <summary>The scenario of a schedule.</summary>
    /// <param name="seed">The soak's seed.</param>
    /// <param name="schedule">The schedule's number, from 0.</param>
    /// <param name="from">What it is drawn from; all that there is, where nothing is said.</param>
    public static Scenario Of(ulong seed, long schedule, Drawing? from = null)
    {
        var drawing = from ?? Drawing.Whole;
        var own = SeededRandom.Hash(seed, schedule);
        var random = new SeededRandom(own);
        var islands = 2 + (int)(schedule % 4);
        var mode = drawing.Modes[(int)(schedule / 4 % drawing.Modes.Length)];
        var every = mode switch
        {
            SyncMode.EveryStep => 1,
            SyncMode.Auto => StepsAtOnce,
            SyncMode.Streaming => random.Between(FragmentsMin, 2 * FragmentsMin),
            _ => random.Between(1, 3),
        };
        var sweeps = mode == SyncMode.Auto ? ChoosingRounds : random.Between(12, 14);
        ImmutableArray<int> batches = [.. Enumerable.Range(0, islands).Select(_ => random.Between(1, 3))];
        var scenario = new Scenario
        {
            Seed = own,
            Islands = islands,
            Sync = DrawSync(mode, every, islands, random) with { Stall = drawing.StallSeconds },
            Budget = new BudgetSpecification { Samples = (mode == SyncMode.Auto ? ChoosingSteps : sweeps * every) * batches.Sum() },
            Sweeps = sweeps,
            Batches = batches,
            StepTimes = [.. Enumerable.Range(0, islands).Select(_ => random.Between(150, 400) * 1_000L / every)],
            Sizes = [random.Between(5, 9), 1, random.Between(20, 30), random.Between(3, 8)],
            ChunkLength = random.Between(4, 9),
            Faults = [],
            Weather = Weather.Of(own),
        };
        if (drawing.Lanes && scenario.Sync is { Mode: SyncMode.Diloco, Quorum: 0 } && SeededRandom.Hash(own, 13) % 3 is > 0 and var parts)
        {
            scenario = scenario with { Lanes = 1 + (int)parts };
        }

        if (drawing.Near && scenario is { Islands: 2, Mode: SyncMode.EveryStep or SyncMode.Auto } && SeededRandom.Hash(own, 15) % 2 == 0)
        {
            scenario = scenario with { IsNear = true, Sync = scenario.Sync with { Format = NumberFormat.Fp32 } };
        }

        return scenario with { Faults = DrawFaults(seed, schedule, drawing.Kinds, scenario.Rounds, random) };
    }

    /// <summary>Fragments that a round makes final: those of the model, at least three and as many as islands; in streaming the one that it merges.</summary>
    /// <param name="mode">What is merged in the round.</param>
    public int FragmentsIn(SyncMode mode) => mode == SyncMode.Streaming ? 1 : Math.Max(FragmentsMin, Islands);

    /// <summary>The parameters that a round merges.</summary>
    /// <param name="round">The round.</param>
    /// <param name="mode">What is merged in it.</param>
    public Range PartOf(long round, SyncMode mode)
    {
        if (mode != SyncMode.Streaming)
        {
            return 0..Parameters;
        }

        var (part, start, end) = ((int)(round % Parts), 0, 0);
        for (var index = 0; index < Sizes.Length; index++)
        {
            start += PlaceOf(index) < part ? Sizes[index] : 0;
            end += PlaceOf(index) <= part ? Sizes[index] : 0;
        }

        return start..end;
    }

    /// <summary>What a trainer begins with, before it takes the run's.</summary>
    public float[] Initial(int island)
    {
        var numbers = new float[Parameters];
        for (var index = 0; index < numbers.Length; index++)
        {
            numbers[index] = Training.LocalTraining.Number(SeededRandom.Hash(Seed, 4, island, index));
        }

        return numbers;
    }

    /// <summary>What its buffers begin with.</summary>
    public byte[] Statics(int island) => [.. Enumerable.Range(0, StaticsBytes).Select(index => (byte)(SeededRandom.Hash(Seed, 5, island, index) % 256))];

    /// <summary>The first parameter tensor of a lane: as many for each, and what is left over for the first.</summary>
    private int FirstOf(int lane) => lane == 0 ? 0 : Sizes.Length - (Sizes.Length / Lanes * (Lanes - lane));

    private int PlaceOf(int tensor) => tensor * Parts / Sizes.Length;

    private static SyncSpecification DrawSync(SyncMode mode, int every, int islands, SeededRandom random)
    {
        var format = random.Pick(_formats);
        return new SyncSpecification
        {
            Mode = mode,
            Every = mode == SyncMode.Auto ? RunSchedule.First.Every : every,
            Format = format,
            ResultFormat = random.OneIn(2) ? format : random.Pick(_formats),
            Fragments = mode == SyncMode.Streaming ? 0 : FragmentsMin,
            Delay = mode == SyncMode.Streaming ? random.Between(1, every / FragmentsMin) : 1,
            Mixing = random.Between(0, 3) / 4.0,
            Quorum = mode is SyncMode.Diloco or SyncMode.Streaming && random.OneIn(2) ? random.Between(1, islands - 1) : 0,
            Grace = random.Between(2, 12) / 8.0,
            Outer = new OuterOptimizerSpecification { LearningRate = 0.7, Momentum = 0.9 },
        };
    }

    /// <summary>Every kind in turn, in another order for each seed, so that a few schedules have them all; the rounds rise.</summary>
    private static ImmutableArray<PlannedFault> DrawFaults(ulong seed, long schedule, ImmutableArray<FaultKind> from, int rounds, SeededRandom random)
    {
        var kinds = from.ToArray();
        new SeededRandom(SeededRandom.Hash(seed, -1)).Shuffle<FaultKind>(kinds);
        // One more than the fewest: some find nobody to strike before the run ends.
        var count = random.Between(FaultsMin + 1, FaultsMax);
        var faults = new PlannedFault[count];
        for (var place = 0; place < count; place++)
        {
            var kind = place < FaultsMin ? kinds[((schedule * FaultsMin) + place) % kinds.Length] : random.Pick(kinds);
            faults[place] = PlannedFault.Draw(kind, random.Between(0, rounds - 6), random);
        }

        random.Shuffle<PlannedFault>(faults);
        var when = faults.Select(fault => fault.Round).Order().ToArray();
        return [.. faults.Select((fault, place) => fault with { Round = when[place] })];
    }
}
