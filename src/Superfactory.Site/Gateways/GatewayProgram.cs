using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text.Json;
using Superfactory.Model;
using Superfactory.Model.Units;
using Superfactory.Site.Processes;
using Superfactory.Wan;
using Superfactory.Wan.Transport;

namespace Superfactory.Site.Gateways;

/// <summary>
/// A site's gateway as a process: <c>superfactory gateway --config FILE</c>. It outlives its agent by the site's orphan grace, so that gangs go on merging
/// while the agent is away, and takes the orders of the next one.
/// </summary>
public static class GatewayProgram
{
    /// <summary>What it says on standard output, with its endpoint, once bridges and agent can connect.</summary>
    internal const string Ready = "ready ";

    /// <summary>Sentences that are kept for an agent that is away; of more the oldest go.</summary>
    private const int NoticesMax = 100;

    /// <summary>The longest order: the routes of a fleet of a thousand sites.</summary>
    private const int OrderCharactersMax = 16 * 1024 * 1024;

    /// <summary>Time between two states that are told.</summary>
    private static readonly TimeSpan _tellInterval = TimeSpan.FromMilliseconds(250);

    /// <summary>How long its first agent, which has just started it, may take to connect.</summary>
    private static readonly TimeSpan _firstLimit = TimeSpan.FromSeconds(30);

    /// <summary>How much longer than the gangs it stays, so that none of them loses it first.</summary>
    private static readonly TimeSpan _beyondGangs = TimeSpan.FromSeconds(3);

    /// <summary>Runs the gateway until its agent tells it to end, or has been away for too long.</summary>
    /// <param name="configurationPath">Its configuration.</param>
    /// <param name="cancellationToken">Tells it to end; so do SIGINT, SIGTERM and SIGHUP.</param>
    /// <returns>The exit code: 0 done; 2 bad input, such as a port in use.</returns>
    public static async Task<int> RunAsync(string configurationPath, CancellationToken cancellationToken)
    {
        SocketThreads.GoOnAtOnce();
        var read = GatewayConfiguration.Load(configurationPath);
        if (!read.Succeeded)
        {
            return Fail(read.Problems[0]);
        }

        var configuration = read.Value;
        var notices = new ConcurrentQueue<string>();
        var security = SiteSecurity.Open(configuration.Site, TimeProvider.System, text => Notice(notices, text));
        if (!security.Succeeded)
        {
            return Fail(security.Problems[0]);
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var signals = new SignalWatch(stop.Cancel);
        await using var gateway = new Gateway(new GatewayOptions
        {
            Site = configuration.Site.Name,
            Listen = configuration.Site.GatewayListen,
            SocketPath = configuration.Socket,
            Wan = configuration.Wan is { } wan ? WanProfile.Parse(wan).Value : null,
            Security = security.Value,
            Notice = notice => Notice(notices, notice.Text),
        });
        if (await gateway.StartAsync(stop.Token) is { } problem)
        {
            return Fail(problem);
        }

        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(configuration.ControlSocket));
        listener.Listen();
        Console.WriteLine($"{Ready}{gateway.ListenEndpoint}");
        try
        {
            await ServeAsync(gateway, listener, notices, configuration.Site.OrphanGrace, stop.Token);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return ExitCodes.Done;
        }

        return ExitCodes.Done;
    }

    /// <summary>Serves one agent after the other.</summary>
    private static async Task ServeAsync(Gateway gateway, Socket listener, ConcurrentQueue<string> notices, TimeSpan grace, CancellationToken stop)
    {
        for (var wait = _firstLimit; ; wait = grace + _beyondGangs)
        {
            Socket agent;
            using (var late = CancellationTokenSource.CreateLinkedTokenSource(stop))
            {
                late.CancelAfter(wait);
                try
                {
                    agent = await listener.AcceptAsync(late.Token);
                }
                catch (OperationCanceledException) when (!stop.IsCancellationRequested)
                {
                    // No agent came back in time.
                    return;
                }
            }

            await using var stream = new NetworkStream(agent, ownsSocket: true);
            if (await ServeAsync(gateway, stream, notices, stop) || grace == TimeSpan.Zero)
            {
                return;
            }
        }
    }

    /// <summary>Serves an agent until it is gone.</summary>
    /// <returns>Whether it told this gateway to end.</returns>
    private static async Task<bool> ServeAsync(Gateway gateway, NetworkStream agent, ConcurrentQueue<string> notices, CancellationToken stop)
    {
        var ended = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        var reading = LinePump.Start(agent, OrderCharactersMax, line =>
        {
            if (Take(gateway, line, notices))
            {
                ended.TrySetResult(true);
            }
        });
        while (true)
        {
            if (!await TellAsync(gateway, agent, notices, stop))
            {
                return false;
            }

            await Task.WhenAny(reading, ended.Task, Task.Delay(_tellInterval, stop));
            stop.ThrowIfCancellationRequested();
            if (ended.Task.IsCompleted || reading.IsCompleted)
            {
                return ended.Task.IsCompleted;
            }
        }
    }

    private static bool Take(Gateway gateway, string line, ConcurrentQueue<string> notices)
    {
        GatewayOrder? order;
        try
        {
            order = JsonSerializer.Deserialize<GatewayOrder>(line, FactoryJson.Options);
        }
        catch (JsonException error)
        {
            Notice(notices, $"an order that the agent gave its gateway cannot be read and is left out: {error.Message}");
            return false;
        }

        if (order?.Peers is { } peers)
        {
            gateway.SetPeers(peers);
        }

        if (order?.Routes is { } routes)
        {
            gateway.SetRoutes(routes);
        }

        return order?.Stop == true;
    }

    private static async Task<bool> TellAsync(Gateway gateway, NetworkStream agent, ConcurrentQueue<string> notices, CancellationToken stop)
    {
        var said = new List<string>();
        while (notices.TryDequeue(out var notice))
        {
            said.Add(notice);
        }

        var state = new GatewayState { Endpoint = gateway.ListenEndpoint.ToString(), Links = gateway.LinkReports(), CallersRefused = gateway.CallersRefused, Notices = [.. said] };
        try
        {
            await agent.WriteAsync((byte[])[.. JsonSerializer.SerializeToUtf8Bytes(state, FactoryJson.Options), (byte)'\n'], stop);
            return true;
        }
        catch (IOException)
        {
            // The agent is gone; the next one hears it all.
            said.ForEach(notice => Notice(notices, notice));
            return false;
        }
    }

    private static void Notice(ConcurrentQueue<string> notices, string text)
    {
        notices.Enqueue(text);
        while (notices.Count > NoticesMax)
        {
            notices.TryDequeue(out _);
        }
    }

    private static int Fail(Problem problem)
    {
        Console.Error.WriteLine(problem);
        return ExitCodes.BadInput;
    }
}
