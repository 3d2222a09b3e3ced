using System.Text.Json;
using Superfactory.Cli.CommandLine;

namespace Superfactory.Cli.Tests.Bench;

/// <summary><c>superfactory bench schedule</c> on the smallest fleet, in this process.</summary>
public sealed class ScheduleBenchTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    [Fact]
    public void Every_field_is_measured_and_documented()
    {
        var file = _directory.Combine("schedule.json");
        var (output, error) = (new StringWriter(), new StringWriter());
        var code = CommandTree.Create(new Terminal(output, error, isInteractive: false))
            .Parse(["bench", "schedule", "--accelerators", "40000", "--churn", "1000", "--jobs", "1000", "--seconds", "1", "--json", file]).Invoke();

        code.ShouldBe(0, error.ToString());
        var report = JsonDocument.Parse(File.ReadAllText(file)).RootElement;
        report.GetProperty("gang_ms").GetProperty("samples").GetInt32().ShouldBe(200);
        report.GetProperty("gang_preempting_ms").GetProperty("samples").GetInt32().ShouldBe(50);
        report.GetProperty("victims_median").GetInt32().ShouldBeGreaterThan(0);
        report.GetProperty("occupancy")[0].GetDouble().ShouldBeInRange(0.94, 0.96);
        report.GetProperty("placements_per_second").GetDouble().ShouldBeGreaterThan(0);
        var documented = File.ReadAllText(Path.Combine(CommandLine.CommandProcess.Home, "docs", "cli.md"));
        foreach (var field in report.EnumerateObject())
        {
            documented.ShouldContain($"`{field.Name}`");
        }
    }

    public void Dispose() => _directory.Dispose();
}
