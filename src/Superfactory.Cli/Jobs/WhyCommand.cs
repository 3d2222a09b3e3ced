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
    // Places of one kind of hardware that are named one by one.
    private const int DomainsNamed = 4;

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
        Needs(lines, why.Needs);

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

        Inputs(lines, why.Inputs);
        Reservations(lines, why.Reservations);
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

    /// <summary>All that is lacking, a line for each; accelerators of many domains are added up.</summary>
    internal static void Needs(ImmutableArray<string>.Builder lines, ImmutableArray<WhyNeed> needs)
    {
        var isFirst = true;
        foreach (var needed in needs.GroupBy(static need => need.Lacks == WhyKind.Accelerators ? (need.Hardware, need.Role) : default).SelectMany(static kind => kind.Key.Hardware is null || kind.Count() <= DomainsNamed
            ? kind.Select(Needed) : [Sum([.. kind])]))
        {
            lines.Add($"  {(isFirst ? "needs" : "  and"),-11} {needed}");
            isFirst = false;
        }
    }

    /// <summary>What a job reads when it starts and where that lies, a line for each.</summary>
    internal static void Inputs(ImmutableArray<string>.Builder lines, ImmutableArray<InputView> inputs)
    {
        foreach (var input in inputs)
        {
            var size = input.Bytes == 0 ? string.Empty : $" ({ByteCount.Format(input.Bytes)})";
            lines.Add($"  reads       {input.Name}{size}, which lies at {string.Join(", ", input.Sites)}{(input.Lacking.IsEmpty ? string.Empty : $" and has to be copied to {string.Join(", ", input.Lacking)}")}");
        }
    }

    /// <summary>What is reserved of the fleet for a job, or has it stop, a line for each.</summary>
    internal static void Reservations(ImmutableArray<string>.Builder lines, ImmutableArray<JobReservation> reservations)
    {
        foreach (var reservation in reservations)
        {
            var time = $"reservation {reservation.Name}, from {Moment(reservation.FromUnixMilliseconds)} until {Moment(reservation.UntilUnixMilliseconds)}";
            lines.Add(reservation.LeavesUnixMilliseconds is { } leaves ? $"  leaves      {Moment(leaves)}: it saves and stops for {time}" : $"  may use     {time}");
        }
    }

    private static string Needed(WhyNeed need) => (need.Role is { } role ? $"for its role {role}: " : string.Empty) + need.Lacks switch
    {
        WhyKind.Accelerators => string.Create(CultureInfo.InvariantCulture, $"{need.Missing:#,0} more {need.Hardware} free at {need.At}{Held(need)}"),
        WhyKind.Quota => string.Create(CultureInfo.InvariantCulture, $"{need.Missing:#,0} more quota of {need.Hardware} on queue {need.At}"),
        WhyKind.Lending => string.Create(CultureInfo.InvariantCulture, $"{need.Missing:#,0} more {need.Hardware} that {(need.At is { } lender ? $"queue {lender} lends" : "other queues lend")}"),
        WhyKind.Power => string.Create(CultureInfo.InvariantCulture, $"{need.Missing:#,0} W more at {need.At}"),
        WhyKind.Rate => string.Create(CultureInfo.InvariantCulture, $"{new Bandwidth(Math.Min(need.Missing ?? 0, Bandwidth.MaxBitsPerSecond / 8) * 8)} more on the link from {need.At}"),
        WhyKind.Jobs => $"{Jobs(need)}{(need.Missing > need.Jobs.Length ? $" and {string.Create(CultureInfo.InvariantCulture, $"{need.Missing - need.Jobs.Length:#,0}")} more" : string.Empty)} {(need.At is { } queue ? $"of queue {queue} " : string.Empty)}to go first",
        WhyKind.Running => $"{Jobs(need)} to stop",
        WhyKind.Reserved when need is { At: { } name, UntilUnixMilliseconds: { } from, OverUnixMilliseconds: { } over } => $"to end before reservation {name} begins at {Moment(from)}, or that to be over, at {Moment(over)}",
        WhyKind.Reserved => $"to end before the start that is reserved for {Jobs(need)}, or that to have been",
        WhyKind.Time => need.UntilUnixMilliseconds is { } until ? $"time: not before {Moment(until)}" : "time",
        WhyKind.Paused => $"'superfactory queue resume {need.At}'",
        WhyKind.Sites => need.At is { } sites ? $"{sites} connected and in service" : string.Create(CultureInfo.InvariantCulture, $"{need.Missing} more sites with slots, connected and in service"),
        _ => "another shape: it fits nowhere as it is",
    };

    private static string Sum(ImmutableArray<WhyNeed> needs)
    {
        var jobs = needs.SelectMany(static need => need.Jobs).Distinct().Order().ToImmutableArray();
        return Needed(new WhyNeed(WhyKind.Accelerators) { Missing = needs.Sum(static need => need.Missing), Hardware = needs[0].Hardware, Role = needs[0].Role, At = string.Create(CultureInfo.InvariantCulture, $"{needs[0].At} and {needs.Length - 1:#,0} other places"), Jobs = jobs.Length > DomainsNamed ? [] : jobs });
    }

    private static string Held(WhyNeed need) => need.Jobs.IsEmpty ? string.Empty : $", which {Jobs(need)} {(need.Jobs.Length == 1 ? "holds" : "hold")}";

    private static string Jobs(WhyNeed need) => need.Jobs is [0] ? "a window" : $"{(need.Jobs.Length == 1 ? "job" : "jobs")} {string.Join(", ", need.Jobs)}";
}
