using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Superfactory.Model;
using Superfactory.Model.Units;

namespace Superfactory.Lab.Topology;

/// <summary>Reads quantities of links as people write them: a number with its unit behind it. Pure and safe to call from any thread.</summary>
public static class LabQuantities
{
    private static readonly (string Name, decimal Ticks)[] _times =
        [("us", TimeSpan.TicksPerMicrosecond), ("ms", TimeSpan.TicksPerMillisecond), ("s", TimeSpan.TicksPerSecond)];

    private static readonly (string Name, decimal Bytes)[] _sizes =
        [("B", 1), ("kB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];

    /// <summary>Reads a time in <c>us</c>, <c>ms</c> or <c>s</c>, such as <c>14ms</c>; 0 to <see cref="WanProfile.MaxRoundTrip"/>. Never throws.</summary>
    public static bool TryParseTime(string? text, out TimeSpan time, [NotNullWhen(false)] out Problem? problem)
    {
        time = default;
        if (!TryParse(text, _times, out var ticks, out var number))
        {
            problem = new Problem(
                $"'{text}' is no time. Expected a number and a unit, us, ms or s, such as 14ms.", Hint: number.Length > 0 ? $"Did you mean '{number}ms'?" : null);
            return false;
        }

        if (ticks < 0 || ticks > WanProfile.MaxRoundTrip.Ticks)
        {
            problem = new Problem($"A time of '{text}' is out of range. Expected 0ms to {WanProfile.MaxRoundTrip.TotalSeconds:0}s.");
            return false;
        }

        (time, problem) = (TimeSpan.FromTicks((long)ticks), null);
        return true;
    }

    /// <summary>Reads a share of packets in per cent, such as <c>0.1%</c>; 0 % to 100 %. Never throws.</summary>
    /// <param name="text">What the user wrote.</param>
    /// <param name="share">The share, 0 to 1.</param>
    /// <param name="problem">What is wrong; null where nothing is.</param>
    public static bool TryParseShare(string? text, out double share, [NotNullWhen(false)] out Problem? problem)
    {
        share = 0;
        if (!TryParse(text, [("%", 0.01m)], out var value, out var number))
        {
            problem = new Problem($"'{text}' is no share. Expected a number and '%', such as 0.1%.", Hint: number.Length > 0 ? $"Did you mean '{number}%'?" : null);
            return false;
        }

        if (value is < 0 or > 1)
        {
            problem = new Problem($"A share of '{text}' is out of range. Expected 0% to 100%.");
            return false;
        }

        (share, problem) = ((double)value, null);
        return true;
    }

    /// <summary>Reads a number of bytes in <c>B</c>, <c>kB</c>, <c>MB</c>, <c>GB</c>, <c>KiB</c>, <c>MiB</c> or <c>GiB</c>, such as <c>256KiB</c>; over 0. Never throws.</summary>
    public static bool TryParseBytes(string? text, out long bytes, [NotNullWhen(false)] out Problem? problem)
    {
        bytes = 0;
        if (!TryParse(text, _sizes, out var value, out var number))
        {
            problem = new Problem(
                $"'{text}' is no number of bytes. Expected a number and a unit, B, kB, MB, KiB or MiB, such as 256KiB.",
                Hint: number.Length > 0 ? $"Did you mean '{number}B'?" : null);
            return false;
        }

        if (value < 1 || value > LinkRules.BytesMax)
        {
            problem = new Problem($"'{text}' is out of range. Expected 1B to {ByteCount.Format(LinkRules.BytesMax)}.");
            return false;
        }

        (bytes, problem) = ((long)value, null);
        return true;
    }

    /// <summary>A time as <see cref="TryParseTime"/> reads it, in milliseconds.</summary>
    public static string Format(TimeSpan time) =>
        ((decimal)time.Ticks / TimeSpan.TicksPerMillisecond).ToString("0.####", CultureInfo.InvariantCulture) + "ms";

    /// <summary>A share as <see cref="TryParseShare"/> reads it.</summary>
    public static string FormatShare(double share) => (share * 100).ToString("0.######", CultureInfo.InvariantCulture) + "%";

    private static bool TryParse(string? text, (string Name, decimal Worth)[] units, out decimal value, out string number)
    {
        value = 0;
        (number, var unit) = Quantity.Split(text);
        var isNumber = decimal.TryParse(number, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var amount);
        number = isNumber && unit.Length == 0 ? number : string.Empty;
        var known = Array.Find(units, entry => string.Equals(entry.Name, unit, StringComparison.OrdinalIgnoreCase));
        if (known.Name is null || !isNumber || Math.Abs(amount) > 1_000_000_000_000m)
        {
            return false;
        }

        value = amount * known.Worth;
        return true;
    }
}
