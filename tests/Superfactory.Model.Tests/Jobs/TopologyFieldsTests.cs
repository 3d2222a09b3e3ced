using Superfactory.Model.Fleet;
using Superfactory.Model.Jobs;

namespace Superfactory.Model.Tests.Jobs;

/// <summary>The fields of a job file, and of its roles, that say where gangs lie and what stopping them costs.</summary>
public sealed class TopologyFieldsTests
{
    private const string Job = "name: a\nsites: 2\nbudget: {steps: 10}\ncommand: [a]\ndirectory: /srv/a\n";

    [Fact]
    public void What_gangs_ask_of_topology_is_read_and_written_back()
    {
        var read = JobFile.Parse(Job + "within: row\nplacement: spread\nrestart_cost: 90\nroles: {r: {command: [b], within: rack, placement: spread, preferred_sites: [south, north]}, s: {command: [c]}}\n", null).Value!;

        foreach (var job in new[] { read, JobFile.Parse(JobFile.Write(read), null).Value! })
        {
            (job.Within, job.Placement, job.RestartCost).ShouldBe((Within.Row, JobPlacement.Spread, 90));
            (job.Roles["r"].Within, job.Roles["r"].Placement, job.Roles["s"].Within, job.Roles["s"].Placement).ShouldBe((Within.Rack, JobPlacement.Spread, Within.Site, JobPlacement.Pack));
            job.Roles["r"].PreferredSites.ShouldBe(["south", "north"]);
            job.Roles["s"].PreferredSites.ShouldBeEmpty();
            RoleSpecification.Gang(job, "r").Within.ShouldBe(Within.Rack);
        }
    }

    [Theory]
    [InlineData("within: rows\n", "job.yaml:6: within: Expected site, floor, row or rack, but found 'rows'. Did you mean 'row'?")]
    [InlineData("within: [rack, row]\n", "job.yaml:6: within: Expected site, floor, row or rack, but found a list.")]
    [InlineData("placement: scatter\n", "job.yaml:6: placement: Expected pack or spread, but found 'scatter'.")]
    [InlineData("restart_cost: 2min\n", "job.yaml:6: restart_cost: Expected a whole number of seconds, 0 to 86,400, but found '2min'. Write the number alone, 2: the unit is seconds.")]
    [InlineData("within: row\nplacement: pack\nwithin: rack\n", "job.yaml:8: within: The field stands in the file twice, first on line 6. Expected it once.")]
    [InlineData("roles: {r: {command: [b], within: hall}}\n", "job.yaml:6: roles.r.within: Expected site, floor, row or rack, but found 'hall'.")]
    [InlineData("roles: {r: {command: [b], preferred_sites: south}}\n", "job.yaml:6: roles.r.preferred_sites: Expected a list of site names such as [wisconsin, atlanta], but found 'south'.")]
    public void What_makes_no_sense_is_refused_with_its_line(string more, string expected) => JobFile.Parse(Job + more, "job.yaml").Problems.ShouldHaveSingleItem().ToString().ShouldBe(expected);
}
