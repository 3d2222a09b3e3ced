namespace Superfactory.Site.Gangs;

/// <summary>
/// Lets the lines of one process through at a bounded rate, so that one that writes without end fills neither the network nor the
/// control plane. What it holds back is counted, and the count is said. Thread-safe.
/// </summary>
internal sealed class LogGate
{
    /// <summary>Lines a second that always pass.</summary>
    public const int LinesPerSecondMax = 200;

    /// <summary>Lines that pass at once after a quiet time: a long traceback from each of many threads.</summary>
    public const int BurstMax = 2000;

    private readonly Lock _lock = new();
    private readonly TimeProvider _clock;
    private readonly Action<string> _pass;
    private long _refilled;
    private double _room = BurstMax;
    private long _dropped;

    /// <summary>An open gate.</summary>
    /// <param name="clock">Measures the rate.</param>
    /// <param name="pass">Called with each line that passes.</param>
    public LogGate(TimeProvider clock, Action<string> pass) => (_clock, _pass, _refilled) = (clock, pass, clock.GetTimestamp());

    /// <summary>Takes the next line.</summary>
    public void Add(string line)
    {
        lock (_lock)
        {
            var now = _clock.GetTimestamp();
            _room = Math.Min(BurstMax, _room + (_clock.GetElapsedTime(_refilled, now).TotalSeconds * LinesPerSecondMax));
            _refilled = now;
            if (_room < 1)
            {
                _dropped++;
                return;
            }

            _room--;
            SayDropped();
            _pass(line);
        }
    }

    /// <summary>Says what was held back since the last line that passed.</summary>
    public void SayDropped()
    {
        lock (_lock)
        {
            if (_dropped > 0)
            {
                _pass($"({_dropped} lines were dropped: more than {LinesPerSecondMax} a second)");
                _dropped = 0;
            }
        }
    }
}
