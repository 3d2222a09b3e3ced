using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Superfactory.Model.Units;

/// <summary>What an emulated link between two sites is like, the same in both directions. Immutable.</summary>
/// <param name="Rate">How much each direction carries.</param>
/// <param name="RoundTrip">How long a message and its answer are under way, both directions together. 0 to <see cref="MaxRoundTrip"/>.</param>
public sealed record WanProfile(Bandwidth Rate, TimeSpan RoundTrip)
{
    /// <summary>What users write where links are real and nothing is emulated.</summary>
    public const string None = "none";

    private const string Expected = "Expected a bandwidth and a round-trip time, such as 100mbit,14ms, or none.";

    private static readonly (string Name, decimal Ticks)[] _units =
        [("us", TimeSpan.TicksPerMicrosecond), ("ms", TimeSpan.TicksPerMillisecond), ("s", TimeSpan.TicksPerSecond)];

    /// <summary>The longest round trip that can be asked for, 10 s: a satellite in a high orbit takes a tenth of that.</summary>
    public static TimeSpan MaxRoundTrip { get; } = TimeSpan.FromSeconds(10);

    /// <summary>Reads a profile that must be one: <see cref="None"/> is a problem here, see <see cref="TryParse"/>. Never throws.</summary>
    public static Outcome<WanProfile> Parse(string? text)
    {
        if (!TryParse(text, out var profile, out var problem))
        {
            return new Outcome<WanProfile>([problem]);
        }

        return profile is null ? new Outcome<WanProfile>([new Problem($"'{text}' is no link to emulate. Expected a bandwidth and a round-trip time, such as 100mbit,14ms.")]) : new Outcome<WanProfile>(profile);
    }

    /// <summary>
    /// Reads <c>BANDWIDTH,ROUND-TRIP</c> such as <c>100mbit,14ms</c>, the time in <c>us</c>, <c>ms</c> or <c>s</c>; or <c>none</c>. Never throws.
    /// </summary>
    /// <param name="text">What the user wrote.</param>
    /// <param name="profile">The profile; null where links are real (<c>none</c>), and where there is a problem.</param>
    /// <param name="problem">What is wrong; null where nothing is.</param>
    public static bool TryParse(string? text, out WanProfile? profile, [NotNullWhen(false)] out Problem? problem)
    {
        profile = null;
        problem = null;
        if (string.Equals(text?.Trim(), None, StringComparison.OrdinalIgnoreCase))
        {
            return true;
        }

        var parts = (text ?? string.Empty).Split(',');
        if (parts.Length != 2)
        {
            var near = NearMatch.Find(text ?? string.Empty, [None]);
            problem = new Problem($"'{text}' is no link. {Expected}", Hint: near is null ? null : $"Did you mean '{near}'?");
            return false;
        }

        if (!Bandwidth.TryParse(parts[0], out var rate, out problem) || !TryParseRoundTrip(parts[1], out var roundTrip, out problem))
        {
            return false;
        }

        profile = new WanProfile(rate, roundTrip);
        return true;
    }

    /// <summary>As <see cref="TryParse"/> reads it: <c>100mbit,14ms</c>.</summary>
    public override string ToString()
    {
        var milliseconds = (decimal)RoundTrip.Ticks / TimeSpan.TicksPerMillisecond;
        return $"{Rate},{milliseconds.ToString("0.####", CultureInfo.InvariantCulture)}ms";
    }

    internal static bool TryParseRoundTrip(string? text, out TimeSpan roundTrip, [NotNullWhen(false)] out Problem? problem)
    {
        roundTrip = default;
        var (number, unit) = Quantity.Split(text);
        var named = Array.Find(_units, known => string.Equals(known.Name, unit, StringComparison.OrdinalIgnoreCase));
        if (named.Name is null
            || !decimal.TryParse(number, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var amount))
        {
            var hint = unit.Length == 0 && number.Length > 0 ? $"Did you mean '{number}ms'?" : null;
            problem = new Problem($"'{text}' is no round-trip time. Expected a number and a unit, us, ms or s, such as 14ms.", Hint: hint);
            return false;
        }

        if (amount < 0 || amount > MaxRoundTrip.Ticks / named.Ticks)
        {
            problem = new Problem($"A round trip of '{text}' is out of range. Expected 0ms to {MaxRoundTrip.TotalSeconds:0}s.");
            return false;
        }

        roundTrip = TimeSpan.FromTicks((long)(amount * named.Ticks));
        problem = null;
        return true;
    }
}
