using Superfactory.Model.Jobs;

namespace Superfactory.Model.Tests.Jobs;

/// <summary>The field <c>preferred_sites</c> of a job file.</summary>
public sealed class PreferredSitesTests
{
    private const string Job = "name: a\nbudget: {steps: 10}\ncommand: [a]\ndirectory: /srv/a\n";

    [Fact]
    public void Preferred_sites_are_read_in_their_order_and_written_back()
    {
        var job = JobFile.Parse(Job + "sites: 2\npreferred_sites: [south, north]\n", null).Value!;

        job.PreferredSites.ShouldBe(["south", "north"]);
        JobFile.Parse(JobFile.Write(job), null).Value!.PreferredSites.ShouldBe(["south", "north"]);
    }

    [Theory]
    [InlineData("sites: [a, b]\npreferred_sites: [a]\n", "The job runs at all of the 'sites' that it names")]
    [InlineData("sites: 2\npreferred_sites: 2\n", "Expected a list of site names such as [wisconsin, atlanta], but found")]
    [InlineData("sites: 2\npreferred_sites: [a, a]\n", "The site 'a' stands in the list twice. Expected each site once.")]
    [InlineData("sites: 2\npreferred_sites: []\n", "Expected 1 to 64 sites")]
    public void Preferred_sites_that_make_no_sense_are_refused(string more, string why) => JobFile.Parse(Job + more, "job.yaml").Problems.ShouldHaveSingleItem().Message.ShouldContain(why);
}
