using System.Globalization;
using Superfactory.Model.Copies;
using Superfactory.Model.Wan;
using Superfactory.Site.Copies.Receiving;
using Superfactory.Site.Copies.Sending;
using Superfactory.Wan;

namespace Superfactory.Site.Copies;

/// <summary>
/// This site's end of a copy, from when the control plane wants it: an endpoint of the gateway that begins a session each time the other
/// end comes up, until one of them completes or fails. Thread-safe.
/// </summary>
internal sealed class CopyTask : IAsyncDisposable
{
    /// <summary>The wait before the gateway is asked again that did not take this end: it is in the same process.</summary>
    private static readonly TimeSpan GatewayRetry = TimeSpan.FromSeconds(1);

    private readonly CopySite _site;
    private readonly Action _changed;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private CopyReport _report;
    private ICopySession? _session;
    private Task _ended = Task.CompletedTask;

    /// <summary>Does nothing yet.</summary>
    /// <param name="assignment">What the control plane wants.</param>
    /// <param name="site">This site.</param>
    /// <param name="changed">Called when its state has changed; must return soon.</param>
    public CopyTask(CopyAssignment assignment, CopySite site, Action changed)
    {
        (Assignment, _site, _changed) = (assignment, site, changed);
        _report = new CopyReport { Copy = assignment.Copy, Role = assignment.Role, Phase = CopyPhase.Waiting, Reason = $"Waits for its turn at site {site.Name}." };
    }

    /// <summary>What the control plane wants.</summary>
    public CopyAssignment Assignment { get; }

    /// <summary>Whether it was begun.</summary>
    public bool IsStarted { get; private set; }

    /// <summary>Whether it is over, one way or the other.</summary>
    public bool IsOver => Report.Phase is CopyPhase.Completed or CopyPhase.Failed;

    /// <summary>How it is.</summary>
    public CopyReport Report
    {
        get
        {
            lock (_lock)
            {
                return _report with { Progress = _session?.Progress ?? _report.Progress };
            }
        }
    }

    private EndpointAddress Self => Address(_site.Name, Assignment.Copy, Assignment.Role);

    private EndpointAddress Peer => Assignment.Role == CopyRole.Source
        ? Address(Assignment.Destination.Site, Assignment.Copy, CopyRole.Destination)
        : Address(Assignment.Source.Site, Assignment.Copy, CopyRole.Source);

    /// <summary>Names one end of a copy.</summary>
    public static EndpointAddress Address(string site, long copy, CopyRole role)
        => new(site, string.Create(CultureInfo.InvariantCulture, $"copy/{copy}/{(role == CopyRole.Source ? "source" : "destination")}"));

    /// <summary>Begins. Called once.</summary>
    public void Start()
    {
        IsStarted = true;
        _ended = Task.Run(RunAsync);
    }

    /// <summary>Ends it, wherever it is; what has arrived stays.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _ended;
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        try
        {
            while (true)
            {
                Say(CopyPhase.Waiting, $"Waits for the other end of the copy, at site {Peer.Site}.");
                try
                {
                    await using var client = await GatewayClient.ConnectAsync(_site.GatewaySocket, Self, _stop.Token);
                    await client.WatchAsync(Peer, _stop.Token);
                    var end = await FollowAsync(client);
                    Say(end.Outcome ?? CopyPhase.Failed, end.Reason);
                    return;
                }
                catch (GatewayException exception)
                {
                    Say(CopyPhase.Waiting, exception.Message);
                    await Task.Delay(GatewayRetry, _site.Clock, _stop.Token);
                }
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // No longer wanted.
        }
#pragma warning disable CA1031 // One copy's fault is that copy's, and is told; the site goes on with everything else.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Say(CopyPhase.Failed, $"Site {_site.Name} has a bug in its end of the copy: {exception.Message}");
        }
    }

    /// <summary>Holds a session with the other end whenever that is up, until one comes to an end of its own.</summary>
    private async Task<CopySessionEnd> FollowAsync(GatewayClient client)
    {
        try
        {
            while (true)
            {
                var more = client.Events.WaitToReadAsync(_stop.Token).AsTask();
                if (_session is { } session)
                {
                    await Task.WhenAny(more, session.Ended);
                    if (session.Ended.IsCompleted)
                    {
                        var end = await session.Ended;
                        await LeaveAsync();
                        if (end.Outcome is not null)
                        {
                            return end;
                        }
                    }
                }

                if (!await more)
                {
                    throw new GatewayException("The gateway closed the connection.");
                }

                while (_session?.Ended.IsCompleted != true && client.Events.TryRead(out var happened))
                {
                    if (await TakeAsync(client, happened) is { Outcome: not null } end)
                    {
                        return end;
                    }
                }
            }
        }
        finally
        {
            await LeaveAsync();
        }
    }

    /// <returns>How the session ended that was under way, where it was left.</returns>
    private async ValueTask<CopySessionEnd?> TakeAsync(GatewayClient client, GatewayEvent happened)
    {
        switch (happened)
        {
            case GatewayEvent.EndpointUp up when up.Address == Peer:
                await LeaveAsync();
                Begin(new Line(client, Peer));
                break;
            case GatewayEvent.EndpointDown down when down.Address == Peer:
                var end = await LeaveAsync();
                if (end?.Outcome is null)
                {
                    Say(CopyPhase.Waiting, $"Waits for the other end of the copy, at site {Peer.Site}, which went away.");
                }

                return end;
            case GatewayEvent.Delivered delivered when delivered.From == Peer && _session is { } session:
                await session.TakeAsync(new CopyPacket(delivered.Message, delivered.Release));
                break;
            case GatewayEvent.Delivered delivered:
                delivered.Release();
                break;
        }

        return null;
    }

    private void Begin(Line line)
    {
        ICopySession session = Assignment.Role == CopyRole.Source
            ? new SourceSession(line, Assignment.Source, _site.RelativeTo)
            : new DestinationSession(line, Assignment.Destination, _site.RelativeTo, _site.Clock);
        lock (_lock)
        {
            _session = session;
        }

        Say(CopyPhase.Running, null);
        session.Start();
    }

    private async ValueTask<CopySessionEnd?> LeaveAsync()
    {
        ICopySession? session;
        lock (_lock)
        {
            session = _session;
            _report = _report with { Progress = session?.Progress ?? _report.Progress };
            _session = null;
        }

        if (session is null)
        {
            return null;
        }

        await session.DisposeAsync();
        return await session.Ended;
    }

    private void Say(CopyPhase phase, string? reason)
    {
        lock (_lock)
        {
            _report = _report with { Phase = phase, Reason = reason };
        }

        _changed();
    }

    private sealed class Line(GatewayClient client, EndpointAddress peer) : ICopyLine
    {
        public ValueTask<bool> SendAsync(MessageOrder order, ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
            => client.SendAsync(peer, TrafficClass.Bulk, order, message, default, cancellationToken);
    }
}
