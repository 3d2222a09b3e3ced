using System.Globalization;
using Superfactory.Sync.Bridge.Trainer;

namespace Superfactory.Sync.Bridge.Membership;

/// <summary>
/// Tells when a trainer takes no step though it should: its process hangs, is paused, or waits for something that does not come. A bridge whose trainer
/// stalls keeps silent towards the other islands, so that they go on without this one as if the bridge itself hung. For one thread.
/// </summary>
/// <param name="island">This island.</param>
/// <param name="limit">How long without a step is a stall; zero takes <see cref="StepsMax"/> median steps, at least <see cref="StallMin"/>.</param>
/// <param name="note">Told what people should know.</param>
/// <param name="time">Its clock.</param>
internal sealed class TrainerWatch(string island, TimeSpan limit, Action<string> note, TimeProvider time)
{
    /// <summary>The shortest stall unless the job says otherwise: 30 seconds, longer than most loops validate or save.</summary>
    public static readonly TimeSpan StallMin = TimeSpan.FromSeconds(30);

    /// <summary>How many median steps without one are a stall unless the job says otherwise.</summary>
    public const int StepsMax = 10;

    /// <summary>Steps whose median is taken. A client tells of its steps four times a second at most, so that quick ones count as quarters of a second.</summary>
    public const int StepsKept = 16;

    /// <summary>The longest time between two looks in which a trainer is believed to have been silent: whoever looks after longer did not run itself.</summary>
    public static readonly TimeSpan GapMax = TimeSpan.FromSeconds(1);

    private readonly Queue<TimeSpan> _taken = new();
    private long _step = -1;
    private long? _since;
    private long? _looked;

    /// <summary>Whether the trainer has taken no step for too long.</summary>
    public bool IsStalled { get; private set; }

    /// <summary>How long without a step is a stall now.</summary>
    public TimeSpan Limit => limit > TimeSpan.Zero ? limit : _taken.Count == 0 ? StallMin : Longer(StallMin, StepsMax * _taken.Order().ElementAt(_taken.Count / 2));

    /// <summary>The trainer said something, or something unreadable.</summary>
    /// <param name="said">Values that it reports between two steps say nothing new.</param>
    public void Hear(TrainerMessage? said)
    {
        if (said is TrainerMessage.Merge || (said is TrainerMessage.Report { Step: var step } && step != _step))
        {
            _step = said is TrainerMessage.Report { Step: var told } ? told : _step;
            Step();
        }
    }

    /// <summary>Looks whether the trainer stalls.</summary>
    /// <param name="due">Whether its next step is due, or its state, which others wait for: it neither waits for a merge nor for its beginning.</param>
    public void Look(bool due)
    {
        var (now, before) = (time.GetTimestamp(), IsStalled);
        var paused = _looked is { } looked && time.GetElapsedTime(looked, now) > GapMax;
        _looked = now;
        if (!due)
        {
            if (before)
            {
                note($"The trainer of {island} did what it was to do.");
            }

            (_since, IsStalled) = (null, false);
            return;
        }

        _since = paused ? now : _since ?? now;
        IsStalled |= time.GetElapsedTime(_since.Value, now) >= Limit;
        if (IsStalled != before)
        {
            note(string.Create(
                CultureInfo.InvariantCulture, $"The trainer of {island} has taken no step for {Limit.TotalSeconds:0} s (sync.stall): the others go on without this island until it does."));
        }
    }

    private void Step()
    {
        if (IsStalled)
        {
            note($"The trainer of {island} takes steps again.");
        }
        else if (_since is { } since)
        {
            _taken.Enqueue(time.GetElapsedTime(since));
            if (_taken.Count > StepsKept)
            {
                _taken.Dequeue();
            }
        }

        (_since, IsStalled) = (time.GetTimestamp(), false);
    }

    private static TimeSpan Longer(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
