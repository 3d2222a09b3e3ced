using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using Superfactory.Cli.CommandLine;
using Superfactory.Cli.Links;
using Superfactory.Model.Units;
using Superfactory.Model.Views;

namespace Superfactory.Cli.Jobs;

/// <summary><c>superfactory why JOB</c>: why a job waits, and what would let it start.</summary>
internal static class WhyCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(ControlOption control, Terminal terminal)
    {
        var job = new Argument<long>("JOB") { Description = "The job's number." };
        var json = Settings.Json();
        var command = new Command("why", "Say why a job waits, what would let it start, and when it starts at the latest.") { job, json };
        command.SetAction((parsed, cancellation) => control.WithClientAsync(parsed, terminal, async client =>
            terminal.Show(await client.WhyAsync(parsed.GetRequiredValue(job), cancellation), parsed.GetValue(json), Lines)));
        return command;
    }

    /// <summary>What is known, as lines.</summary>
    internal static ImmutableArray<string> Lines(WhyView why)
    {
        var lines = ImmutableArray.CreateBuilder<string>();
        lines.Add($"Job {why.Job} ({why.Name}) is {why.State.ToString().ToLowerInvariant()}.");
        lines.Add($"  why         {why.Reason}");
        if (Needed(why) is { } needed)
        {
            lines.Add($"  needs       {needed}");
        }

        if (why.Place is { } place)
        {
            lines.Add(string.Create(CultureInfo.InvariantCulture, $"  place       {place} of those that wait, by priority and time"));
        }

        if (why.StartsUnixMilliseconds is { } starts)
        {
            lines.Add($"  starts      {Moment(starts)} at the latest{(why.Sites.IsEmpty ? string.Empty : $", at {string.Join(", ", why.Sites)}")}");
        }
        else if (why.State == JobState.Queued)
        {
            lines.Add("  starts      when that is nobody knows: those that run do not say how long (duration), or it is not among the first");
        }

        foreach (var rate in why.Rates)
        {
            lines.Add($"  reserved    {RateText.Of(rate)}");
        }

        if (why.EndsUnixMilliseconds is { } ends)
        {
            lines.Add($"  ends        {Moment(ends)}, as is expected");
        }

        if (why.DeadlineUnixMilliseconds is { } deadline)
        {
            lines.Add($"  deadline    {Moment(deadline)}{(why.EndsUnixMilliseconds > deadline ? ", which it is expected to miss" : string.Empty)}");
        }

        return lines.ToImmutable();
    }

    /// <summary>A time in UTC.</summary>
    internal static string Moment(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds).ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static string? Needed(WhyView why) => why.Lacks switch
    {
        WhyKind.Accelerators => string.Create(CultureInfo.InvariantCulture, $"{why.Missing:#,0} more {why.Hardware} free at {why.At}{Held(why)}"),
        WhyKind.Quota => string.Create(CultureInfo.InvariantCulture, $"{why.Missing:#,0} more quota of {why.Hardware} on queue {why.At}"),
        WhyKind.Lending => string.Create(CultureInfo.InvariantCulture, $"{why.Missing:#,0} more {why.Hardware} that other queues lend"),
        WhyKind.Power => string.Create(CultureInfo.InvariantCulture, $"{why.Missing:#,0} W more at {why.At}"),
        WhyKind.Rate => string.Create(CultureInfo.InvariantCulture, $"{new Bandwidth(Math.Min(why.Missing ?? 0, Bandwidth.MaxBitsPerSecond / 8) * 8)} from {why.At}, on a route that has room"),
        WhyKind.Jobs => why.Jobs.IsEmpty ? null : $"{Jobs(why)} to go first",
        WhyKind.Reserved => $"to end before the start that is reserved for {Jobs(why)}, or that to have been",
        WhyKind.Time => "time",
        WhyKind.Paused => $"'superfactory queue resume {why.At}'",
        WhyKind.Sites => why.At is { } sites ? $"{sites} connected and in service" : string.Create(CultureInfo.InvariantCulture, $"{why.Missing} more sites with slots, connected and in service"),
        WhyKind.Never => "another shape: it fits nowhere as it is",
        _ => null,
    };

    private static string Held(WhyView why) => why.Jobs.IsEmpty ? string.Empty : $", which {Jobs(why)} {(why.Jobs.Length == 1 ? "holds or claims" : "hold or claim")}";

    private static string Jobs(WhyView why) => why.Jobs is [0] ? "a window" : $"{(why.Jobs.Length == 1 ? "job" : "jobs")} {string.Join(", ", why.Jobs)}";
}
