using System.Diagnostics;
using Superfactory.Sync.Arithmetic;

namespace Superfactory.Sync.Tests.Arithmetic;

/// <summary>The same SHA-256 from child processes that have narrower and narrower vectors.</summary>
public class VectorWidthTests(ITestOutputHelper output)
{
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(2);

    // .NET 10 reads DOTNET_EnableAVX512; .NET 8 and 9 read DOTNET_EnableAVX512F. Both are set, so that the test stays true on either.
    private static readonly (int Bits, string[] SwitchedOff)[] _steps =
    [
        (512, []),
        (256, ["DOTNET_EnableAVX512F", "DOTNET_EnableAVX512"]),
        (128, ["DOTNET_EnableAVX512F", "DOTNET_EnableAVX512", "DOTNET_EnableAVX2"]),
        (0, ["DOTNET_EnableHWIntrinsic"]),
    ];

    [Fact]
    public async Task Child_processes_of_every_vector_width_compute_the_same_bits()
    {
        var results = new List<(int Bits, string Sha256)>();
        foreach (var (bits, switchedOff) in _steps)
        {
            if (bits > VectorMath.WidestVectorBits)
            {
                output.WriteLine($"This machine has no vectors of {bits} bits; the narrower ones are compared.");
                continue;
            }

            var (width, sha256) = await ProbeAsync(switchedOff);
            output.WriteLine($"without {string.Join(", ", switchedOff.DefaultIfEmpty("nothing"))}: {width} bits, SHA-256 {sha256}");
            width.ShouldBe(bits, $"with {string.Join(", ", switchedOff.DefaultIfEmpty("nothing"))} switched off");
            results.Add((width, sha256));
        }

        results.Count.ShouldBeGreaterThanOrEqualTo(2);
        results.Select(result => result.Bits).Distinct().Count().ShouldBe(results.Count);
        results.Select(result => result.Sha256).Distinct().ShouldHaveSingleItem();
    }

    private static async Task<(int Bits, string Sha256)> ProbeAsync(string[] switchedOff)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "Superfactory.Sync.WidthProbe"))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var name in _steps.SelectMany(step => step.SwitchedOff).Distinct())
        {
            start.Environment.Remove(name);
        }

        foreach (var name in switchedOff)
        {
            start.Environment[name] = "0";
        }

        using var process = Process.Start(start)!;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(_patience);
        try
        {
            var errors = process.StandardError.ReadToEndAsync(limit.Token);
            var lines = (await process.StandardOutput.ReadToEndAsync(limit.Token)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
            await process.WaitForExitAsync(limit.Token);
            process.ExitCode.ShouldBe(0, await errors);
            return (int.Parse(lines[0]["width ".Length..]), lines[1]["sha256 ".Length..]);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }
}
