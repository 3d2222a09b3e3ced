using Superfactory.Model.Wan;
using Superfactory.Routing.Tests.Oracle;

namespace Superfactory.Routing.Tests;

/// <summary>Compares paths and rates with the optimum that GLPK finds from another formulation.</summary>
public sealed class OptimumTests
{
    private static readonly TrafficClass[] _merge = [TrafficClass.Merge];
    private static readonly TrafficClass[] _all = [TrafficClass.Control, TrafficClass.Merge, TrafficClass.Bulk];

    public static TheoryData<string, int, int> Small { get; } = new(
        Topology.Laboratory.Concat(Topology.Published).SelectMany(topology => Enumerable.Range(1, 6).Select(seed => (topology.Name, seed, 2 * seed))));

    public static TheoryData<string, int, int> Large { get; } = new(
        [("ring of five with a chord", 1, 60), ("ring of five with a chord", 2, 40), ("abilene", 1, 60), ("abilene", 2, 110), ("b4", 1, 60), ("b4", 2, 120), ("geant", 1, 40), ("geant", 2, 80)]);

    [Theory]
    [MemberData(nameof(Small))]
    public void Rates_of_up_to_12_demands_are_the_optimum_to_a_millionth(string topology, int seed, int demands)
    {
        foreach (var floors in new[] { ClassFloors.None, ClassFloors.Standard })
        {
            var problem = Named(topology).Problem(seed, demands, _all, floors);
            var plan = Routed(problem);
            var optimum = Optimum(problem);

            for (var index = 0; index < optimum.Length; index++)
            {
                // Whole bytes: each path may be rounded by half of one; and GLPK settles who gets nothing to within a tenth of one.
                Math.Abs(plan.Allocations[index].BytesPerSecond - optimum[index])
                    .ShouldBeLessThanOrEqualTo((1e-6 * optimum[index]) + Math.Max(1, plan.Allocations[index].Paths.Length), $"{problem.Demands[index]}: {optimum[index]:0.000}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Large))]
    public void Rates_of_many_demands_are_the_optimum_to_a_millionth_as_well(string topology, int seed, int demands)
    {
        var problem = Named(topology).Problem(seed, demands, seed % 2 == 1 ? _all : _merge, seed % 2 == 1 ? ClassFloors.Standard : ClassFloors.None);
        var plan = Routed(problem);
        var optimum = Optimum(problem);

        for (var index = 0; index < optimum.Length; index++)
        {
            ((double)plan.Allocations[index].BytesPerSecond).ShouldBeGreaterThanOrEqualTo(((1 - 1e-6) * optimum[index]) - 3, $"{problem.Demands[index]}");
        }

        plan.Allocations.Sum(allocation => (double)allocation.BytesPerSecond).ShouldBeGreaterThanOrEqualTo((1 - 1e-6) * optimum.Sum());
    }

    [Theory]
    [InlineData("ring of five with a chord", 3, 12)]
    [InlineData("abilene", 3, 30)]
    [InlineData("b4", 3, 30)]
    public void Bytes_are_the_shortest_time_under_way_that_the_rates_allow(string topology, int seed, int demands)
    {
        var problem = Named(topology).Problem(seed, demands, _merge);
        var plan = Routed(problem);
        SkipWithoutOracle();
        var least = MaxMinOracle.LeastUnderWay(problem, [.. plan.Allocations.Select(allocation => (double)allocation.BytesPerSecond)]);

        var links = problem.Links.ToDictionary(link => (link.From, link.To));
        var underWay = plan.Allocations.SelectMany(allocation => allocation.Paths)
            .Sum(path => path.Sites.Zip(path.Sites.Skip(1)).Sum(hop => FlowProgram.Delay(links[hop])) * path.BytesPerSecond / 1000);
        underWay.ShouldBeLessThanOrEqualTo(least * (1 + 1e-6));
    }

    private static Topology Named(string name) => Topology.Laboratory.Concat(Topology.Published).Single(topology => topology.Name == name);

    private static WanPlan Routed(WanProblem problem) => WanRouter.Route(problem).Value.ShouldNotBeNull();

    private static double[] Optimum(WanProblem problem)
    {
        SkipWithoutOracle();
        return MaxMinOracle.Rates(problem);
    }

    private static void SkipWithoutOracle()
    {
        if (!LinearProgram.IsHere)
        {
            Assert.Skip("needs glpsol to find the optimum; eng/setup --tests installs it (Debian package glpk-utils)");
        }
    }
}
