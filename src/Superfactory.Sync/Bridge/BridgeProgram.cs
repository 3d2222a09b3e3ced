using System.Runtime.InteropServices;
using System.Text.Json;
using Superfactory.Model;
using Superfactory.Sync.Bridge.Checkpoints;
using Superfactory.Sync.Bridge.Peers;
using Superfactory.Sync.Bridge.Peers.Direct;
using Superfactory.Sync.Checkpoints;
using Superfactory.Wan.Transport;

namespace Superfactory.Sync.Bridge;

/// <summary>The bridge as a process: <c>superfactory bridge --config FILE</c>.</summary>
public static class BridgeProgram
{
    /// <summary>Runs a bridge until its run is over, it fails, or it is told to stop: by command, by the end of standard input, or by a signal.</summary>
    /// <param name="configPath">The file of its <see cref="BridgeConfiguration"/>.</param>
    /// <param name="cancellationToken">Stops it as <see cref="BridgeCommand.Stop"/> does.</param>
    /// <returns>The exit code: 0 done or stopped, 1 the run failed, 2 the configuration is bad, 3 something could not be reached or set up.</returns>
    public static async Task<int> RunAsync(string configPath, CancellationToken cancellationToken)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var terminate = StopOn(PosixSignal.SIGTERM, stopping);
        using var interrupt = StopOn(PosixSignal.SIGINT, stopping);
        using var hangUp = StopOn(PosixSignal.SIGHUP, stopping);
        using var output = Console.OpenStandardOutput();
        return await RunAsync(configPath, Console.OpenStandardInput(), output, Console.Error, stopping.Token, SocketThreads.GoOnAtOnce);
    }

    /// <summary>
    /// The same with streams in place of the process's own. <paramref name="beside"/> is called before it connects to a gateway: a process of its own is then
    /// set up for that. Without a gateway that costs: merges of 256 MiB over loopback took 0.143 s and not 0.120.
    /// </summary>
    internal static async Task<int> RunAsync(
        string configPath, Stream input, Stream output, TextWriter errors, CancellationToken stopping, Action? beside = null)
    {
        var loaded = BridgeConfiguration.Load(configPath);
        if (!loaded.Succeeded)
        {
            foreach (var problem in loaded.Problems)
            {
                await errors.WriteLineAsync(problem.ToString());
            }

            return await FailAsync(output, new BridgeEnd(2, new BridgeEvent.Failed(loaded.Problems[0].ToString(), Retriable: false)));
        }

        var configuration = loaded.Value;
        CheckpointState? checkpoint = null;
        if (configuration.Checkpoints is { From: { } from } duty)
        {
            var lanes = configuration.Specification.LaneCount;
            var restored = CheckpointLoader.Load(from, duty.FromSeal, lanes > 1 ? configuration.Lane : null, lanes);
            if (!restored.Succeeded)
            {
                return await FailAsync(output, new BridgeEnd(1, new BridgeEvent.Failed(
                    $"Island {configuration.Island} cannot go on from its checkpoint: {restored.Problems[0]}", Retriable: true)));
            }

            checkpoint = restored.Value;
        }

        if (configuration.Direct is null)
        {
            beside?.Invoke();
        }

        IPeerTransport transport;
        try
        {
            transport = await ConnectAsync(configuration, stopping);
        }
        catch (PeerTransportException error)
        {
            return await FailAsync(output, BridgeEnd.Unreachable(error.Message));
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return BridgeEnd.Stopped.ExitCode;
        }

        var streams = new StandardStreams(input, output);
        using var host = new BridgeHost(configuration, transport, streams.Commands, streams.EmitAsync, TimeProvider.System, checkpoint);
        try
        {
            return await host.RunAsync(stopping);
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            // The event has named it; whoever repairs it needs the rest.
            await errors.WriteLineAsync(error.ToString());
            return 1;
        }
    }

    private static async Task<IPeerTransport> ConnectAsync(BridgeConfiguration configuration, CancellationToken stopping)
    {
        if (configuration.Direct is not { } direct)
        {
            return await GatewayPeerTransport.ConnectAsync(configuration.GatewaySocket, configuration.Job, configuration.Island, configuration.Lane, stopping);
        }

        // Sending there keeps a thread of the pool while the peer is behind: one for each peer must be had at once.
        ThreadPool.GetMinThreads(out var workers, out var completions);
        ThreadPool.SetMinThreads(workers + configuration.Epoch.Roster.Length, completions);
        return DirectPeerTransport.Listen(direct, configuration.Island, TimeProvider.System);
    }

    private static async Task<int> FailAsync(Stream output, BridgeEnd end)
    {
        byte[] line = [.. JsonSerializer.SerializeToUtf8Bytes(end.Event, FactoryJson.Options), (byte)'\n'];
        await output.WriteAsync(line);
        return end.ExitCode;
    }

    private static PosixSignalRegistration StopOn(PosixSignal signal, CancellationTokenSource stopping) =>
        PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            stopping.Cancel();
        });
}
