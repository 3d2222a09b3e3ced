using System.Collections.Immutable;
using Superfactory.Model;
using Superfactory.Model.Agents;
using Superfactory.Model.Wan;
using Superfactory.Site.Agents;
using Superfactory.Site.Checkpoints;
using Superfactory.Site.Copies;
using Superfactory.Site.Engines;
using Superfactory.Site.Metrics;
using Superfactory.Site.Processes;
using Superfactory.Wan;

namespace Superfactory.Site;

/// <summary>Puts an agent together in a directory that it holds: gateway, engine, gangs and the session with the control plane; and takes it apart in order.</summary>
internal sealed class SiteHost(
    SiteOptions options, SiteDirectory directory, string pythonDirectory, SelfCommand self, string session, SiteVoice voice, TimeProvider clock)
{
    private const string GatewaySocketName = "gateway.socket";

    /// <summary>Runs the agent until it is told to end.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var security = SiteSecurity.Open(options, clock, voice.Say);
        if (!security.Succeeded)
        {
            return voice.Fail(ExitCodes.BadInput, security.Problems.Select(problem => problem.ToString()));
        }

        var engine = new ProcessEngine(clock);
        var leftovers = await engine.EndLeftoversAsync(directory.Gangs, cancellationToken);
        if (!leftovers.Succeeded)
        {
            return voice.Fail(ExitCodes.CannotSetUp, leftovers.Problems.Select(problem => problem.ToString()));
        }

        Array.ForEach(leftovers.Value, voice.Say);
        RuntimeDirectories.DeleteAll(directory.Root);
        directory.Trim();

        var runtime = RuntimeDirectories.ForGateway(directory.Root);
        RuntimeDirectories.Make(runtime);
        try
        {
            var socket = Path.Combine(runtime, GatewaySocketName);
            await using var gateway = new Gateway(new GatewayOptions
            {
                Site = options.Name,
                Listen = options.GatewayListen,
                SocketPath = socket,
                Wan = options.Wan,
                Security = security.Value,
                Notice = notice => voice.Say(notice.Text),
                Time = clock,
            });
            if (await gateway.StartAsync(cancellationToken) is { } problem)
            {
                return voice.Fail(ExitCodes.BadInput, [problem.ToString()]);
            }

            using var metrics = new WanMetrics(options.Name, gateway.LinkReports, () => gateway.CallersRefused);
            return await ServeAsync(gateway, socket, engine, cancellationToken);
        }
        finally
        {
            RuntimeDirectories.Delete(runtime);
        }
    }

    private async Task<int> ServeAsync(Gateway gateway, string socket, ProcessEngine engine, CancellationToken cancellationToken)
    {
        var control = new Uri(options.ControlUrl);
        var endpoint = options.GatewayAdvertise ?? gateway.ListenEndpoint.ToString();
        var (buffer, changed) = (new ReportBuffer(clock), new Signal());
        await using var checkpoints = new CheckpointTable(directory.Checkpoints, changed.Set, voice.Say);
        var gangs = new GangTable(engine, new GangPreparation(options, directory, checkpoints, socket, pythonDirectory, self).Prepare, buffer, checkpoints, changed.Set);
        using var metrics = new MergeMetrics(options.Name, gangs.Reports);
        var copies = new CopyTable(new CopySite(options.Name, socket, Path.GetFullPath(options.DataDirectory), clock), changed.Set);
        using var client = new ControlClient(control, options.Name, session);
        var contact = new ControlSession(control, client, Hello(endpoint), new SiteParts(gangs, copies, checkpoints, buffer, new GatewayNetwork(gateway), changed), voice.Say, clock);

        // The session outlives the request to end, so that the control plane hears how the gangs stop.
        using var enough = new CancellationTokenSource();
        var touch = contact.RunAsync(options.ConnectLimit, directory.PreviousDied, () => voice.Ready(endpoint), enough.Token);
        try
        {
            await touch.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Told to end, in good order.
        }
        finally
        {
            await Task.WhenAll(gangs.StopAllAsync(), copies.StopAllAsync());
        }

        await enough.CancelAsync();
        var end = await touch;
        // Where the control plane did not hear of it, the next agent of this name finds it taken for a lease, and is to wait for that.
        var left = contact.WasWelcomed && (end is not null || await contact.LeaveAsync());
        if (left || (!contact.WasWelcomed && !directory.PreviousDied))
        {
            directory.Leave();
        }

        return end is null ? ExitCodes.Done : voice.Fail(end.Refused ? ExitCodes.BadInput : ExitCodes.CannotSetUp, [end.Why]);
    }

    private AgentHello Hello(string endpoint) => new()
    {
        Protocol = FactoryJson.ProtocolVersion,
        Session = session,
        Host = Environment.MachineName,
        ProcessId = Environment.ProcessId,
        Gateway = endpoint,
        Slots = options.Slots,
        EmulatedWan = options.Wan?.ToString(),
        CheckpointDirectory = directory.Checkpoints,
        Version = typeof(SiteHost).Assembly.GetName().Version?.ToString(3) ?? "0.0.0",
    };

    private sealed class GatewayNetwork(Gateway gateway) : ISiteNetwork
    {
        public void SetPeers(ImmutableArray<PeerGateway> peers) => gateway.SetPeers(peers);

        public void SetRoutes(ImmutableArray<WanRoute> routes) => gateway.SetRoutes(routes);

        public ImmutableArray<LinkReport> LinkReports() => gateway.LinkReports();

        public long CallersRefused => gateway.CallersRefused;
    }
}
