using Superfactory.Model.Agents;

namespace Superfactory.Routing.Watching;

/// <summary>Judges what one direction of a link carries, by the moments in which it was full. Pure; not thread-safe.</summary>
internal sealed class RateWatch
{
    private long? _fullBefore;
    private long _full;
    private long _looked;
    private long _kept;
    private long _best;
    private long? _dropped;
    private int _again;

    /// <summary>What it was found to carry, in bits per second; null where nothing speaks against what it is declared to.</summary>
    public long? Found { get; set; }

    /// <summary>Takes a report.</summary>
    /// <param name="report">What the sending gateway says.</param>
    /// <param name="passed">Milliseconds since the last one.</param>
    /// <param name="declared">What the direction is declared to carry, in bits per second.</param>
    public void Look(LinkReport report, long passed, long declared)
    {
        // Whatever a gateway says: counts fall where it was started anew, and what happened while nobody looked is not known.
        var count = Math.Max(0, report.FullMilliseconds);
        var full = Math.Clamp(count - (_fullBefore ?? count), 0, WatchLimits.StepMillisecondsMax);
        _fullBefore = count;
        _looked += passed;
        _kept = Found is null || full > 0 ? 0 : _kept + passed;
        if (full > 0)
        {
            _full += full;
            _best = Math.Max(_best, Math.Clamp(report.AchievableBytesPerSecond, 0, WanLink.MaxBytesPerSecond) * 8);
        }

        if (_kept >= KeptMilliseconds)
        {
            (Found, _kept, _dropped) = (null, 0, 0);
        }
        else if (_dropped >= WatchLimits.SlowForgottenMilliseconds)
        {
            (_dropped, _again) = (null, 0);
        }
        else
        {
            _dropped += passed;
        }

        if (_full >= WatchLimits.FullMilliseconds && _looked >= WatchLimits.JudgedMilliseconds)
        {
            Judge(declared);
            Begin();
        }
        else if (_looked >= WatchLimits.LookMillisecondsMax)
        {
            Begin();
        }
    }

    /// <summary>Begins anew: what was seen counts no more, what was found does.</summary>
    public void Begin() => (_full, _looked, _best) = (0, 0, 0);

    /// <summary>The gateway was not heard for a while: its counts may be another process's.</summary>
    public void Forget()
    {
        Begin();
        _fullBefore = null;
    }

    /// <summary>How long what was found is gone by when it is not shown again.</summary>
    private long KeptMilliseconds => (long)WatchLimits.SlowKeptMilliseconds << Math.Min(_again, WatchLimits.DoublingsMax);

    private void Judge(long declared)
    {
        var taken = Math.Min(Found ?? declared, declared);
        if (_best >= Part(declared, WatchLimits.WholeThousandths))
        {
            (Found, _dropped, _again) = (null, null, 0);
        }
        else if (_best < Part(taken, WatchLimits.SlowThousandths) || (Found is { } found && _best >= Part(found, WatchLimits.MoreThousandths)))
        {
            // What was dropped only since nobody showed it any more was true all the same: as with a link that is cut again, it is believed for longer.
            _again = _dropped is null ? _again : Math.Min(_again + 1, WatchLimits.DoublingsMax);
            _dropped = null;
            Found = Math.Max(1_000, TwoDigits(_best));
        }
    }

    // As 128 bits: the largest rates times a thousand are beyond 64.
    private static long Part(long rate, int thousandths) => (long)((Int128)rate * thousandths / 1000);

    /// <summary>The two leading digits of a rate: it is not known better.</summary>
    private static long TwoDigits(long rate)
    {
        var unit = 1L;
        while (rate / unit >= 100)
        {
            unit *= 10;
        }

        return rate / unit * unit;
    }
}
