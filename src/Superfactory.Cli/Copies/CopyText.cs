using System.Collections.Immutable;
using System.Globalization;
using Superfactory.Cli.CommandLine;
using Superfactory.Cli.Display;
using Superfactory.Model.Copies;
using Superfactory.Model.Units;

namespace Superfactory.Cli.Copies;

/// <summary>Writes copies as text. Pure.</summary>
internal static class CopyText
{
    private const int BarCells = 30;

    /// <summary>Whether a copy in this state stays in it.</summary>
    public static bool HasEnded(CopyState state) => state is CopyState.Completed or CopyState.Failed or CopyState.Cancelled;

    /// <summary>The share of a copy that is done, 0 to 1; by bytes, or by files where those are empty.</summary>
    public static double Fraction(CopyView copy) => copy switch
    {
        { State: CopyState.Completed } => 1,
        { Progress: { Bytes: > 0 } progress } => Math.Clamp((double)progress.BytesDone / progress.Bytes, 0, 1),
        { Progress: { Files: > 0 } progress } => Math.Clamp((double)progress.FilesDone / progress.Files, 0, 1),
        _ => 0,
    };

    /// <summary>The lines of the live display.</summary>
    public static ImmutableArray<string> Lines(CopyView copy, string? unreachable, int width)
    {
        var reason = copy.State is CopyState.Running or CopyState.Completed ? string.Empty : $": {copy.Reason}";
        var lines = ImmutableArray.CreateBuilder<string>();
        lines.Add(Fit($"copy {copy.Id}  {copy.Source} → {copy.Destination}  {State(copy.State)}{reason}", width));
        var full = (int)Math.Floor(Fraction(copy) * BarCells);
        lines.Add(Fit($"{new string('█', full)}{new string('░', BarCells - full)}  {Amounts(copy)}", width));
        if (unreachable is not null)
        {
            lines.Add(Fit($"{unreachable} The copy goes on without it; trying again …", width));
        }

        return lines.DrainToImmutable();
    }

    /// <summary>One line for output that is no terminal.</summary>
    public static string Line(CopyView copy) => copy.State switch
    {
        CopyState.Running => Amounts(copy),
        CopyState.Completed => $"completed: {Result(copy)}",
        _ => $"{State(copy.State)}: {copy.Reason}",
    };

    /// <summary>What came of a completed copy.</summary>
    public static string Result(CopyView copy)
    {
        if (copy.Progress is not { } progress)
        {
            return copy.Reason;
        }

        var seconds = Math.Max(0.001, ((copy.EndedUnixMilliseconds ?? copy.RequestedUnixMilliseconds) - copy.RequestedUnixMilliseconds) / 1000.0);
        var left = progress.LeftOut > 0 ? string.Create(CultureInfo.InvariantCulture, $"; {progress.LeftOut} links and special files left out") : string.Empty;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{progress.FilesDone} {(progress.FilesDone == 1 ? "file" : "files")}, {ByteCount.Format(progress.BytesDone)}, verified; {ByteCount.Format(progress.BytesReceived)} sent, {ByteCount.Format(progress.BytesKept)} were there or zeros; {seconds:0.#} s, {ByteCount.Format((long)(progress.BytesDone / seconds))}/s{left}.");
    }

    /// <summary>The copies as a table.</summary>
    public static ImmutableArray<string> List(IReadOnlyList<CopyView> copies) => copies.Count == 0
        ? ["There are no copies. Ask for one with 'superfactory copy SITE:PATH SITE:PATH'."]
        : Table.Lines(
            [" ID", "STATE", "SOURCE", "DESTINATION", " DONE", " BYTES", " RATE", "REASON"],
            copies.Select(static copy => ImmutableArray.Create(
                copy.Id.ToString(CultureInfo.InvariantCulture),
                State(copy.State),
                copy.Source.ToString(),
                copy.Destination.ToString(),
                Fraction(copy).ToString("0 %", CultureInfo.InvariantCulture),
                copy.Progress is { } progress ? ByteCount.Format(progress.Bytes) : "–",
                copy is { State: CopyState.Running, Progress: { } running } ? $"{ByteCount.Format(running.BytesPerSecond)}/s" : "–",
                copy.State is CopyState.Running or CopyState.Completed ? string.Empty : copy.Reason)));

    private static string Amounts(CopyView copy)
    {
        if (copy.Progress is not { } progress)
        {
            return "0 %";
        }

        var percent = Math.Floor(Fraction(copy) * 100) / 100;
        var all = progress.Counted ? string.Empty : " or more";
        var left = copy.State == CopyState.Running && progress is { Counted: true, BytesPerSecond: > 0 }
            ? $"  {RunDisplayText.Clock(TimeSpan.FromSeconds((progress.Bytes - progress.BytesDone) / (double)progress.BytesPerSecond))} left"
            : string.Empty;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{percent:0 %}  {ByteCount.Format(progress.BytesDone)} of {ByteCount.Format(progress.Bytes)}{all}  {progress.FilesDone} of {progress.Files} files{all}  {ByteCount.Format(progress.BytesPerSecond)}/s{left}");
    }

    private static string State(CopyState state) => state.ToString().ToLowerInvariant();

    private static string Fit(string line, int width) => line.Length <= width ? line : string.Concat(line.AsSpan(0, width - 1), "…");
}
