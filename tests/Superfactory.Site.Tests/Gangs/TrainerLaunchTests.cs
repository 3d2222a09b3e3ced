using Superfactory.Model.Jobs;
using Superfactory.Site.Gangs;
using Superfactory.Site.Processes;
using Superfactory.Site.Tests.Support;

namespace Superfactory.Site.Tests.Gangs;

/// <summary>What the trainers of an island are told of what it got.</summary>
public sealed class TrainerLaunchTests
{
    [Theory]
    [InlineData(null, 0, "8", "4")]
    [InlineData(2, 0, "2", "4")]
    [InlineData(null, 6, "8", "6")]
    [InlineData(4, 6, "4", "3")]
    [InlineData(1, 6, "1", "1")]
    public void Trainers_of_an_island_of_a_range_are_told_how_many_accelerators_it_has_and_take_that_part_of_the_threads(int? has, int threads, string accelerators, string expected)
    {
        var job = GangFixture.Job(string.Empty, "train") with { Accelerators = 8, AcceleratorsMin = 1, Island = new IslandSpecification { Threads = threads } };
        var plan = TrainerLaunch.Plan(
            new GangSpecification
            {
                Assignment = GangFixture.Assignment(job) with { Accelerators = has }, GangDirectory = "/gang", RuntimeDirectory = "/run/gang", OutputDirectory = "/output", GatewaySocket = "/none",
                PythonDirectory = "/python", Cores = 4, Self = SelfCommand.Running(),
            },
            ["train"], rank: 0, port: 1);

        plan.Environment["SUPERFACTORY_ACCELERATORS"].ShouldBe(accelerators);
        plan.Environment["OMP_NUM_THREADS"].ShouldBe(expected);
    }
}
