namespace Superfactory.Cli.Soak;

/// <summary>What a soak is asked for.</summary>
/// <param name="Seed">The seed.</param>
/// <param name="Schedules">How many schedules; 0 where it was not said.</param>
/// <param name="Schedule">The one schedule to run; -1 for all.</param>
/// <param name="Trace">Whether everything that happens is written.</param>
/// <param name="Threads">Threads.</param>
/// <param name="Json">Where the report goes; null where none was asked for.</param>
internal sealed record SoakOptions(ulong Seed, long Schedules, long Schedule, bool Trace, int Threads, string? Json)
{
    /// <summary>Schedules where it is not said how many.</summary>
    public const long SchedulesDefault = 10_000;
}
