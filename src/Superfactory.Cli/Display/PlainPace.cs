using Superfactory.Model.Views;

namespace Superfactory.Cli.Display;

/// <summary>
/// Decides when output that is no terminal gets another line: at every change of state, and while training at a tenth of the run or
/// after some seconds. Not safe for use by several threads.
/// </summary>
internal sealed class PlainPace
{
    /// <summary>The share of a run after which a line is due.</summary>
    private const double FractionBetweenLines = 0.1;

    private static readonly TimeSpan _timeBetweenLines = TimeSpan.FromSeconds(10);

    private (JobState State, string Reason, bool IsUnreachable)? _shown;
    private double _fraction;
    private TimeSpan _at;

    /// <summary>The line that is due, or null.</summary>
    public string? Next(RunDisplay display, TimeSpan now)
    {
        if (display.Job is null)
        {
            return null;
        }

        // While it runs, a reason that changes is no news: the islands' own notes say it.
        var reason = display.State == JobState.Running ? string.Empty : display.Reason;
        var state = (display.State, reason, display.Unreachable is not null);
        var moved = display.State == JobState.Running && (display.Fraction - _fraction >= FractionBetweenLines || now - _at >= _timeBetweenLines);
        if (state == _shown && !moved)
        {
            return null;
        }

        (_shown, _fraction, _at) = (state, display.Fraction, now);
        return RunDisplayText.Line(display, now);
    }
}
