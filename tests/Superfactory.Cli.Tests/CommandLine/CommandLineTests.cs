using System.Text.Json;
using Superfactory.Cli.CommandLine;

namespace Superfactory.Cli.Tests.CommandLine;

/// <summary>The command line as a process: help, mistakes and exit codes.</summary>
public sealed class CommandLineTests : IDisposable
{
    /// <summary>Nothing listens there: port 1 needs rights that no test has a use for.</summary>
    private const string Nowhere = "http://127.0.0.1:1";

    private readonly TemporaryDirectory _directory = new();

    [Fact]
    public async Task Help_lists_every_command_for_users_and_no_internal_one()
    {
        var ran = await CommandProcess.RunAsync("--help");

        ran.ExitCode.ShouldBe(0);
        foreach (var command in new[] { "demo", "up", "control", "site", "submit", "jobs", "job", "logs", "cancel", "sites", "data", "certificates", "bench", "lab", "version" })
        {
            ran.Output.ShouldContain($"\n  {command}");
        }

        ran.Output.ShouldNotContain("internal");
    }

    [Fact]
    public async Task Version_is_shown_as_text_and_as_JSON()
    {
        (await CommandProcess.RunAsync("version")).Output.ShouldStartWith("superfactory 0.");
        var json = await CommandProcess.RunAsync("version", "--json");
        JsonDocument.Parse(json.Output).RootElement.GetProperty("protocol").GetInt32().ShouldBe(1);
    }

    [Theory]
    [InlineData("superfactory: 'dmeo' is no command of 'superfactory': expected one of {commands}. Did you mean 'demo'?", "dmeo")]
    [InlineData("superfactory: '--stepz' is no option of 'superfactory demo'. Did you mean '--steps'?", "demo", "--stepz", "3")]
    [InlineData("superfactory: '--jsn' is no option of 'superfactory jobs'. Did you mean '--json'?", "jobs", "--jsn")]
    [InlineData("superfactory: '--controll' is no option of 'superfactory data list'. Did you mean '--control'?", "data", "list", "--controll=x")]
    [InlineData("superfactory: 'prepar' is no command of 'superfactory data': expected one of prepare, list, verify. Did you mean 'prepare'?", "data", "prepar")]
    [InlineData("superfactory: A command is missing after 'superfactory data': expected one of prepare, list, verify. See 'superfactory data --help'.", "data")]
    [InlineData("superfactory: 'extra' is one argument too many for 'superfactory jobs'. See 'superfactory jobs --help'.", "jobs", "extra")]
    [InlineData("superfactory: --sites: '9' is no whole number from 2 to 8. See 'superfactory demo --help'.", "demo", "--sites", "9")]
    [InlineData("superfactory: --steps: 'many' is no whole number from 1 to 1000000. See 'superfactory demo --help'.", "demo", "--steps", "many")]
    [InlineData("superfactory: --mode: 'dilco' is none of every-step, diloco, streaming, auto. Did you mean 'diloco'? See 'superfactory demo --help'.", "demo", "--mode", "dilco")]
    [InlineData("superfactory: 'seven' is no number of a job: expected a whole number from 1, as 'superfactory jobs' lists it. See 'superfactory job --help'.", "job", "seven")]
    [InlineData("superfactory: A command is missing after 'superfactory bench': expected one of codec, merge, training, schedule, reroute. See 'superfactory bench --help'.", "bench")]
    [InlineData("superfactory: A command is missing after 'superfactory lab': expected one of up, run, cut, restore, set, status, down. See 'superfactory lab --help'.", "lab")]
    [InlineData("superfactory: --rtt: '80' is no time. Expected a number and a unit, us, ms or s, such as 14ms. Did you mean '80ms'? See 'superfactory lab set --help'.", "lab", "set", "a", "b", "--rtt", "80")]
    [InlineData("superfactory: --wan: Loopback has no links that could be cut. Name a link, such as 100mbit,20ms.", "bench", "reroute", "--wan", "none")]
    [InlineData("superfactory: --mib: '0' is no whole number from 1 to 1024. See 'superfactory bench codec --help'.", "bench", "codec", "--mib", "0")]
    [InlineData("superfactory: --repeat: 'often' is no whole number from 1 to 1000. See 'superfactory bench codec --help'.", "bench", "codec", "--repeat", "often")]
    [InlineData("superfactory: --threads: '-1' is no whole number from 1 to 64. See 'superfactory bench codec --help'.", "bench", "codec", "--threads", "-1")]
    [InlineData("superfactory: --control: '127.0.0.1:7400' is no address of a control plane: expected a URL such as http://127.0.0.1:7400. Did you mean 'http://127.0.0.1:7400'?", "jobs", "--control", "127.0.0.1:7400")]
    public async Task Mistake_on_the_command_line_gets_one_message_and_exit_code_2(string message, params string[] arguments)
    {
        var ran = await CommandProcess.RunAsync(arguments);

        var commands = string.Join(", ", CommandTree.Create(new Terminal(TextWriter.Null, TextWriter.Null, isInteractive: false)).Subcommands
            .Where(static command => !command.Hidden).Select(static command => command.Name));
        ran.Message.ShouldBe(message.Replace("{commands}", commands, StringComparison.Ordinal));
        ran.Output.ShouldBeEmpty();
        ran.ExitCode.ShouldBe(2);
    }

    [Theory]
    [InlineData("demo", "--wan", "100mbits")]
    [InlineData("up", "--wan", "fast,14ms")]
    [InlineData("site", "--name", "atlanta", "--wan", "100mbit,14")]
    public async Task Wrong_link_is_refused_with_exit_code_2(params string[] arguments)
    {
        var ran = await CommandProcess.RunAsync(arguments);

        ran.Message.ShouldStartWith("superfactory: --wan: ");
        ran.Message.ShouldNotContain("\n");
        ran.ExitCode.ShouldBe(2);
    }

    [Theory]
    [InlineData("site")]
    [InlineData("submit")]
    [InlineData("job")]
    public async Task Missing_argument_is_named_with_exit_code_2(string command)
    {
        var ran = await CommandProcess.RunAsync(command);

        ran.Message.ShouldStartWith("superfactory: ");
        ran.Message.ShouldEndWith($"See 'superfactory {command} --help'.");
        ran.ExitCode.ShouldBe(2);
    }

    [Theory]
    [InlineData("jobs")]
    [InlineData("sites")]
    [InlineData("job", "1")]
    [InlineData("logs", "1")]
    [InlineData("cancel", "1")]
    public async Task Control_plane_that_is_not_there_gives_exit_code_3_and_what_to_do(params string[] arguments)
    {
        var ran = await CommandProcess.RunAsync([.. arguments, "--control", Nowhere]);

        ran.Message.ShouldStartWith($"superfactory: The control plane at {Nowhere}/ cannot be reached: ");
        ran.Message.ShouldContain("superfactory up");
        ran.ExitCode.ShouldBe(3);
    }

    [Fact]
    public async Task Job_file_that_is_not_there_is_named_with_a_near_match()
    {
        _directory.Write("job.yaml", "name: x");

        var ran = await CommandProcess.RunAsync(["submit", "jbo.yaml"], _directory.Root);

        ran.Message.ShouldBe("superfactory: jbo.yaml: There is no such file. Did you mean 'job.yaml'?");
        ran.ExitCode.ShouldBe(2);
    }

    [Fact]
    public async Task Every_problem_of_a_job_file_is_shown_with_its_line_and_no_control_plane_is_needed()
    {
        _directory.Write("job.yaml", """
            name: docs-gpt
            kind: pretrain
            sites: [wisconsin, atlanta]
            trainer: {recipe: pretrain, batch: -16}
            data: {corpus: dotnet-docs}
            sync: {mode: diloco, evry: 30}
            budget: {steps: many}
            """);

        var ran = await CommandProcess.RunAsync(["submit", "job.yaml", "--control", Nowhere], _directory.Root);

        var lines = ran.Message.Split('\n');
        lines.Length.ShouldBe(3);
        lines[0].ShouldStartWith("superfactory: job.yaml:4: trainer.batch: ");
        lines[1].ShouldStartWith("superfactory: job.yaml:6: sync.evry: ");
        lines[1].ShouldContain("Did you mean 'every'?");
        lines[2].ShouldStartWith("superfactory: job.yaml:7: budget.steps: ");
        ran.ExitCode.ShouldBe(2);
    }

    [Fact]
    public async Task Good_job_file_needs_a_control_plane()
    {
        var ran = await CommandProcess.RunAsync("submit", "examples/pretrain-two-sites.yaml", "--control", Nowhere);

        ran.Message.ShouldStartWith("superfactory: The control plane at ");
        ran.ExitCode.ShouldBe(3);
    }

    [Fact]
    public async Task Report_that_cannot_be_written_is_known_before_the_training()
    {
        var ran = await CommandProcess.RunAsync("demo", "--json", _directory.Combine("nowhere", "out.json"));

        ran.Message.ShouldContain("--json");
        ran.ExitCode.ShouldBe(2);
    }

    public void Dispose() => _directory.Dispose();
}
