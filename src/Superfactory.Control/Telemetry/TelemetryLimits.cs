namespace Superfactory.Control.Telemetry;

/// <summary>How much is kept of what is not history: logs and measurements.</summary>
internal static class TelemetryLimits
{
    /// <summary>Lines kept per job; the oldest go first. At 100 characters a line 2 MB, at the longest lines 80 MB.</summary>
    public const int LogLinesPerJobMax = 20_000;

    /// <summary>Measurements kept per job. Beyond it every second one of the older half goes, so that a long run keeps its whole curve.</summary>
    public const int MeasurementsPerJobMax = 20_000;

    /// <summary>A job may exceed its limit by this many before it is cut back, so that not every report pays for it.</summary>
    public const int Slack = 2_000;

    /// <summary>Jobs that anything is kept of; beyond it the ended job with the lowest number goes.</summary>
    public const int JobsMax = 200;

    /// <summary>The longest line kept, in characters; longer ones are cut.</summary>
    public const int LineLengthMax = 4_096;

    /// <summary>Values kept of one measurement; those that sort last are dropped.</summary>
    public const int ValuesPerMeasurementMax = 64;

    /// <summary>Reports that may wait to be written; beyond it agents wait for the answer to theirs.</summary>
    public const int QueueLength = 256;

    /// <summary>Reports that share one commit.</summary>
    public const int ReportsPerCommit = 32;

    /// <summary>Lines or measurements in one page.</summary>
    public const int PageMax = 10_000;
}
