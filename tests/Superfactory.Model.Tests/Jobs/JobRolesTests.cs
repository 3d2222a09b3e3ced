using Superfactory.Model.Jobs;

namespace Superfactory.Model.Tests.Jobs;

/// <summary>The section <c>roles</c> of a job file.</summary>
public sealed class JobRolesTests
{
    private const string Job = "name: a\nsites: [north, south]\nbudget: {steps: 10}\ncommand: [python3, train.py]\ndirectory: /srv/a\n";
    private const string Roles = "roles:\n  rollout: {count: 20, accelerators: 4, hardware: hgx-h100, command: [python3, rollout.py], environment: {A: b}, processes: 2}\n  reward: {command: [reward]}\n";

    [Fact]
    public void Gang_of_a_role_is_a_job_of_one_island_that_merges_nothing_and_saves_nothing()
    {
        var job = JobFile.Parse(Job + Roles, null).Value!;

        job.RoleGangs.ShouldBe(21);
        var gang = RoleSpecification.Gang(job, "rollout");
        (gang.SiteCount, gang.Accelerators, gang.Hardware[0], gang.Checkpoint.Every, gang.Island.Processes).ShouldBe((1, 4, "hgx-h100", 0, 2));
        (gang.Sites.IsEmpty, gang.Roles.IsEmpty, gang.Directory).ShouldBe((true, true, "/srv/a"));
        gang.Command.ShouldBe(["python3", "rollout.py"]);
        gang.Environment["A"].ShouldBe("b");
    }

    [Fact]
    public void Job_with_roles_that_is_written_is_read_back_the_same()
    {
        var job = JobFile.Parse(Job + Roles, null).Value!;
        JobFile.Write(JobFile.Parse(JobFile.Write(job), null).Value!).ShouldBe(JobFile.Write(job));
        JobFile.Parse(JobFile.Write(job), null).Value!.Roles["rollout"].Count.ShouldBe(20);
    }

    [Theory]
    [InlineData("count: 2\n", "count", "A job with roles is no array")]
    [InlineData("islands_min: 1\n", "islands_min", "starts and gives way as a whole")]
    [InlineData("accelerators: 4\naccelerators_min: 2\n", "accelerators_min", "has islands of one size")]
    public void What_roles_do_not_go_with_is_refused_by_its_field(string more, string field, string why)
    {
        var problem = JobFile.Parse(Job + Roles + more, "job.yaml").Problems.ShouldHaveSingleItem();

        problem.Field.ShouldBe(field);
        problem.Message.ShouldContain(why);
    }

    [Theory]
    [InlineData("roles: {}\n", "roles", "Expected 1 to 16 roles")]
    [InlineData("roles: [rollout]\n", "roles", "Expected roles by name")]
    [InlineData("roles: {rollout: 4}\n", "roles.rollout", "Expected the fields of a role")]
    [InlineData("roles: {rollout: {count: 4}}\n", "roles.rollout.command", "The field is missing. Expected a list of a program")]
    [InlineData("roles: {rollout: {count: many, command: [a]}}\n", "roles.rollout.count", "Expected a whole number of gangs, 1 to 1,000")]
    [InlineData("roles: {rollout: {cout: 4, command: [a]}}\n", "roles.rollout.cout", "There is no such field. 'roles.*' has count, accelerators")]
    [InlineData("roles: {\"a b\": {command: [a]}}\n", "roles.a b", "Expected the name of a role")]
    [InlineData("roles: {islands: {command: [a]}}\n", "roles.islands", "The job's own islands have the role 'islands'")]
    [InlineData("roles: {a: {count: 600, command: [a]}, b: {count: 600, command: [b]}}\n", "roles", "at most 1,000 gangs of all roles, but found 1,200")]
    public void Roles_that_make_no_sense_are_refused(string roles, string field, string why)
    {
        var problem = JobFile.Parse(Job + roles, "job.yaml").Problems.ShouldHaveSingleItem();

        problem.Field.ShouldBe(field);
        problem.Message.ShouldContain(why);
    }
}
