using System.Text.Json;
using Superfactory.Cli.CommandLine;
using Superfactory.Cli.Tests.CommandLine;

namespace Superfactory.Cli.Tests;

/// <summary><c>superfactory fleet</c>, in this process.</summary>
public sealed class FleetCommandTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    [Fact]
    public void A_valid_fleet_is_counted()
    {
        var (code, output, _) = Run("fleet", "check", Example("fairwater-like"));
        (code, output).ShouldBe((0, "fairwater-like is valid: 2 sites, 4,446 racks, 320,112 accelerators, 284,544 schedulable.\n"));
    }

    [Fact]
    public void A_fleet_with_mistakes_gets_a_line_for_each_and_exit_code_2()
    {
        var file = _directory.Write("fleet.yaml", "name: a\nsites:\n  - {name: s, racks: {hardware: abacus}}\n  - {name: s, racks: {hardware: cpu, power: 1W}}\n");
        var (code, output, error) = Run("fleet", "show", file);
        (code, output).ShouldBe((2, string.Empty));
        error.TrimEnd().Split('\n').Select(line => line[$"superfactory: {file}:".Length..].Split(": ")[0] + " " + line.Split(": ")[2])
            .ShouldBe(["3 sites[0].racks.hardware", "4 sites[1].name", "4 sites[1].racks.power"]);
    }

    [Fact]
    public void A_file_that_is_not_there_gives_exit_code_2()
    {
        var (code, _, error) = Run("fleet", "check", "/no/such.yaml");
        (code, error).ShouldBe((2, "superfactory: /no/such.yaml: There is no such file. Ready ones are in examples/fleets.\n"));
    }

    [Theory]
    [InlineData("laptop")]
    [InlineData("two-slurm-clusters")]
    [InlineData("fairwater-like")]
    public void The_drawing_shows_sites_rows_power_and_the_sources_of_figures(string name)
    {
        var (code, output, _) = Run("fleet", "show", Example(name));
        code.ShouldBe(0);
        output.ShouldContain("█");
        output.ShouldContain("assumed");
        if (name == "fairwater-like")
        {
            output.ShouldContain("wisconsin at 42.7, -87.9: 2,223 racks, 160,056 accelerators, 142,272 schedulable");
            output.ShouldContain("r1–r124");
            output.ShouldContain("1.1MW scheduled, 1.3MW peak of 1.36MW");
            output.ShouldContain("wisconsin ⇄ atlanta  100tbit each way, 14ms round trip");
        }
    }

    [Fact]
    public void The_json_counts_rows_that_are_alike()
    {
        var (_, output, _) = Run("fleet", "show", Example("fairwater-like"), "--json");
        var fleet = JsonDocument.Parse(output).RootElement;
        fleet.GetProperty("totals").GetProperty("schedulable").GetInt64().ShouldBe(284_544);
        fleet.GetProperty("sites")[0].GetProperty("rows").EnumerateArray().Select(row => row.GetProperty("count").GetInt32()).ShouldBe([124, 123]);
    }

    public void Dispose() => _directory.Dispose();

    private static string Example(string name) => Path.Combine(CommandProcess.Home, "examples", "fleets", name + ".yaml");

    private static (int Code, string Output, string Error) Run(params string[] arguments)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var code = CommandTree.Create(new Terminal(output, error, isInteractive: false)).Parse(arguments).Invoke();
        return (code, output.ToString(), error.ToString());
    }
}
