using Superfactory.Simulation.Planted;

namespace Superfactory.Simulation.Tests;

/// <summary>Checkers that see nothing prove nothing: each planted bug is caught.</summary>
public sealed class PlantedBugTests
{
    public static TheoryData<string> Names => [.. PlantedBugs.All.Select(each => each.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Planted_bug_is_caught(string name)
    {
        var bug = PlantedBugs.Find(name)!.Value;
        var caught = Enumerable.Range(0, 2_000).Select(schedule => Schedule.Run(77, schedule, bug)).FirstOrDefault(result => result.Violation is not null);

        caught.ShouldNotBeNull();
        Schedule.Run(77, caught.Schedule, bug).Violation.ShouldBe(caught.Violation);
    }

    [Fact]
    public void Name_of_no_bug_finds_none() => PlantedBugs.Find("no-such-bug").ShouldBeNull();
}
