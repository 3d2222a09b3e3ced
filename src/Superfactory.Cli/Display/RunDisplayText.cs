using System.Collections.Immutable;
using System.Globalization;
using Superfactory.Model.Units;
using Superfactory.Model.Views;

namespace Superfactory.Cli.Display;

/// <summary>Writes a <see cref="RunDisplay"/> as lines of text. Pure.</summary>
internal static class RunDisplayText
{
    private const int BarCellsMax = 40;

    /// <summary>The lines of the live display.</summary>
    public static ImmutableArray<string> Lines(RunDisplay display, TimeSpan now, int width)
    {
        if (display.Job is not { } job)
        {
            return ["waiting for the control plane …"];
        }

        var lines = ImmutableArray.CreateBuilder<string>();
        var reason = display.Reason.Length > 0 && display.State != JobState.Running ? $": {display.Reason}" : string.Empty;
        lines.Add(Fit($"job {job.Id}  {job.Name}  {StateName(display.State)}{reason}", width));
        lines.Add(Fit($"{Bar(display.Fraction, Math.Clamp(width - 50, 10, BarCellsMax))}  {Progress(display, now)}", width));
        if (display.Merging is { } merging)
        {
            lines.Add(Fit($"merges {Merging(merging)}", width));
        }

        lines.Add(Fit($"{"site",-12} {"loss",8} {"tokens/s",10} {"merges",7} {"WAN sent",10}", width));
        foreach (var row in display.Islands)
        {
            lines.Add(Fit($"{row.Site,-12} {Loss(row.Loss),8} {Number(row.TokensPerSecond),10} {row.Merges,7} {ByteCount.Format(row.WanBytes),10}  {row.Note}".TrimEnd(), width));
        }

        if (display.Unreachable is { } unreachable)
        {
            lines.Add(Fit(GoesOn(unreachable), width));
        }

        return lines.ToImmutable();
    }

    /// <summary>The display in one line, for output that is no terminal.</summary>
    public static string Line(RunDisplay display, TimeSpan now)
    {
        if (display.Unreachable is { } unreachable)
        {
            return GoesOn(unreachable);
        }

        if (display.State != JobState.Running)
        {
            return $"{StateName(display.State)}: {display.Reason}";
        }

        var islands = display.Islands.Select(static row =>
            $"{row.Site} loss {Loss(row.Loss)} at {Number(row.TokensPerSecond)} tokens/s{(row.Note is null ? string.Empty : $" ({row.Note})")}");
        var merges = display.Islands.IsEmpty ? 0 : display.Islands.Max(static row => row.Merges);
        var schedule = display.Merging is { } merging ? $" {merging.Schedule}" : string.Empty;
        return $"{Progress(display, now)}; {string.Join("; ", islands)}; {Merges(merges)}{schedule}, {ByteCount.Format(display.Islands.Sum(static row => row.WanBytes))} over the WAN";
    }

    /// <summary>A loss with three digits after the point, or a dash.</summary>
    public static string Loss(double? loss) => loss?.ToString("0.000", CultureInfo.InvariantCulture) ?? "–";

    /// <summary>A whole number in groups of three, or a dash.</summary>
    public static string Number(double? value) => value?.ToString("#,0", CultureInfo.InvariantCulture) ?? "–";

    /// <summary>A length of time as minutes and seconds, hours before them where there are any.</summary>
    public static string Clock(TimeSpan time) => time.TotalHours >= 1
        ? string.Create(CultureInfo.InvariantCulture, $"{(long)time.TotalHours}:{time.Minutes:00}:{time.Seconds:00}")
        : string.Create(CultureInfo.InvariantCulture, $"{time.Minutes}:{time.Seconds:00}");

    /// <summary>A number of merges.</summary>
    public static string Merges(long merges) => merges == 1 ? "1 merge" : $"{Number(merges)} merges";

    /// <summary>What a run that chooses by itself merges, and what that is predicted and measured to reach.</summary>
    public static string Merging(ModeView merging)
    {
        var predicted = merging.Predicted is { } share ? $"predicted {Percent(share)}, " : string.Empty;
        var measured = merging.Measured is { } reached ? $"measured {Percent(reached)}" : "not measured yet";
        return $"{merging.Schedule}: {predicted}{measured} of the compute-only rate, to reach {Percent(merging.Target)}";
    }

    /// <summary>A state as the API writes it.</summary>
    public static string StateName(JobState state) => state.ToString().ToLowerInvariant();

    /// <summary>Rounded down, so that what misses a target does not look as if it had reached it.</summary>
    private static string Percent(double share) => (Math.Floor(share * 1000 + 1e-6) / 10).ToString("0.#", CultureInfo.InvariantCulture) + " %";

    private static string GoesOn(string unreachable) => $"{unreachable} The job goes on without it; trying again …";

    private static string Progress(RunDisplay display, TimeSpan now)
    {
        var (done, planned) = display.Steps;
        var percent = display.Fraction.ToString("0 %", CultureInfo.InvariantCulture);
        var steps = planned > 0 ? $"  step {(display.Fraction >= 1 ? planned : Math.Min(done, planned))} of {planned}" : string.Empty;
        var left = display.Left(now) is { } time ? $"  {Clock(time)} left" : string.Empty;
        return $"{percent}{steps}{left}";
    }

    private static string Bar(double fraction, int cells)
    {
        var full = (int)Math.Floor(Math.Clamp(fraction, 0, 1) * cells);
        return new string('█', full) + new string('░', cells - full);
    }

    private static string Fit(string line, int width) => line.Length <= width ? line : string.Concat(line.AsSpan(0, width - 1), "…");
}
