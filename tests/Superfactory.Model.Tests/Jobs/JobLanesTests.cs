using Superfactory.Model.Jobs;

namespace Superfactory.Model.Tests.Jobs;

/// <summary>The section <c>lanes</c> of a job file.</summary>
public sealed class JobLanesTests
{
    private const string Job = "name: a\nsites: [north, south]\nbudget: {steps: 10}\ncommand: [python3, train.py]\ndirectory: /srv/a\n";
    private const string Lanes = "lanes: {tensors: [\"front.*\", \"back.* head\"], apart: [south]}\n";

    [Fact]
    public void Job_with_lanes_says_how_many_processes_each_site_has_and_writes_checkpoints_as_others()
    {
        var job = JobFile.Parse(Job + Lanes, null).Value!;

        job.LaneCount.ShouldBe(2);
        (job.ProcessesAt("north"), job.ProcessesAt("south")).ShouldBe((1, 2));
        job.Checkpoint.Every.ShouldBe(60);
        JobFile.Parse(Job, null).Value!.LaneCount.ShouldBe(1);
    }

    [Theory]
    [InlineData("sync: {mode: every-step}\n", "sync.mode", "in the mode diloco alone")]
    [InlineData("sync: {quorum: 1}\n", "sync.quorum", "no round closes without one")]
    [InlineData("island: {processes: 2}\n", "island.processes", "one process, or one for each lane")]
    public void What_lanes_do_not_go_with_is_refused_by_its_field(string more, string field, string why)
    {
        var problem = JobFile.Parse(Job + Lanes + more, "job.yaml").Problems.ShouldHaveSingleItem();

        problem.Field.ShouldBe(field);
        problem.Message.ShouldContain(why);
    }

    [Theory]
    [InlineData("lanes: {tensors: [\"a.*\", \"b.*\"], apart: [east]}\n", "lanes.apart", "does not run at 'east'")]
    [InlineData("lanes: {tensors: [\"a.*\", \" \"]}\n", "lanes.tensors", "A lane without patterns")]
    [InlineData("lanes: {tensors: [\"a.*\"]}\n", "lanes.tensors", "Expected 2 to 64 texts")]
    [InlineData("lanes: {tensors: front}\n", "lanes.tensors", "Expected a list of texts")]
    public void Lanes_that_make_no_sense_are_refused(string lanes, string field, string why)
    {
        var problem = JobFile.Parse(Job + lanes, "job.yaml").Problems.ShouldHaveSingleItem();

        problem.Field.ShouldBe(field);
        problem.Message.ShouldContain(why);
    }
}
