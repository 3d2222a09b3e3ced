using System.Collections.Concurrent;
using System.Collections.Immutable;
using Superfactory.Control.Hosting;
using Superfactory.Control.Journal;
using Superfactory.Core;
using Superfactory.Core.Commands;
using Superfactory.Core.Records;

namespace Superfactory.Control.Writing;

/// <summary>
/// Measures how long each agent has been silent, and tells the factory. Silence is measured by a clock that nobody sets, and from this
/// process's start at the earliest, so that a restart of the control plane costs no site its lease. Safe to use from any thread.
/// </summary>
internal sealed class LeaseClock : IDisposable
{
    /// <summary>How often silence is looked at, in milliseconds: a fiftieth of the lease, a fifth of what a promise may take.</summary>
    public const int PeriodMilliseconds = FactoryLimits.LeaseMilliseconds / 50;

    private readonly ConcurrentDictionary<string, long> _heard = new(StringComparer.Ordinal);
    private readonly FactoryWriter _writer;
    private readonly TimeProvider _time;
    private readonly ILogger<LeaseClock> _logger;
    private readonly CancellationTokenSource _ending = new();
    private readonly CancellationToken _ended;
    private readonly long _started;
    private ITimer? _timer;
    private long _lastLook;
    private long _amnesty;
    private long _ticked;
    private int _looking;

    public LeaseClock(FactoryWriter writer, TimeProvider time, ILogger<LeaseClock> logger)
    {
        (_writer, _time, _logger, _ended) = (writer, time, logger, _ending.Token);
        _started = _lastLook = _amnesty = time.GetTimestamp();
    }

    public void Start()
        => _timer = _time.CreateTimer(_ => _ = LookAsync(), null, TimeSpan.FromMilliseconds(PeriodMilliseconds), TimeSpan.FromMilliseconds(PeriodMilliseconds));

    /// <summary>An agent was heard.</summary>
    public void Heard(string site) => _heard[site] = _time.GetTimestamp();

    /// <summary>When the agent of <paramref name="site"/> was heard last, in milliseconds since 1970-01-01 UTC; as journalled, where it was not heard since this process's start.</summary>
    public long HeardAt(FactorySite site)
        => _heard.TryGetValue(site.Name, out var timestamp) && site.Standing == SiteStanding.Connected ? At(timestamp) : site.HeardAt;

    /// <summary>Tells the factory of agents that were silent for a lease.</summary>
    public async Task LookAsync()
    {
        if (Interlocked.Exchange(ref _looking, 1) == 1)
        {
            return;
        }

        try
        {
            var timestamp = _time.GetTimestamp();
            if (_time.GetElapsedTime(_lastLook, timestamp).TotalMilliseconds >= FactoryLimits.LeaseMilliseconds)
            {
                // This process itself did not run for a while: it can't tell who was silent.
                _amnesty = timestamp;
            }

            _lastLook = timestamp;
            var heard = Overdue(timestamp);
            var over = LeasesOver(timestamp);
            var now = _writer.Now;
            if (!heard.IsEmpty || !over.IsEmpty || IsPromiseDue() || FactoryMoments.Any(_writer.State, _ticked, now))
            {
                _ticked = now;
                var decision = await _writer.SubmitAsync(new Tick(heard) { LeasesOver = over }, _ended);
                foreach (var lost in decision.Records.OfType<SiteLost>())
                {
                    ControlLog.SiteLost(_logger, lost.Site, lost.At - lost.HeardAt);
                }

                foreach (var ended in decision.Records.OfType<GangLeaseEnded>())
                {
                    ControlLog.GangLeaseEnded(_logger, ended.Site);
                }
            }
        }
        catch (Exception exception) when (exception is JournalException or OperationCanceledException)
        {
            // The writer has said why, and the host is ending.
            return;
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

    private ImmutableSortedDictionary<string, long> Overdue(long timestamp)
    {
        var overdue = ImmutableSortedDictionary.CreateBuilder<string, long>(StringComparer.Ordinal);
        foreach (var site in _writer.State.Sites.Values)
        {
            var heard = Math.Max(_heard.GetValueOrDefault(site.Name, _started), _amnesty);
            if (site.Standing == SiteStanding.Connected && _time.GetElapsedTime(heard, timestamp).TotalMilliseconds >= FactoryLimits.LeaseMilliseconds)
            {
                overdue[site.Name] = At(heard);
            }
        }

        return overdue.ToImmutable();
    }

    /// <summary>The sites whose gangs must have ended by themselves: counted from when they were heard, and from this process's start at the earliest.</summary>
    private ImmutableSortedSet<string> LeasesOver(long timestamp) =>
    [
        .. _writer.State.Sites.Values.Where(site => site is { Standing: SiteStanding.Lost, GangLeaseSeconds: > 0, GangLeaseEnded: false }
            && _time.GetElapsedTime(Math.Max(_heard.GetValueOrDefault(site.Name, _started), _amnesty), timestamp).TotalMilliseconds
                >= (site.GangLeaseSeconds * 1000.0) + FactoryLimits.GangLeaseMarginMilliseconds).Select(static site => site.Name),
    ];

    /// <summary>Whether a member of a sealed epoch takes longer to promise than it may.</summary>
    private bool IsPromiseDue()
    {
        var (state, now) = (_writer.State, _writer.Now);
        return state.OpenJobs.Any(id => state.Jobs[id].SealedAt is { } since && now - since >= FactoryLimits.PromiseMillisecondsMax);
    }

    private long At(long timestamp)
        => _writer.Now - (long)_time.GetElapsedTime(timestamp).TotalMilliseconds;
}
