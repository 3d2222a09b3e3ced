namespace Superfactory.Cli.Bench.Scheduling;

/// <summary>How long steps of rounds took, and what of it was the collector. Not safe for concurrent use.</summary>
internal sealed class StepTimes
{
    // What a step may take at the most.
    private const double Slowest = 3;

    private int _slow, _paused;
    private double _pauseMost, _ownMost;

    /// <summary>Every step, in milliseconds.</summary>
    public List<double> Milliseconds { get; } = new(1 << 20);

    /// <summary>What there was of steps that took too long.</summary>
    public SlowSteps Slow => new(_slow, _paused, _pauseMost, _ownMost);

    /// <summary>Takes down a step, and how long the collector stopped it.</summary>
    public void Add(double milliseconds, double paused)
    {
        Milliseconds.Add(milliseconds);
        (_pauseMost, _ownMost) = (Math.Max(_pauseMost, paused), Math.Max(_ownMost, milliseconds - paused));
        if (milliseconds > Slowest)
        {
            _slow++;
            _paused += paused > 0 ? 1 : 0;
        }
    }
}
