using Superfactory.Cli.Demo;
using Superfactory.Model.Jobs;

namespace Superfactory.Cli.Tests.Demo;

public sealed class DemoJobTests
{
    private static readonly JobSpecification _example = JobFile.Parse(
        File.ReadAllText(Path.Combine(CommandLine.CommandProcess.Home, DemoOptions.JobFile)), DemoOptions.JobFile).Value!;

    [Fact]
    public void Defaults_leave_the_example_as_it_is() =>
        JobFile.Write(_example.With(new DemoOptions { Sites = 2 })).ShouldBe(JobFile.Write(_example));

    [Fact]
    public void Options_take_the_place_of_what_the_file_says()
    {
        var job = _example.With(new DemoOptions { Sites = 3, Steps = 100, Seed = 9 });

        job.Sites.ShouldBe(["wisconsin", "atlanta", "iowa"]);
        job.Budget.ShouldBe(new BudgetSpecification { Steps = 100 });
        job.Seed.ShouldBe(9);
        job.Sync.ShouldBe(_example.Sync);
    }

    [Fact]
    public void Other_mode_gets_its_own_defaults()
    {
        var job = _example.With(new DemoOptions { Sites = 2, Mode = SyncMode.EveryStep });

        job.Sync.Every.ShouldBe(1);
        job.Sync.Format.ShouldBe(NumberFormat.Bf16);
    }

    [Fact]
    public void Run_shorter_than_a_round_still_merges_twice() =>
        _example.With(new DemoOptions { Sites = 2, Steps = 20 }).Sync.Every.ShouldBe(10);

    [Theory]
    [InlineData(2, null, null)]
    [InlineData(8, SyncMode.EveryStep, 5)]
    [InlineData(5, SyncMode.Diloco, 1)]
    public void Every_demo_s_job_is_a_job_that_the_control_plane_reads_the_same(int sites, SyncMode? mode, int? steps)
    {
        var job = _example.With(new DemoOptions { Sites = sites, Mode = mode, Steps = steps });

        JobFile.Write(JobFile.Parse(JobFile.Write(job), null).Value.ShouldNotBeNull()).ShouldBe(JobFile.Write(job));
    }
}
