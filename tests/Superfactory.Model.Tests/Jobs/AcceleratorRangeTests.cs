using System.Text.Json;
using System.Text.Json.Nodes;
using Superfactory.Model.Jobs;

namespace Superfactory.Model.Tests.Jobs;

/// <summary>The field <c>accelerators_min</c> of a job file.</summary>
public sealed class AcceleratorRangeTests
{
    private const string Job = "name: a\nbudget: {steps: 10}\ncommand: [a]\ndirectory: /srv/a\nsites: 2\n";

    [Fact]
    public void Range_of_accelerators_is_read_and_written_back()
    {
        var job = JobFile.Parse(Job + "accelerators: 64\naccelerators_min: 16\n", null).Value!;

        (job.Accelerators, job.AcceleratorsMin, job.AcceleratorsLeast).ShouldBe((64, 16, 16));
        JobFile.Parse(JobFile.Write(job), null).Value!.AcceleratorsMin.ShouldBe(16);
        JsonSerializer.Deserialize<JobSpecification>(JsonSerializer.Serialize(job, FactoryJson.Options), FactoryJson.Options)!.AcceleratorsMin.ShouldBe(16);
    }

    [Fact]
    public void Job_without_a_range_has_as_many_as_it_says_also_where_it_was_recorded_before_there_were_ranges()
    {
        var job = JobFile.Parse(Job + "accelerators: 64\n", null).Value!;

        job.AcceleratorsLeast.ShouldBe(64);
        var recorded = JsonNode.Parse(JsonSerializer.Serialize(job, FactoryJson.Options))!.AsObject();
        recorded.Remove("accelerators_min").ShouldBeTrue();
        recorded.Deserialize<JobSpecification>(FactoryJson.Options)!.AcceleratorsLeast.ShouldBe(64);
    }

    [Theory]
    [InlineData("accelerators: 8\naccelerators_min: 9\n", "job.yaml:7: accelerators_min: Expected at most as many as an island has, 8 by 'accelerators', but found 9.")]
    [InlineData("accelerators_min: 2\n", "job.yaml:6: accelerators_min: Expected at most as many as an island has, 1 by 'accelerators', but found 2.")]
    [InlineData("accelerators: 8\naccelerators_min: -1\n", "job.yaml:7: accelerators_min: Expected a whole number of accelerators, 0 to 1,000,000, but found '-1'.")]
    public void Range_that_makes_no_sense_is_refused(string more, string problem) => JobFile.Parse(Job + more, "job.yaml").Problems.ShouldHaveSingleItem().ToString().ShouldBe(problem);
}
