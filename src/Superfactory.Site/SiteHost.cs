using Superfactory.Model;
using Superfactory.Model.Agents;
using Superfactory.Site.Agents;
using Superfactory.Site.Checkpoints;
using Superfactory.Site.Copies;
using Superfactory.Site.Data;
using Superfactory.Site.Engines;
using Superfactory.Site.Gateways;
using Superfactory.Site.Metrics;
using Superfactory.Site.Processes;

namespace Superfactory.Site;

/// <summary>Puts an agent together in a directory that it holds: gateway, engine, gangs and the session with the control plane; and takes it apart in order.</summary>
internal sealed class SiteHost(
    SiteOptions options, SiteDirectory directory, string pythonDirectory, SelfCommand self, SiteVoice voice, TimeProvider clock)
{
    /// <summary>How long gangs that were taken over may take to say how they stand: one whose supervisor is paused says it later.</summary>
    private static readonly TimeSpan _standingLimit = TimeSpan.FromSeconds(3);

    /// <summary>Runs the agent until it is told to end.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var security = SiteSecurity.Open(options, clock, static _ => { });
        if (!security.Succeeded)
        {
            return voice.Fail(ExitCodes.BadInput, security.Problems.Select(problem => problem.ToString()));
        }

        var engine = new ProcessEngine(clock);
        var orphans = await engine.FindOrphansAsync(directory.Gangs, cancellationToken);
        var adopted = orphans.Where(static orphan => orphan.Gang is not null).Select(static orphan => orphan.Specification).ToList();
        var running = adopted.Select(static gang => gang.GangDirectory).ToHashSet(StringComparer.Ordinal);
        var leftovers = await engine.EndLeftoversAsync(directory.Gangs, running, cancellationToken);
        if (!leftovers.Succeeded)
        {
            return voice.Fail(ExitCodes.CannotSetUp, leftovers.Problems.Select(problem => problem.ToString()));
        }

        Array.ForEach(leftovers.Value, voice.Say);
        adopted.ForEach(gang => voice.Say($"Took over the gang {Path.GetFileName(gang.GangDirectory)}, which an earlier agent left running."));
        var files = new GatewayFiles(directory.Root);
        RuntimeDirectories.DeleteAll(directory.Root, adopted.Select(static gang => gang.RuntimeDirectory).Append(files.RuntimeDirectory).ToHashSet(StringComparer.Ordinal));
        directory.Trim(running);
        var opened = await SiteGateway.OpenAsync(files, GatewayConfiguration.Of(options, files), self, voice.Say, clock, cancellationToken);
        if (!opened.Succeeded)
        {
            RuntimeDirectories.Delete(files.RuntimeDirectory);
            return voice.Fail(ExitCodes.BadInput, opened.Problems.Select(problem => problem.ToString()));
        }

        try
        {
            await using var gateway = opened.Value;
            using var metrics = new WanMetrics(options.Name, gateway.LinkReports, () => gateway.CallersRefused);
            return await ServeAsync(gateway, files.Socket, engine, orphans, cancellationToken);
        }
        finally
        {
            RuntimeDirectories.Delete(files.RuntimeDirectory);
        }
    }

    private async Task<int> ServeAsync(SiteGateway gateway, string socket, ProcessEngine engine, IReadOnlyList<OrphanedGang> orphans, CancellationToken cancellationToken)
    {
        var control = new Uri(options.ControlUrl);
        var endpoint = options.GatewayAdvertise ?? gateway.Endpoint;
        var (buffer, changed) = (new ReportBuffer(clock), new Signal());
        await using var checkpoints = new CheckpointTable(directory.Checkpoints, changed.Set, voice.Say);
        await using var corpora = new CorpusTable(Path.GetFullPath(options.DataDirectory), changed.Set);
        corpora.Watch(clock);
        var gangs = new GangTable(engine, new GangPreparation(options, directory, checkpoints, socket, pythonDirectory, self).Prepare, buffer, checkpoints, changed.Set);
        await Task.WhenAny(gangs.AdoptAsync(orphans), Task.Delay(_standingLimit, clock, cancellationToken));
        using var metrics = new MergeMetrics(options.Name, gangs.Reports);
        var copies = new CopyTable(new CopySite(options.Name, socket, Path.GetFullPath(options.DataDirectory), clock), changed.Set);
        using var client = new ControlClient(control, options.Name, directory.Session);
        using var contact = new ControlSession(control, client, Hello(endpoint), new SiteParts(gangs, copies, checkpoints, corpora, buffer, gateway, changed), voice.Say, clock);

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
        Session = directory.Session,
        Host = Environment.MachineName,
        ProcessId = Environment.ProcessId,
        Gateway = endpoint,
        Slots = options.Slots,
        EmulatedWan = options.Wan?.ToString(),
        CheckpointDirectory = directory.Checkpoints,
        GangLeaseSeconds = (int)options.GangLease.TotalSeconds,
        Version = typeof(SiteHost).Assembly.GetName().Version?.ToString(3) ?? "0.0.0",
    };
}
