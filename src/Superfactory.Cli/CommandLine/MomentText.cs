using System.Globalization;

namespace Superfactory.Cli.CommandLine;

/// <summary>Reads times as people write them on the command line. Pure.</summary>
internal static class MomentText
{
    /// <summary>What is expected.</summary>
    public const string Expected = "a time such as 18:30, 2026-11-23T18:30Z, or a while from now such as 90min, 2h or 1d";

    /// <summary>What is expected of a length of time.</summary>
    public const string ExpectedLength = "a length of time such as 90min, 2h or 1d";

    private static readonly (string Unit, long Milliseconds)[] _units = [("min", 60_000), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

    /// <summary>Reads a time.</summary>
    /// <param name="text">A clock time of today, or of tomorrow where it has passed; a date with a time, of this machine's zone where it names none; or a while from now.</param>
    /// <param name="now">The time, with this machine's zone.</param>
    /// <returns>Milliseconds since 1970-01-01 UTC; null where it is no time.</returns>
    public static long? Read(string text, DateTimeOffset now)
    {
        if (ReadLength(text) is { } length)
        {
            return now.ToUnixTimeMilliseconds() + length;
        }

        if (TimeOnly.TryParseExact(text, ["H:mm", "H:mm:ss"], CultureInfo.InvariantCulture, DateTimeStyles.None, out var clock))
        {
            var today = new DateTimeOffset(now.Date + clock.ToTimeSpan(), now.Offset);
            return (today < now ? today.AddDays(1) : today).ToUnixTimeMilliseconds();
        }

        return DateTimeOffset.TryParseExact(text, ["yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd'T'HH:mm:ssK"], CultureInfo.InvariantCulture, DateTimeStyles.AssumeLocal, out var date)
            ? date.ToUnixTimeMilliseconds()
            : null;
    }

    /// <summary>Reads a length of time such as <c>90min</c>.</summary>
    /// <returns>Milliseconds; null where it is none.</returns>
    public static long? ReadLength(string text)
    {
        foreach (var (unit, length) in _units)
        {
            if (text.EndsWith(unit, StringComparison.Ordinal) && int.TryParse(text.AsSpan(0, text.Length - unit.Length).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var count))
            {
                return count * length;
            }
        }

        return null;
    }

    /// <summary>Writes a time of this machine's zone.</summary>
    public static string Write(long unixMilliseconds, TimeZoneInfo zone) =>
        TimeZoneInfo.ConvertTime(DateTimeOffset.FromUnixTimeMilliseconds(unixMilliseconds), zone).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
}
