using Superfactory.Model.Agents;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Bridge.Trainer;

namespace Superfactory.Sync.Bridge.Measuring;

/// <summary>
/// Measures the rounds of a run that chooses its mode by itself: what a step takes, what the trainer does besides, how fast the others'
/// chunks come. Whole rounds under one schedule alone; the median of the newest. For one thread.
/// </summary>
/// <param name="time">Its clock.</param>
/// <param name="schedule">What is merged in the current round, and when.</param>
internal sealed class RoundMeter(TimeProvider time, Func<RunSchedule> schedule)
{
    private readonly NewestValues _steps = new(IslandMeasurement.RoundsMax);
    private readonly NewestValues _ownWork = new(IslandMeasurement.RoundsMax);
    private readonly NewestValues _rates = new(IslandMeasurement.RoundsMax);
    private readonly NewestValues _shares = new(IslandMeasurement.RoundsMax);
    private RunSchedule? _measured;
    private long _rounds;
    private (int Steps, long Trained, long Own, long At)? _pending;
    private long? _mergedAt;
    private long? _contributedAt;
    private (long First, long Last, long Bytes, long FirstBytes)? _arriving;

    /// <summary>A chunk of another island arrived.</summary>
    /// <param name="bytes">Its size.</param>
    public void Arrived(int bytes)
    {
        var now = time.GetTimestamp();
        _arriving = _arriving is { } before ? before with { Last = now, Bytes = before.Bytes + bytes } : (now, now, bytes, bytes);
    }

    /// <summary>The trainer has done a round's steps.</summary>
    public void Contributed(TrainerMessage.Merge merge)
    {
        var (now, own) = (time.GetTimestamp(), schedule());
        if (own != _measured)
        {
            // The first round under a schedule has what the change took in it.
            (_measured, _rounds, _mergedAt, _contributedAt) = (own, 0, null, null);
            _steps.Clear();
            _ownWork.Clear();
            _rates.Clear();
            _shares.Clear();
        }

        _pending = null;
        if (own.Mode == SyncMode.Streaming)
        {
            if (_contributedAt is { } last && merge is { Steps: > 0, Seconds: > 0 })
            {
                // The trainer goes on while a round is merged: a round lies between two contributions.
                Add(merge.Steps, Limited(merge.Seconds), Limited(merge.OwnSeconds), Math.Max(1, Microseconds(last, now)));
            }

            _contributedAt = now;
        }
        else if (_mergedAt is { } merged && merge.Steps > 0)
        {
            var busy = Microseconds(merged, now);
            _pending = merge.Seconds > 0 ? (merge.Steps, Limited(merge.Seconds), Limited(merge.OwnSeconds), now) : (merge.Steps, busy, 0, now);
        }
    }

    /// <summary>The trainer's round is merged.</summary>
    public void Merged()
    {
        var now = time.GetTimestamp();
        _mergedAt = now;
        if (_pending is { } round)
        {
            Add(round.Steps, round.Trained, round.Own, Math.Max(1, round.Trained + round.Own + Microseconds(round.At, now)));
        }

        if (_arriving is { } arrived && Microseconds(arrived.First, arrived.Last) is > 0 and var microseconds && arrived.Bytes > arrived.FirstBytes)
        {
            // What came with the first chunk was on its way before.
            _rates.Add((long)((arrived.Bytes - arrived.FirstBytes) * 8e6 / microseconds));
        }

        (_pending, _arriving) = (null, null);
    }

    /// <summary>What was measured so far under the present schedule; null before a whole round.</summary>
    /// <param name="parameterBytes">Bytes of the merged parameters.</param>
    /// <param name="fragments">Fragments into which streaming cuts them.</param>
    /// <param name="roundTripMicroseconds">The longest round trip; 0 where none is known.</param>
    public IslandMeasurement? Measured(long parameterBytes, int fragments, long roundTripMicroseconds) => _rounds == 0 ? null : new IslandMeasurement
    {
        Schedule = _measured!,
        Rounds = _rounds,
        StepMicroseconds = _steps.Median,
        OwnWorkMicroseconds = _ownWork.Median * (_measured!.Mode == SyncMode.Streaming ? fragments : 1),
        Fragments = fragments,
        ParameterBytes = parameterBytes,
        LinkBitsPerSecond = _rates.Median,
        RoundTripMicroseconds = roundTripMicroseconds,
        ShareMillionths = (int)_shares.Median,
    };

    private void Add(int steps, long trained, long own, long whole)
    {
        _rounds++;
        _steps.Add(Math.Max(1, trained / steps));
        _ownWork.Add(own);
        _shares.Add(Math.Min(1_000_000, trained * 1_000_000 / whole));
    }

    /// <summary>A time that a trainer says, in microseconds; not over an hour, and none where it is no number.</summary>
    private static long Limited(double seconds) => (long)(Math.Clamp(double.IsNaN(seconds) ? 0 : seconds, 0, 3600) * 1e6);

    private long Microseconds(long from, long to) => (long)time.GetElapsedTime(from, to).TotalMicroseconds;
}
