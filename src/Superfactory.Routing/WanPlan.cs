using System.Collections.Immutable;
using Superfactory.Model.Wan;

namespace Superfactory.Routing;

/// <summary>What each demand gets, and on which ways. Immutable.</summary>
/// <param name="Allocations">One for each demand of the problem, in its order.</param>
public sealed record WanPlan(ImmutableArray<WanAllocation> Allocations)
{
    /// <summary>
    /// Whether the rates are the optimum. False where the problem was too large to search to the end, such as a full mesh of far more
    /// than 20 sites: then they fit the links and demands may get less than they could.
    /// </summary>
    public bool IsOptimal { get; init; } = true;
}

/// <summary>What one demand gets. Immutable.</summary>
/// <param name="Demand">The demand.</param>
/// <param name="BytesPerSecond">Its rate, the sum of its paths', in bytes per second; never more than it wants. 0 where no way leads there.</param>
/// <param name="Paths">Its ways without loops, each with a rate over 0, the fastest first.</param>
public sealed record WanAllocation(WanDemand Demand, long BytesPerSecond, ImmutableArray<WanPath> Paths);
