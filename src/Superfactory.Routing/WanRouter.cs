using System.Collections.Immutable;
using Superfactory.Model;
using Superfactory.Routing.Filling;
using Superfactory.Routing.Flows;

namespace Superfactory.Routing;

/// <summary>
/// Finds paths and rates. First every class behind the first that wants anything is kept its floor: the max-min fair rates that it
/// would have if every link carried that share alone. Then, class by class in priority, all demands of the class get the max-min fair
/// rates that the links allow, where no demand gets less than its floor, every demand of a class before keeps its rate, and all may
/// be rerouted to make room. Max-min fair: no demand can have more without another that has no more than it getting less.
/// Among the ways that carry these rates those are taken whose bytes are the shortest time under way.
/// </summary>
/// <remarks>
/// Pure and deterministic: the same sites, links and demands in any order get the same paths and rates. Safe to call from several
/// threads at once. The rates are those of the optimum to 1e-7 of the largest link, rounded to whole bytes per second.
/// </remarks>
public static class WanRouter
{
    // Pivots × links, of each set of flows: 20 sites with 40 links need 0.3 million, the full mesh of 20 sites some 10 to 20 million,
    // which take seconds. It only keeps a problem that nobody thought of from taking a processor for good.
    private const long WorkMax = 40_000_000;

    /// <summary>Finds paths and rates.</summary>
    /// <returns>What each demand gets, in the order of the problem's demands; or every problem with the input.</returns>
    public static Outcome<WanPlan> Route(WanProblem problem) => Route(problem, WorkMax);

    internal static Outcome<WanPlan> Route(WanProblem problem, long workMax)
    {
        ArgumentNullException.ThrowIfNull(problem);
        var problems = ProblemCheck.Check(problem);
        if (!problems.IsEmpty)
        {
            return new Outcome<WanPlan>(problems);
        }

        var network = new Network(problem);
        var demands = DemandTable.Of(problem, network);
        var flows = WaterFilling.Fill(network, demands, problem.Floors, workMax, out var optimal);
        return new Outcome<WanPlan>(PlanWriter.Write(problem, network, demands, flows) with { IsOptimal = optimal });
    }
}
