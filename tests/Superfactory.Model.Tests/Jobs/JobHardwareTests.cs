using System.Text.Json;
using Superfactory.Model.Jobs;

namespace Superfactory.Model.Tests.Jobs;

/// <summary>The fields <c>hardware</c> and <c>memory</c> of a job file.</summary>
public sealed class JobHardwareTests
{
    private const string Job = "name: a\nsites: 2\nbudget: {steps: 10}\ncommand: [a]\ndirectory: /srv/a\n";

    [Theory]
    [InlineData("", new[] { "cpu" }, new[] { "cpu" })]
    [InlineData("hardware: hgx-h100\n", new[] { "hgx-h100" }, new[] { "hgx-h100" })]
    [InlineData("hardware: [hgx-b200, hgx-h100, gb200-nvl72]\nmemory: 100\n", new[] { "hgx-b200", "hgx-h100", "gb200-nvl72" }, new[] { "hgx-b200", "gb200-nvl72" })]
    [InlineData("hardware: any\nmemory: 180\n", new string[0], new[] { "gb200-nvl72", "gb300-nvl72", "hgx-b200" })]
    public void Hardware_is_read_in_its_order_and_written_back(string more, string[] named, string[] accepted)
    {
        var job = JobFile.Parse(Job + more, null).Value!;

        job.Hardware.ShouldBe(named);
        job.Kinds.ShouldBe(accepted);
        JobFile.Parse(JobFile.Write(job), null).Value!.Hardware.ShouldBe(named);
        JsonSerializer.Deserialize<JobSpecification>(JsonSerializer.Serialize(job, FactoryJson.Options), FactoryJson.Options)!.Hardware.ShouldBe(named);
    }

    [Fact]
    public void Specification_that_an_earlier_version_wrote_is_read() =>
        JsonSerializer.Deserialize<JobSpecification>("""{"name":"a","hardware":"hgx-h100","budget":{"steps":1}}""", FactoryJson.Options)!.Hardware.ShouldBe(["hgx-h100"]);

    [Theory]
    [InlineData("hardware: [hgx-h100, hgx-h10]\n", 6, "hardware[1]", "Expected gb200-nvl72, gb300-nvl72, hgx-h100, hgx-b200 or cpu, but found 'hgx-h10'. Did you mean 'hgx-h100'?")]
    [InlineData("hardware: [hgx-h100, hgx-h100]\n", 6, "hardware[1]", "The kind 'hgx-h100' stands in the list twice.")]
    [InlineData("hardware: []\n", 6, "hardware", "Write any for any kind but processors.")]
    [InlineData("hardware: {a: b}\n", 6, "hardware", "Expected gb200-nvl72, gb300-nvl72, hgx-h100, hgx-b200, cpu, a list of these, or any, but found")]
    [InlineData("hardware: hgx-h100\nmemory: 100\n", 7, "memory", "No kind of hardware that the job takes has 100 GB. Expected at most 80, as hgx-h100 has.")]
    [InlineData("memory: 5\n", 6, "memory", "Expected at most 4, as cpu has.")]
    [InlineData("hardware: any\nmemory: 1000\n", 7, "memory", "Expected at most 279, as gb300-nvl72 has.")]
    public void Hardware_that_makes_no_sense_is_refused_by_its_line(string more, int line, string field, string why)
    {
        var problem = JobFile.Parse(Job + more, "job.yaml").Problems.ShouldHaveSingleItem();
        (problem.Line, problem.Field).ShouldBe((line, field));
        problem.ToString().ShouldContain(why);
    }
}
