using Superfactory.Model.Jobs;

namespace Superfactory.Model.Tests.Jobs;

public sealed class JobDirectoryTests
{
    private const string Command = "name: a\nsites: 1\ncommand: [python3, train.py]\nbudget: {steps: 1}\n";

    [Fact]
    public void Command_starts_in_the_folder_of_the_job_file() =>
        JobFile.Parse(Command, "job.yaml", "/srv/jobs").Value!.Directory.ShouldBe("/srv/jobs");

    [Fact]
    public void Directory_in_the_file_comes_before_the_folder_of_the_file() =>
        JobFile.Parse(Command + "directory: /srv/model\n", "job.yaml", "/srv/jobs").Value!.Directory.ShouldBe("/srv/model");

    [Fact]
    public void Recipe_needs_no_folder() =>
        JobFile.Parse("name: a\nsites: 1\ntrainer: {recipe: pretrain}\ndata: {corpus: c}\nbudget: {steps: 1}\n", "job.yaml", "/srv/jobs").Value!.Directory.ShouldBeNull();

    [Fact]
    public void Relative_directory_is_refused_where_it_stands()
    {
        var problem = JobFile.Parse(Command + "directory: model\n", "job.yaml").Problems.ShouldHaveSingleItem();
        problem.Line.ShouldBe(5);
        problem.Field.ShouldBe("directory");
        problem.Message.ShouldContain("an absolute path");
    }
}
