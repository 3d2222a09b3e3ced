using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Superfactory.Model.Jobs;

/// <summary>What a researcher asks for: a validated job file with every default filled in. Immutable.</summary>
public sealed record JobSpecification
{
    /// <summary>The queue of jobs that name none, and the only one of a factory that was given no queues.</summary>
    public const string DefaultQueue = "default";

    /// <summary>The job's name: see <see cref="FactoryName"/>. Not unique.</summary>
    public required string Name { get; init; }

    /// <summary>What kind of work it is.</summary>
    public JobKind Kind { get; init; } = JobKind.Pretrain;

    /// <summary>The sites that each run one island, in the order that decides leaders and sums; empty where <see cref="SiteCount"/> says how many.</summary>
    public ImmutableArray<string> Sites { get; init; } = [];

    /// <summary>How many sites, where any will do; 0 where <see cref="Sites"/> names them.</summary>
    public int SiteCount { get; init; }

    /// <summary>The sites that are taken first where it says how many, the best first; empty for none.</summary>
    public ImmutableArray<string> PreferredSites { get; init; } = [];

    /// <summary>The most elements of an array.</summary>
    public const int ElementsMax = 1_000;

    /// <summary>How many jobs of this kind are submitted at once, as the elements of an array, each with a seed of its own. 1 to 1,000, default 1.</summary>
    public int Count { get; init; } = 1;

    /// <summary>The queue that it waits in and is charged to; default <see cref="DefaultQueue"/>.</summary>
    public string Queue { get; init; } = DefaultQueue;

    /// <summary>Greater goes first in its queue, and running jobs of its queue give way to it. 0 to 1,000, default 0.</summary>
    public int Priority { get; init; }

    /// <summary>Accelerators, or slots of processors, that each island takes at its site; the most of them where <see cref="AcceleratorsMin"/> says that fewer do. At least 1, default 1.</summary>
    public int Accelerators { get; init; } = 1;

    /// <summary>The fewest accelerators that an island starts and goes on with; 0, the default, for <see cref="Accelerators"/>.</summary>
    public int AcceleratorsMin { get; init; }

    /// <summary>The kinds of hardware that its islands may run on, names of the catalogue, the best first; empty for any but processors. All islands get the same. Default <c>cpu</c>.</summary>
    [JsonConverter(typeof(HardwareJsonConverter))]
    public ImmutableArray<string> Hardware { get; init; } = [Fleet.HardwareCatalogue.Cpu];

    /// <summary>What all accelerators of an island must share; default the site.</summary>
    public Fleet.Within Within { get; init; }

    /// <summary>Which of the racks and nodes with room its islands get; default <see cref="JobPlacement.Pack"/>.</summary>
    public JobPlacement Placement { get; init; }

    /// <summary>The memory that each of its accelerators must have, in GB; default 0.</summary>
    public int Memory { get; init; }

    /// <summary>The kinds of hardware that it accepts, the best first: those of <see cref="Hardware"/> that have the memory; at least one.</summary>
    [JsonIgnore]
    public ImmutableArray<string> Kinds => JobHardware.Accepted(Hardware, Memory);

    /// <summary>The share of its accelerators' peak power that it may draw, over 0, up to 1; default 1.</summary>
    public double Peak { get; init; } = 1;

    /// <summary><see cref="Peak"/> in thousandths, rounded up: 1 to 1,000.</summary>
    [JsonIgnore]
    public int PeakThousandths => Math.Clamp((int)Math.Ceiling(Peak * 1000), 1, 1000);

    /// <summary>The fewest islands that it starts with and goes on with; 0, the default, for all of them.</summary>
    public int IslandsMin { get; init; }

    /// <summary>Seconds that it runs once it runs before it may have to give way. Default 0.</summary>
    public int MinimumRun { get; init; }

    /// <summary>Seconds that stopping it is counted to cost beside its work since the last checkpoint. 0 to 86,400, default 30.</summary>
    public int RestartCost { get; init; } = 30;

    /// <summary>Seconds that it is expected to run in all; 0, the default, where nobody knows.</summary>
    public int Duration { get; init; }

    /// <summary>Seconds after its submission before which it does not start. Default 0.</summary>
    public int StartAfter { get; init; }

    /// <summary>Seconds after its submission by which it is wanted to have ended; 0, the default, for any time. Said and watched, and moves nobody else.</summary>
    public int Deadline { get; init; }

    /// <summary>Seconds that its islands may take to start; then all are released and it is placed anew. Default 300.</summary>
    public int StartTimeout { get; init; } = 300;

    /// <summary>Seconds that its run goes on with fewer islands than <see cref="IslandsLeast"/> while a replacement is sought; then it is saved and placed anew. 0 for any time; default 600.</summary>
    public int ReplaceWithin { get; init; } = 600;

    /// <summary>The ready trainer; null where <see cref="Command"/> is the user's own program.</summary>
    public TrainerSpecification? Trainer { get; init; }

    /// <summary>The user's own program and its arguments; empty where <see cref="Trainer"/> names a recipe.</summary>
    public ImmutableArray<string> Command { get; init; } = [];

    /// <summary>The folder that <see cref="Command"/> starts in at every site, an absolute path; null where each start gets a new, empty one.</summary>
    public string? Directory { get; init; }

    /// <summary>The data; null where the program brings its own.</summary>
    public DataSpecification? Data { get; init; }

    /// <summary>How the islands merge.</summary>
    public SyncSpecification Sync { get; init; } = new();

    /// <summary>What is reserved between each two of its islands; null for nothing.</summary>
    public WanSpecification? Wan { get; init; }

    /// <summary>When the job is done.</summary>
    public required BudgetSpecification Budget { get; init; }

    /// <summary>How often its state is saved, and what is kept.</summary>
    public CheckpointSpecification Checkpoint { get; init; } = new();

    /// <summary>The processes of one island.</summary>
    public IslandSpecification Island { get; init; } = new();

    /// <summary>The lanes that the model is merged in; null where it is merged as a whole.</summary>
    public LaneSpecification? Lanes { get; init; }

    /// <summary>Gangs of other shapes that start with its islands or not at all, by the names of their roles; default none.</summary>
    public ImmutableSortedDictionary<string, RoleSpecification> Roles { get; init; } = ImmutableSortedDictionary.Create<string, RoleSpecification>(StringComparer.Ordinal);

    /// <summary>Gangs of all its roles.</summary>
    [JsonIgnore]
    public int RoleGangs => Roles.Values.Sum(static role => role.Count);

    /// <summary>Lanes that the model is merged in, at least 1.</summary>
    [JsonIgnore]
    public int LaneCount => Lanes?.Tensors.Length ?? 1;

    /// <summary>The seed of the initial model and of the order of the data. Default 1.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>How often a crashed trainer is started again at each island before the job fails. 0 to 100, default 3.</summary>
    public int TrainerRestartsMax { get; init; } = 3;

    /// <summary>Islands that it has where all have room.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public int IslandsMax => Sites.IsDefaultOrEmpty ? SiteCount : Sites.Length;

    /// <summary>Islands that it has at the least.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public int IslandsLeast => IslandsMin == 0 ? IslandsMax : Math.Min(IslandsMin, IslandsMax);

    /// <summary>Accelerators that each island has at the least.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public int AcceleratorsLeast => AcceleratorsMin == 0 ? Accelerators : Math.Min(AcceleratorsMin, Accelerators);

    /// <summary>Environment variables that every trainer process gets in addition.</summary>
    public ImmutableSortedDictionary<string, string> Environment { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>Trainer processes of an island.</summary>
    /// <param name="island">The island, by its site's name.</param>
    public int ProcessesAt(string island) => Lanes is { } lanes && lanes.Apart.Contains(island) ? LaneCount : Island.Processes;
}

/// <summary>The lanes that a model is merged in, each by bridges of its own. Immutable.</summary>
public sealed record LaneSpecification
{
    /// <summary>For each lane the patterns of its tensors' names, apart by blanks.</summary>
    public required ImmutableArray<string> Tensors { get; init; }

    /// <summary>Sites whose islands run a process for each lane; the others run one process that has all.</summary>
    public ImmutableArray<string> Apart { get; init; } = [];
}

/// <summary>Which of the racks and nodes with room gangs get.</summary>
public enum JobPlacement
{
    /// <summary>The fullest, so that whole ones stay free.</summary>
    Pack,

    /// <summary>The emptiest.</summary>
    Spread,
}

/// <summary>What kind of work a job is.</summary>
public enum JobKind
{
    /// <summary>Trains a model from its initial state.</summary>
    Pretrain,

    /// <summary>Trains a model further.</summary>
    Finetune,
}

/// <summary>A trainer that ships with Superfactory, and its settings.</summary>
public sealed record TrainerSpecification
{
    /// <summary>The recipe by name; <c>pretrain</c> is <c>python/recipes/pretrain.py</c>.</summary>
    public required string Recipe { get; init; }

    /// <summary>The shape of the model.</summary>
    public ModelSpecification Model { get; init; } = new();

    /// <summary>Samples per step and island. Default 16.</summary>
    public int Batch { get; init; } = 16;

    /// <summary>The peak learning rate of AdamW. Default 2e-3.</summary>
    public double LearningRate { get; init; } = 2e-3;

    /// <summary>The share of the run over which the learning rate rises from 0. 0 to 1, default 0.05.</summary>
    public double Warmup { get; init; } = 0.05;

    /// <summary>The learning rate at the end, as a share of the peak. 0 to 1, default 0.05.</summary>
    public double FinalLearningRate { get; init; } = 0.05;

    /// <summary>AdamW's decoupled weight decay. Default 0.1.</summary>
    public double WeightDecay { get; init; } = 0.1;

    /// <summary>The largest global L2 norm of the gradient; larger ones are scaled down to it. Default 1.</summary>
    public double Clip { get; init; } = 1.0;

    /// <summary>Sequences that the validation loss is taken over. Default 64.</summary>
    public int ValidationSamples { get; init; } = 64;
}

/// <summary>The shape of a decoder-only transformer.</summary>
public sealed record ModelSpecification
{
    /// <summary>Transformer layers. Default 4.</summary>
    public int Layers { get; init; } = 4;

    /// <summary>The width of the residual stream; a multiple of <see cref="Heads"/>. Default 128.</summary>
    public int Hidden { get; init; } = 128;

    /// <summary>Attention heads. Default 4.</summary>
    public int Heads { get; init; } = 4;

    /// <summary>Tokens in a sample. Default 128.</summary>
    public int Context { get; init; } = 128;

    /// <summary>The width inside the feed-forward part; 0 takes 8/3 of the hidden width, rounded up to a multiple of 32.</summary>
    public int Intermediate { get; init; }
}

/// <summary>Which data the job trains on.</summary>
public sealed record DataSpecification
{
    /// <summary>The corpus by name, as <c>superfactory data prepare</c> made it at each site.</summary>
    public required string Corpus { get; init; }
}

/// <summary>When a job is done. Exactly one of the two is set.</summary>
public sealed record BudgetSpecification
{
    /// <summary>Steps of each island, with all its islands; 0 where <see cref="Samples"/> says it.</summary>
    public long Steps { get; init; }

    /// <summary>Samples over all islands; 0 where <see cref="Steps"/> says it.</summary>
    public long Samples { get; init; }
}

/// <summary>The processes of one island.</summary>
public sealed record IslandSpecification
{
    /// <summary>Trainer processes, started with the environment that torchrun gives. 1 to 64, default 1.</summary>
    public int Processes { get; init; } = 1;

    /// <summary>Threads of each process; 0 shares the site's cores evenly.</summary>
    public int Threads { get; init; }
}
