using Superfactory.Model.Jobs;
using Superfactory.Model.Units;

namespace Superfactory.Model.Tests.Jobs;

/// <summary>The section <c>wan</c> of a job file.</summary>
public sealed class JobWanTests
{
    [Fact]
    public void A_rate_is_read_with_its_unit_and_written_as_it_was_read()
    {
        var job = Parse("{rate: 40mbit}").Value!;

        job.Wan!.Rate.ShouldBe(new Bandwidth(40_000_000));
        job.Wan.BytesPerSecond.ShouldBe(5_000_000);
        JobFile.Parse(JobFile.Write(job), null).Value!.Wan.ShouldBe(job.Wan);
        Parse(null).Value!.Wan.ShouldBeNull();
    }

    [Fact]
    public void A_rate_in_bytes_is_rounded_up() => Parse("{rate: 9bit}").Value!.Wan!.BytesPerSecond.ShouldBe(2);

    [Fact]
    public void Parameters_and_a_step_are_kept_for_the_submission()
    {
        var wan = Parse("{parameters: 1300, step: 0.25}").Value!.Wan!;

        wan.ShouldBe(new WanSpecification { Parameters = 1300, Step = 0.25 });
        wan.BytesPerSecond.ShouldBe(0);
    }

    [Theory]
    [InlineData("{rate: 40}", "wan.rate", "'40' is no bandwidth.")]
    [InlineData("{rate: 40MB}", "wan.rate", "'40MB' is no bandwidth.")]
    [InlineData("{rate: -1mbit}", "wan.rate", "A bandwidth of '-1mbit' carries nothing.")]
    [InlineData("{rate: [40mbit]}", "wan.rate", "Expected a rate, such as 40mbit or 1.5gbit, but found a list.")]
    [InlineData("{}", "wan", "Expected 'rate', or 'parameters' and 'step'")]
    [InlineData("{parameters: 3}", "wan", "Expected 'rate', or 'parameters' and 'step'")]
    [InlineData("{parameters: 3, step: 0}", "wan.step", "Expected a number of seconds, 0.001 to 3,600, but found '0'.")]
    [InlineData("40mbit", "wan", "Expected fields under it, such as rate, but found '40mbit'.")]
    public void What_is_no_rate_is_refused_by_its_line(string wan, string field, string why)
    {
        var problem = Parse(wan).Problems.ShouldHaveSingleItem();

        problem.Field.ShouldBe(field);
        problem.Line.ShouldBe(3);
        problem.Message.ShouldStartWith(why);
    }

    [Theory]
    [InlineData("1")]
    [InlineData("[a]")]
    public void A_job_with_one_island_has_nothing_to_reserve(string sites)
    {
        var problem = JobFile.Parse($"name: a\nsites: {sites}\nwan: {{rate: 40mbit}}\ncommand: [a]\nbudget: {{steps: 1}}\n", "job.yaml").Problems.ShouldHaveSingleItem();

        problem.ToString().ShouldBe("job.yaml:3: wan: A job with one island sends nothing between sites. Remove the section, or name more sites.");
    }

    private static Outcome<JobSpecification> Parse(string? wan) =>
        JobFile.Parse($"name: a\nsites: [a, b]\n{(wan is null ? string.Empty : $"wan: {wan}\n")}command: [a]\nbudget: {{steps: 1}}\n", null);
}
