using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Text.Json;
using Superfactory.Cli.Bench.Merge;
using Superfactory.Cli.Tests.CommandLine;
using Superfactory.Model;
using Superfactory.Model.Agents;

namespace Superfactory.Cli.Tests.Lab;

/// <summary>A gateway as a process of its own inside a site of a laboratory.</summary>
internal sealed class GatewayProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _said = new();

    private GatewayProcess(Process process)
    {
        _process = process;
        process.ErrorDataReceived += (_, line) => _said.Enqueue(line.Data ?? string.Empty);
        process.BeginErrorReadLine();
    }

    /// <summary>What it told people so far.</summary>
    public string Said => string.Join('\n', _said);

    /// <summary>Starts it and waits until bridges can connect.</summary>
    public static async Task<GatewayProcess> StartAsync(string laboratory, string file, BenchGatewayConfiguration configuration)
    {
        await File.WriteAllBytesAsync(file, JsonSerializer.SerializeToUtf8Bytes(configuration, FactoryJson.Options), TestContext.Current.CancellationToken);
        var gateway = new GatewayProcess(CommandProcess.Start(
            ["lab", "run", "--lab", laboratory, configuration.Site, "--", CommandProcess.Path, BenchGateway.Name, "--config", file]));
        (await gateway.LineAsync()).ShouldBe(BenchGateway.Ready, gateway.Said);
        return gateway;
    }

    /// <summary>How its links are.</summary>
    public async Task<ImmutableArray<LinkReport>> ReportsAsync()
    {
        await _process.StandardInput.WriteLineAsync();
        await _process.StandardInput.FlushAsync(TestContext.Current.CancellationToken);
        return JsonSerializer.Deserialize<ImmutableArray<LinkReport>>((await LineAsync()).ShouldNotBeNull(Said), FactoryJson.Options);
    }

    /// <summary>Sends it a signal, such as <c>STOP</c>.</summary>
    public async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", _process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
        kill.ExitCode.ShouldBe(0);
    }

    public async ValueTask DisposeAsync()
    {
        // It ends with its input.
        _process.StandardInput.Close();
        using var late = new CancellationTokenSource(LaboratoryWithGateways.Limit);
        try
        {
            await _process.WaitForExitAsync(late.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill(entireProcessTree: true);
            throw;
        }

        _process.Dispose();
    }

    private async Task<string?> LineAsync()
        => await _process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(LaboratoryWithGateways.Limit, TestContext.Current.CancellationToken);
}
