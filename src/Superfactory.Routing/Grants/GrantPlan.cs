using System.Collections.Immutable;
using Superfactory.Model.Wan;

namespace Superfactory.Routing.Grants;

/// <summary>What is granted, and what the next plan has to know. Immutable.</summary>
public sealed record GrantPlan
{
    /// <summary>Nothing is granted and nothing was wanted.</summary>
    public static GrantPlan Empty { get; } = new();

    /// <summary>
    /// The grants, by sender, receiver and class. Traffic that has none takes the best way there is without a limit: that is how it is
    /// wherever nothing competes, so that a grant never holds back who is alone.
    /// </summary>
    public ImmutableArray<WanRoute> Routes { get; init; } = [];

    /// <summary>What was wanted lately, which fades: traffic comes in bursts, and grants should not come and go with them.</summary>
    public ImmutableArray<WanDemand> Recent { get; init; } = [];

    /// <summary>Whether the rates are the optimum for what was reported.</summary>
    public bool IsOptimal { get; init; } = true;
}
