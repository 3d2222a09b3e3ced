using System.Collections.Immutable;
using Superfactory.Model.Agents;
using Superfactory.Model.Wan;
using Superfactory.Site.Checkpoints;
using Superfactory.Site.Copies;
using Superfactory.Site.Data;

namespace Superfactory.Site.Agents;

/// <summary>
/// Keeps an agent in touch with the control plane: says hello, reports, and follows instructions, until it is told to end. An
/// outage of the control plane, however long, changes nothing for the gangs.
/// </summary>
internal sealed class ControlSession : IDisposable
{
    /// <summary>Time between reports when nothing changes: half of the second that the control plane counts on.</summary>
    private static readonly TimeSpan ReportInterval = TimeSpan.FromMilliseconds(500);

    /// <summary>Time between reports at least, however much changes.</summary>
    private static readonly TimeSpan ReportSpacing = TimeSpan.FromMilliseconds(50);

    /// <summary>Time between two of which gangs are told that they may go on; a tenth of the shortest lease.</summary>
    private static readonly TimeSpan ExtendSpacing = TimeSpan.FromSeconds(1);

    /// <summary>The first wait after a failed call; each further one is twice as long.</summary>
    private static readonly TimeSpan RetryFirst = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest wait after a failed call.</summary>
    private static readonly TimeSpan RetryMax = TimeSpan.FromSeconds(1);

    /// <summary>How long the name is waited for where the agent before this one died with it: the control plane's lease of 5 s, doubled.</summary>
    private static readonly TimeSpan TakeoverLimit = TimeSpan.FromSeconds(10);

    /// <summary>How long the last report and the farewell may take.</summary>
    private static readonly TimeSpan FarewellLimit = TimeSpan.FromSeconds(2);

    private readonly IControlPlane _client;
    private readonly AgentHello _hello;
    private readonly GangTable _gangs;
    private readonly CopyTable _copies;
    private readonly CheckpointTable _checkpoints;
    private readonly CorpusTable _corpora;
    private readonly ReportBuffer _buffer;
    private readonly ISiteNetwork _network;
    private readonly Action<string> _say;
    private readonly TimeProvider _clock;
    private readonly Outage _outage;
    private readonly Signal _changed;

    // Ends the question for instructions that was asked before an outage: what waits for its answer may have ended with the control plane.
    private CancellationTokenSource _outdated = new();
    private long _reports;
    private long? _extendedAt;

    /// <summary>Does nothing yet.</summary>
    /// <param name="control">The control plane's address.</param>
    /// <param name="client">Calls it.</param>
    /// <param name="hello">Who this agent is.</param>
    /// <param name="site">What is reported and instructed.</param>
    /// <param name="say">Tells people.</param>
    /// <param name="clock">Measures waits.</param>
    public ControlSession(Uri control, IControlPlane client, AgentHello hello, SiteParts site, Action<string> say, TimeProvider clock)
    {
        (_client, _hello, _say, _clock) = (client, hello, say, clock);
        (_gangs, _copies, _checkpoints, _corpora, _buffer, _network, _changed) = (site.Gangs, site.Copies, site.Checkpoints, site.Corpora, site.Buffer, site.Network, site.Changed);
        _outage = new Outage(control, say, clock);
    }

    /// <summary>Whether the control plane has ever accepted this agent.</summary>
    public bool WasWelcomed { get; private set; }

    /// <summary>Keeps in touch.</summary>
    /// <param name="connectLimit">How long the first hello is repeated.</param>
    /// <param name="takesOver">Whether the agent before this one died with the name, so that it may still be taken for a while.</param>
    /// <param name="ready">Called when the control plane first accepts this agent.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Null where it was told to end; otherwise why it cannot go on.</returns>
    public async Task<SessionEnd?> RunAsync(TimeSpan connectLimit, bool takesOver, Action ready, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                if (await ConnectAsync(connectLimit, takesOver, cancellationToken) is { } end)
                {
                    return end;
                }

                if (!WasWelcomed)
                {
                    WasWelcomed = true;
                    ready();
                }

                _checkpoints.SayAgain();
                _corpora.SayAgain();
                await StayAsync(cancellationToken);
                await Task.Delay(RetryFirst, _clock, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    /// <summary>Reports for the last time and says goodbye, as far as the control plane listens.</summary>
    /// <returns>Whether it heard; otherwise it takes this agent for connected for a while.</returns>
    public async Task<bool> LeaveAsync()
    {
        using var limit = new CancellationTokenSource(FarewellLimit, _clock);
        try
        {
            await ReportAsync(limit.Token);
            return await _client.LeaveAsync(limit.Token) is ControlAnswer.Taken or ControlAnswer.UnknownSession;
        }
        catch (OperationCanceledException)
        {
            _say("the control plane did not hear that this agent left; it will notice within seconds");
            return false;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _outdated.Dispose();

    private async Task<SessionEnd?> ConnectAsync(TimeSpan connectLimit, bool takesOver, CancellationToken cancellationToken)
    {
        var began = _clock.GetTimestamp();
        var saidTaken = false;
        for (var wait = RetryFirst; ; wait = Longer(wait))
        {
            var asked = _clock.GetTimestamp();
            switch (await _client.HelloAsync(_hello, cancellationToken))
            {
                case ControlAnswer.Welcomed:
                    Extend(asked);
                    _outage.Over();
                    return null;
                case ControlAnswer.Refused { NameTaken: true } taken when takesOver && !WasWelcomed && _clock.GetElapsedTime(began) < TakeoverLimit:
                    if (!saidTaken)
                    {
                        _say($"{taken.Why} It may be the agent that died here before this one; trying again until its lease must be over");
                        saidTaken = true;
                    }

                    break;
                case ControlAnswer.Refused refused:
                    return new SessionEnd(refused.Why, Refused: true);
                case ControlAnswer.Unreachable unreachable when !WasWelcomed && _clock.GetElapsedTime(began) >= connectLimit:
                    return new SessionEnd($"cannot reach the control plane: {unreachable.Why}; gave up after {connectLimit.TotalSeconds:0} s", Refused: false);
                case ControlAnswer.Unreachable unreachable:
                    _outage.Failed(unreachable.Why);
                    break;
                case var other:
                    _outage.Failed($"it answered the agent's hello with {other.GetType().Name}");
                    break;
            }

            await Task.Delay(wait, _clock, cancellationToken);
        }
    }

    // Until the session is unknown: then both loops have ended.
    private async Task StayAsync(CancellationToken cancellationToken)
    {
        using var unknown = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task[] loops = [ReportLoopAsync(unknown.Token), InstructionsLoopAsync(unknown.Token)];
        await Task.WhenAny(loops);
        await unknown.CancelAsync();
        try
        {
            await Task.WhenAll(loops);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // One loop found the session unknown, and the other was ended with it.
        }
    }

    private async Task ReportLoopAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            switch (await ReportAsync(cancellationToken))
            {
                case ControlAnswer.UnknownSession:
                    return;
                case ControlAnswer.Taken:
                    if (_outage.Over())
                    {
                        AskAgain();
                    }

                    break;
                case ControlAnswer.Unreachable unreachable:
                    _outage.Failed(unreachable.Why);
                    break;
                case ControlAnswer.Refused refused:
                    _outage.Failed($"it refused a report: {refused.Why}");
                    break;
            }

            await Task.Delay(ReportSpacing, _clock, cancellationToken);
            await _changed.WaitAsync(ReportInterval - ReportSpacing, _clock, cancellationToken);
        }
    }

    private async Task<ControlAnswer> ReportAsync(CancellationToken cancellationToken)
    {
        var asked = _clock.GetTimestamp();
        var gangs = _gangs.Reports();
        var batch = _buffer.Take();
        var (checkpoints, revision) = _checkpoints.Take();
        var (corpora, listed) = _corpora.Take();
        var answer = await _client.ReportAsync(
            new AgentReport
            {
                Session = _hello.Session,
                Number = ++_reports,
                Gangs = gangs,
                Copies = _copies.Reports(),
                Checkpoints = checkpoints,
                Corpora = corpora,
                Logs = batch.Lines,
                Measurements = batch.Measurements,
                Links = _network.LinkReports(),
                CallersRefused = _network.CallersRefused,
            },
            cancellationToken);
        if (answer is ControlAnswer.Taken)
        {
            Extend(asked);
            _buffer.Confirm(batch);
            _gangs.Confirm(gangs);
            _checkpoints.Confirm(revision);
            _corpora.Confirm(listed);
        }

        return answer;
    }

    /// <summary>
    /// The control plane heard what was sent at <paramref name="asked"/>, then or later: from then on gangs have their lease. So it ends no later than the control plane counts.
    /// </summary>
    private void Extend(long asked)
    {
        if (_extendedAt is { } last && (_hello.GangLeaseSeconds == 0 || _clock.GetElapsedTime(last, asked) < ExtendSpacing))
        {
            return;
        }

        _extendedAt = asked;
        _gangs.Extend(_hello.GangLeaseSeconds == 0 ? null : asked + (_hello.GangLeaseSeconds * _clock.TimestampFrequency));
    }

    private async Task InstructionsLoopAsync(CancellationToken cancellationToken)
    {
        var (revision, routes) = (-1L, -1L);
        var wait = RetryFirst;
        while (true)
        {
            switch (await AskAsync(revision, routes, cancellationToken))
            {
                case ControlAnswer.UnknownSession:
                    return;
                case ControlAnswer.Instructed instructed:
                    (revision, routes) = (instructed.Instructions.Revision, instructed.Instructions.RoutesRevision);
                    _network.SetPeers(instructed.Instructions.Peers);
                    _network.SetRoutes(instructed.Instructions.Routes);
                    _gangs.Apply(instructed.Instructions);
                    _copies.Apply(instructed.Instructions.Copies);
                    _checkpoints.Apply(instructed.Instructions.Checkpoints);
                    wait = RetryFirst;
                    break;
                case ControlAnswer.Refused:
                case ControlAnswer.Unreachable:
                    // The report loop, which calls more often, tells people of it.
                    await Task.Delay(wait, _clock, cancellationToken);
                    wait = Longer(wait);
                    break;
                default:
                    wait = RetryFirst;
                    break;
            }
        }
    }

    // Null where reports get through again after an outage: the question is to be asked anew, over a connection that is known to work.
    private async Task<ControlAnswer?> AskAsync(long revision, long routes, CancellationToken cancellationToken)
    {
        using var question = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, Volatile.Read(ref _outdated).Token);
        try
        {
            return await _client.InstructionsAsync(revision, routes, question.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    private void AskAgain() => Interlocked.Exchange(ref _outdated, new CancellationTokenSource()).Cancel();

    private static TimeSpan Longer(TimeSpan wait) => wait * 2 < RetryMax ? wait * 2 : RetryMax;
}

/// <summary>Why an agent cannot go on.</summary>
/// <param name="Why">A sentence.</param>
/// <param name="Refused">Whether the control plane refuses it; otherwise it was never reached.</param>
internal sealed record SessionEnd(string Why, bool Refused);

/// <summary>What an agent reports of and is instructed about.</summary>
/// <param name="Gangs">The site's gangs.</param>
/// <param name="Copies">Its copies.</param>
/// <param name="Checkpoints">What lies there of runs' states.</param>
/// <param name="Corpora">What lies there to train on.</param>
/// <param name="Buffer">Their lines and measurements.</param>
/// <param name="Network">The site's end of the wide-area network.</param>
/// <param name="Changed">Set when there is something to report at once.</param>
internal sealed record SiteParts(GangTable Gangs, CopyTable Copies, CheckpointTable Checkpoints, CorpusTable Corpora, ReportBuffer Buffer, ISiteNetwork Network, Signal Changed);

/// <summary>What an agent needs of its gateway.</summary>
internal interface ISiteNetwork
{
    /// <summary>Says which other sites there are, all of them.</summary>
    void SetPeers(ImmutableArray<PeerGateway> peers);

    /// <summary>Says what is granted to this site's traffic, all of it.</summary>
    void SetRoutes(ImmutableArray<WanRoute> routes);

    /// <summary>How each link is.</summary>
    ImmutableArray<LinkReport> LinkReports();

    /// <summary>Connections that were closed before they were any link's.</summary>
    long CallersRefused { get; }
}
