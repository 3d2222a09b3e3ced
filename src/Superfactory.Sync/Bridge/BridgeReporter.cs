using System.Collections.Immutable;
using Superfactory.Model.Agents;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Bridge.Measuring;
using Superfactory.Sync.Bridge.Trainer;

namespace Superfactory.Sync.Bridge;

/// <summary>Turns what happens in a run into events for people. For one thread.</summary>
internal sealed class BridgeReporter
{
    /// <summary>The shortest time between two progress events, and in every-step mode between two measurements of rounds: four a second.</summary>
    public static readonly TimeSpan IntervalMin = TimeSpan.FromMilliseconds(250);

    private readonly BridgeEventQueue _events;
    private readonly Func<RunProgress> _progress;
    private readonly Func<SyncMode> _mode;
    private readonly TimeProvider _time;
    private readonly RoundMeter? _meter;
    private RunProgress? _reported;
    private long? _reportedAt;
    private long? _waitsSince;
    private long? _measuredAt;
    private long _turnBegan;
    private long _contributedAt;
    private TrainerMessage.Merge? _contributed;

    /// <summary>Reports on the run whose progress <paramref name="progress"/> tells.</summary>
    /// <param name="events">Takes them.</param>
    /// <param name="progress">How far the run is.</param>
    /// <param name="mode">What the current round merges.</param>
    /// <param name="time">Its clock.</param>
    /// <param name="meter">Measures the rounds; null where nobody asks.</param>
    public BridgeReporter(BridgeEventQueue events, Func<RunProgress> progress, Func<SyncMode> mode, TimeProvider time, RoundMeter? meter = null)
    {
        (_events, _progress, _mode, _time, _meter) = (events, progress, mode, time, meter);
    }

    // Rounds of every-step mode may be a hundred a second.
    private bool EveryRound => _mode() == SyncMode.Diloco;

    private bool Overlaps => _mode() == SyncMode.Streaming;

    /// <summary>People should know this.</summary>
    public void Note(string text) => _events.Post(new BridgeEvent.Note(text));

    /// <summary>The trainer begins, or begins again.</summary>
    public void Began()
    {
        _turnBegan = _time.GetTimestamp();
        _events.Post(new BridgeEvent.Running());
        Tick();
    }

    /// <summary>The trainer measured something.</summary>
    public void Measured(TrainerMessage.Report report) => _events.Post(new BridgeEvent.Measurement(report.Step, report.Values));

    /// <summary>The trainer has done a round's steps and waits for the merge.</summary>
    public void Contributed(TrainerMessage.Merge merge)
    {
        if (Overlaps)
        {
            // It trains on: a round's steps lie between two contributions.
            (_turnBegan, _waitsSince) = (_contributedAt > 0 ? _contributedAt : _turnBegan, null);
        }

        (_contributed, _contributedAt) = (merge, _time.GetTimestamp());
        _meter?.Contributed(merge);
    }

    /// <summary>In streaming: the trainer may take no more steps before the merge.</summary>
    public void Waits()
    {
        _waitsSince = _time.GetTimestamp();
        Report(_waitsSince.Value);
    }

    /// <summary>The trainer's round is merged.</summary>
    public void Merged()
    {
        var now = _time.GetTimestamp();
        _meter?.Merged();
        if (_contributed is { } merge && (EveryRound || IsDue(_measuredAt, now)))
        {
            _measuredAt = now;
            _events.Post(new BridgeEvent.Measurement(_progress().Steps, Values(merge, now)));
        }

        (_contributed, _turnBegan) = (null, Overlaps ? _turnBegan : now);
        if (EveryRound || IsDue(_reportedAt, now))
        {
            Report(now);
        }
    }

    /// <summary>Time has passed: reports progress where there is any.</summary>
    public void Tick()
    {
        var now = _time.GetTimestamp();
        if (IsDue(_reportedAt, now))
        {
            Report(now);
        }
    }

    /// <summary>The run is over: reports the last progress.</summary>
    public void Ended() => Report(_time.GetTimestamp());

    private void Report(long now)
    {
        var progress = _progress();
        if (progress != _reported)
        {
            (_reported, _reportedAt) = (progress, now);
            _events.Post(new BridgeEvent.Progress(progress));
        }
    }

    private bool IsDue(long? before, long now) => before is not { } then || _time.GetElapsedTime(then, now) >= IntervalMin;

    private ImmutableSortedDictionary<string, double> Values(TrainerMessage.Merge merge, long now)
    {
        var values = ImmutableSortedDictionary.CreateBuilder<string, double>(StringComparer.Ordinal);
        values["merge_seconds"] = _time.GetElapsedTime(Overlaps ? _waitsSince ?? now : _contributedAt, now).TotalSeconds;
        if (merge.Tokens > 0)
        {
            values["loss"] = merge.LossSum / merge.Tokens;
            var seconds = _time.GetElapsedTime(_turnBegan, Overlaps ? _contributedAt : now).TotalSeconds;
            if (seconds > 0)
            {
                values["tokens_per_second"] = merge.Tokens / seconds;
            }
        }

        return values.ToImmutable();
    }
}
