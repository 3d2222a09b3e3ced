using Superfactory.Control.Hosting;
using Superfactory.Control.Journal;
using Superfactory.Control.Telemetry;
using Superfactory.Control.Writing;
using Superfactory.Core;
using Superfactory.Core.Commands;
using Superfactory.Routing.Watching;

namespace Superfactory.Control.Grants;

/// <summary>Watches what gateways report of the links, about once a second, and tells the factory of those that are cut, carry less, or are as they were again. Safe to use from any thread.</summary>
internal sealed class LinkClock(FactoryWriter writer, IslandBoard board, TimeProvider time, ILogger<LinkClock> logger) : IDisposable
{
    /// <summary>How often links are looked at, in milliseconds: a fifteenth of what makes a cut.</summary>
    public const int PeriodMilliseconds = 1_000;

    private readonly LinkWatch _watch = new();
    private readonly CancellationTokenSource _ending = new();
    private readonly long _started = time.GetTimestamp();
    private ITimer? _timer;
    private int _looking;

    public void Start()
        => _timer = time.CreateTimer(_ => _ = LookAsync(), null, TimeSpan.FromMilliseconds(PeriodMilliseconds), TimeSpan.FromMilliseconds(PeriodMilliseconds));

    /// <summary>Looks now, unless that is under way.</summary>
    public async Task LookAsync()
    {
        if (Interlocked.Exchange(ref _looking, 1) == 1)
        {
            return;
        }

        try
        {
            var state = writer.State;
            var look = _watch.Look(FleetRates.Watched(state), board.Reports(state), (long)time.GetElapsedTime(_started).TotalMilliseconds);
            foreach (var fault in look.Faults)
            {
                ControlLog.LinkFailed(logger, fault.A, fault.B, fault.Exception);
            }

            foreach (var finding in look.Findings)
            {
                await TellAsync(finding);
            }
        }
        catch (Exception exception) when (exception is JournalException or OperationCanceledException)
        {
            // The writer has said why, and the host is ending.
            return;
        }
        catch (Exception fault)
        {
            // Nobody waits for this task: what is not told here nobody hears of. The next look may well succeed.
            ControlLog.LinksFailed(logger, fault);
        }
        finally
        {
            Volatile.Write(ref _looking, 0);
        }
    }

    /// <summary>Looks no more.</summary>
    public void Stop()
    {
        _timer?.Dispose();
        _ending.Cancel();
    }

    public void Dispose() => _ending.Dispose();

    private async Task TellAsync(LinkFinding finding)
    {
        ControlLog.LinkFound(logger, finding.A, finding.B, finding.Reason);
        try
        {
            await writer.SubmitAsync(new MeasureLink(finding.A, finding.B, finding.BitsPerSecond, finding.Reason), _ending.Token);
        }
        catch (Exception fault) when (fault is not (JournalException or OperationCanceledException))
        {
            // That it could not be decided upon is no reason to keep what was found of others. It is found again with the next look.
            ControlLog.LinkFailed(logger, finding.A, finding.B, fault);
        }
    }
}
