using System.Text.Json;
using Superfactory.Cli.Tests.CommandLine;

namespace Superfactory.Cli.Tests.Bench;

/// <summary><c>superfactory bench codec</c> as a process, on buffers so small that only its form says anything.</summary>
public sealed class BenchCodecTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    [Theory]
    [InlineData("1")]
    [InlineData("3")]
    public async Task The_report_has_every_operation_of_every_format_as_a_table_and_as_JSON(string threads)
    {
        var file = _directory.Combine("codec.json");
        var ran = await CommandProcess.RunAsync("bench", "codec", "--mib", "1", "--repeat", "2", "--threads", threads, "--json", file);

        ran.ExitCode.ShouldBe(0, ran.Error);
        using var report = JsonDocument.Parse(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
        var root = report.RootElement;
        root.GetProperty("mib").GetInt32().ShouldBe(1);
        root.GetProperty("repeat").GetInt32().ShouldBe(2);
        root.GetProperty("threads").GetInt32().ShouldBe(int.Parse(threads));
        Check(root.GetProperty("memcpy")).ShouldBe(1);
        root.GetProperty("formats").EnumerateObject().Select(format => (format.Name, format.Value.GetProperty("bits_per_value").GetDouble()))
            .ShouldBe([("fp32", 32), ("bf16", 16), ("int8", 8.25), ("e3m0", 4.25)]);
        foreach (var format in root.GetProperty("formats").EnumerateObject())
        {
            foreach (var operation in new[] { "encode", "decode", "mean", "measure" })
            {
                Check(format.Value.GetProperty(operation)).ShouldBeGreaterThan(0);
            }

            ran.Output.ShouldContain($"\n{format.Name} encode");
            ran.Output.ShouldContain($"\n{format.Name} mean of two");
        }
    }

    [Fact]
    public async Task A_report_that_cannot_be_written_is_refused_before_anything_is_measured()
    {
        var ran = await CommandProcess.RunAsync("bench", "codec", "--json", _directory.Combine("none", "codec.json"));

        ran.ExitCode.ShouldBe(2);
        ran.Output.ShouldBeEmpty();
        ran.Message.ShouldContain("--json: The report cannot be written");
    }

    public void Dispose() => _directory.Dispose();

    private static double Check(JsonElement timing)
    {
        var (least, median, most) = (timing.GetProperty("seconds_min").GetDouble(), timing.GetProperty("seconds_median").GetDouble(), timing.GetProperty("seconds_max").GetDouble());
        least.ShouldBeGreaterThan(0);
        median.ShouldBeInRange(least, most);
        timing.GetProperty("bytes_per_second").GetDouble().ShouldBe((1 << 20) / median, tolerance: 1e-6 * (1 << 20) / median);
        return timing.GetProperty("of_memcpy").GetDouble();
    }
}
