namespace Superfactory.Routing.Watching;

/// <summary>The times and shares that links are judged by.</summary>
public static class WatchLimits
{
    /// <summary>
    /// How long a link is down without a break before it counts as cut, in milliseconds. Traffic goes round a cut within 1.5 s by itself, and a gateway that died is back within
    /// seconds; what is reserved moves only for what lasts, since a job for which there is no other route is stopped.
    /// </summary>
    public const int CutMilliseconds = 15_000;

    /// <summary>How long a link that was cut is up without a break before it counts as restored, in milliseconds; twice as long each time that it is cut again.</summary>
    public const int RestoredMilliseconds = 10_000;

    /// <summary>After so many more cuts the time to be restored grows no longer, 160 s; nor the time that a lesser rate is gone by, 160 min, after it was found again so often.</summary>
    public const int DoublingsMax = 4;

    /// <summary>A link that was up for so long, in milliseconds, is trusted as if it had never been cut: ten minutes.</summary>
    public const int TrustedMilliseconds = 600_000;

    /// <summary>Full moments that a rate is judged by, in milliseconds: an idle link is no slow one.</summary>
    public const int FullMilliseconds = 10_000;

    /// <summary>How long a rate is looked at before it is judged, in milliseconds: longer than a burst of somebody else's, or a busy machine, lasts.</summary>
    public const int JudgedMilliseconds = 30_000;

    /// <summary>A look that has not seen enough full moments after so long, in milliseconds, begins anew.</summary>
    public const int LookMillisecondsMax = 120_000;

    /// <summary>A link carries less if it showed less than so many thousandths of what it was taken to carry: measured rates lack headers, and are some percent off.</summary>
    public const int SlowThousandths = 750;

    /// <summary>A link carries what it is declared to again if it showed so many thousandths of that.</summary>
    public const int WholeThousandths = 900;

    /// <summary>A link is found to carry more than it was found to if it showed so many thousandths of that.</summary>
    public const int MoreThousandths = 1_125;

    /// <summary>
    /// How long a lesser rate is gone by when the link is not full again, in milliseconds: nobody may be left who would show that it carries more. Twice as long each time that
    /// it is found again after that, since a job that was stopped for it may be the only one to fill the link, and would be started and stopped for ever.
    /// </summary>
    public const int SlowKeptMilliseconds = 600_000;

    /// <summary>
    /// A link that was not found slow for so long after a lesser rate was dropped, in milliseconds, is trusted as if it had never been slow: 160 min, so that a job that takes
    /// long to start shows it in time.
    /// </summary>
    public const int SlowForgottenMilliseconds = SlowKeptMilliseconds << DoublingsMax;

    /// <summary>The most that counts as passed between two looks, in milliseconds: what happened while nobody looked is not known.</summary>
    public const int StepMillisecondsMax = 2_000;
}
