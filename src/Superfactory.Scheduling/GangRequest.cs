using System.Collections.Immutable;
using Superfactory.Model.Fleet;

namespace Superfactory.Scheduling;

/// <summary>What a job asks for: islands, each of so many accelerators at a site of its own. Times are milliseconds since 1970. Immutable.</summary>
public sealed record GangRequest
{
    /// <summary>The job, once among all that wait or run. Equal in all else, the lower number goes first.</summary>
    public required long Job { get; init; }

    /// <summary>The queue that it is charged to.</summary>
    public required string Queue { get; init; }

    /// <summary>Accelerators of each island, 1 or more; the most of them where <see cref="AcceleratorsMin"/> says that fewer do.</summary>
    public required int AcceleratorsPerIsland { get; init; }

    /// <summary>The fewest accelerators of each island: it starts with as many as there is room for without stopping anybody, by the steps of <see cref="Placing.ElasticSizes"/>. 0, the default, for <see cref="AcceleratorsPerIsland"/>.</summary>
    public int AcceleratorsMin { get; init; }

    /// <summary>Kinds of hardware in order of preference; empty takes any but processors. All islands get the same.</summary>
    public ImmutableArray<string> Hardware { get; init; } = [];

    /// <summary>Memory that an accelerator must have, in GB; default 0.</summary>
    public int MemoryGigabytes { get; init; }

    /// <summary>The fewest islands that it starts with; default 1.</summary>
    public int IslandsMin { get; init; } = 1;

    /// <summary>The most islands that it uses; default 1.</summary>
    public int IslandsMax { get; init; } = 1;

    /// <summary>What the slices of an island must share; default the site.</summary>
    public Within Within { get; init; }

    /// <summary>Whether of the domains that have room it takes the emptiest, and of the sites the one with the most free, in place of the fullest; default false.</summary>
    public bool Spread { get; init; }

    /// <summary>Sites that it may use and no others; empty for all.</summary>
    public ImmutableArray<string> Sites { get; init; } = [];

    /// <summary>Sites that it would rather have, the best first; others are used where these have no room.</summary>
    public ImmutableArray<string> PreferredSites { get; init; } = [];

    /// <summary>What each island reads when it starts: of the sites with room, after those that it prefers, those come first to which the least of it would have to be copied. Never keeps it from starting. Default none.</summary>
    public ImmutableArray<JobInput> Inputs { get; init; } = [];

    /// <summary>Gangs of other shapes that start together with its islands, or none of them does; default none.</summary>
    public ImmutableArray<RoleRequest> Roles { get; init; } = [];

    /// <summary>The share of its accelerators' peak power that it may draw, in thousandths, 1 to 1,000; default 1,000.</summary>
    public int PeakThousandths { get; init; } = 1000;

    /// <summary>The rate that each island sends to each other one, in bytes per second; default 0.</summary>
    public long WanBytesPerSecond { get; init; }

    /// <summary>Greater goes first; a job gives way to greater ones of its queue. Default 0.</summary>
    public int Priority { get; init; }

    /// <summary>When it was submitted.</summary>
    public long SubmittedMilliseconds { get; init; }

    /// <summary>When it may start; default at once.</summary>
    public long StartAfterMilliseconds { get; init; }

    /// <summary>How long it is expected to run; 0, the default, where nobody knows: then it is taken never to end by itself.</summary>
    public long DurationMilliseconds { get; init; }

    /// <summary>How long it runs undisturbed once it runs, but for failures, at most <see cref="RunningJob.MinimumRunMax"/>; default 0.</summary>
    public long MinimumRunMilliseconds { get; init; }

    /// <summary>What stopping costs beside the work since its last sealed checkpoint: saving, starting again, moving its state. Default 0.</summary>
    public long StopCostMilliseconds { get; init; }

    /// <summary>Whether its islands may have fewer accelerators than the most.</summary>
    internal bool IsElastic => AcceleratorsMin > 0 && AcceleratorsMin != AcceleratorsPerIsland;

    /// <summary>What it asks for at the least: itself where its islands are of one size.</summary>
    public GangRequest AtLeast() => IsElastic ? Of(AcceleratorsMin) : this;

    /// <summary>The same with islands of that size and no other.</summary>
    internal GangRequest Of(int accelerators) => this with { AcceleratorsPerIsland = accelerators, AcceleratorsMin = 0 };
}
