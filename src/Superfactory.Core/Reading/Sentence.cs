using System.Globalization;
using Superfactory.Model.Views;

namespace Superfactory.Core.Reading;

/// <summary>The pieces that reasons and problems are put together from.</summary>
internal static class Sentence
{
    /// <summary><c>a</c>, <c>a and b</c>, <c>a, b and c</c>.</summary>
    public static string List(IEnumerable<string> names) => Joined(names, "and");

    /// <summary><c>a</c>, <c>a or b</c>, <c>a, b or c</c>.</summary>
    public static string Or(IEnumerable<string> names) => Joined(names, "or");

    private static string Joined(IEnumerable<string> names, string last)
    {
        var all = names.ToList();
        return all.Count switch
        {
            0 => "none",
            1 => all[0],
            _ => $"{string.Join(", ", all.Take(all.Count - 1))} {last} {all[^1]}",
        };
    }

    /// <summary>The known names as what was expected.</summary>
    public static string Known(IEnumerable<string> names)
    {
        var all = names.ToList();
        return all.Count == 0 ? "the name of a site whose agent has joined, and none has yet" : $"one of {string.Join(", ", all)}";
    }

    /// <summary>A length of time for people: <c>6 s</c>, <c>4 min</c>, <c>2 h 5 min</c>, <c>3 d</c>.</summary>
    public static string Duration(long milliseconds)
    {
        var time = TimeSpan.FromMilliseconds(Math.Max(0, milliseconds));
        return time switch
        {
            { TotalSeconds: < 120 } => string.Create(CultureInfo.InvariantCulture, $"{(long)time.TotalSeconds} s"),
            { TotalMinutes: < 120 } => string.Create(CultureInfo.InvariantCulture, $"{(long)time.TotalMinutes} min"),
            { TotalHours: < 48 } => string.Create(CultureInfo.InvariantCulture, $"{(long)time.TotalHours} h {time.Minutes} min"),
            _ => string.Create(CultureInfo.InvariantCulture, $"{(long)time.TotalDays} d"),
        };
    }

    public static string Jobs(IReadOnlyCollection<long> jobs)
        => $"{(jobs.Count == 1 ? "job" : "jobs")} {List(jobs.Select(job => job.ToString(CultureInfo.InvariantCulture)))}";

    public static string Ended(JobState state) => state switch
    {
        JobState.Completed => "completed",
        JobState.Failed => "failed",
        JobState.Cancelled => "was cancelled",
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, "The job has not ended."),
    };

    /// <summary>How something is out of service.</summary>
    public static string Outage(OutageState state) => state switch
    {
        OutageState.Draining => "being drained",
        OutageState.Drained => "drained",
        OutageState.Failed => "said to have failed",
        _ => "quarantined",
    };

    /// <summary>A text of somebody's as a sentence.</summary>
    public static string Ended(string text) => Capital(text.TrimEnd('.') + ".");

    /// <summary>A time for people, in UTC: <c>2026-11-23 04:00:00Z</c>.</summary>
    public static string Moment(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds).ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    public static string Capital(string text) => text.Length == 0 ? text : char.ToUpperInvariant(text[0]) + text[1..];

    public static string Lower(string text) => text.Length == 0 ? text : char.ToLowerInvariant(text[0]) + text[1..];
}
