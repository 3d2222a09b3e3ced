using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Superfactory.Model.Units;

/// <summary>
/// Electrical power, a whole number of watts: what is drawn, or may be. The default value is 0 W. Immutable and safe to share between threads.
/// </summary>
public readonly record struct Power : IComparable<Power>
{
    /// <summary>The most that can be written: 1 TW, a third of what the world generates.</summary>
    public const long MaxWatts = 1_000_000_000_000;

    private const string Expected = "Expected a number over 0 and a unit, such as 140kW or 1.5MW.";

    // From the largest, so that the first that a value reaches is the one it is written in.
    private static readonly (string Name, long Watts)[] _units = [("GW", 1_000_000_000), ("MW", 1_000_000), ("kW", 1_000), ("W", 1)];

    /// <summary>A power in watts.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative, or over <see cref="MaxWatts"/>.</exception>
    public Power(long watts)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(watts);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(watts, MaxWatts);
        Watts = watts;
    }

    /// <summary>Watts.</summary>
    public long Watts { get; }

    /// <summary>Whether the left one is less.</summary>
    public static bool operator <(Power left, Power right) => left.CompareTo(right) < 0;

    /// <summary>Whether the left one is less or the same.</summary>
    public static bool operator <=(Power left, Power right) => left.CompareTo(right) <= 0;

    /// <summary>Whether the left one is more.</summary>
    public static bool operator >(Power left, Power right) => left.CompareTo(right) > 0;

    /// <summary>Whether the left one is more or the same.</summary>
    public static bool operator >=(Power left, Power right) => left.CompareTo(right) >= 0;

    /// <summary>Reads a number over 0 and a unit, <c>W</c>, <c>kW</c>, <c>MW</c> or <c>GW</c> in upper or lower case, such as <c>1.36MW</c>. Never throws.</summary>
    /// <param name="text">What the user wrote.</param>
    /// <param name="power">The power; 0 W where there is a problem.</param>
    /// <param name="problem">What is wrong; null where nothing is.</param>
    public static bool TryParse(string? text, out Power power, [NotNullWhen(false)] out Problem? problem)
    {
        power = default;
        var (number, unit) = Quantity.Split(text);
        var named = Array.Find(_units, known => string.Equals(known.Name, unit, StringComparison.OrdinalIgnoreCase));
        if (named.Name is null)
        {
            problem = new Problem($"'{text}' is no power. {Expected}", Hint: unit.Length == 0 && number.Length > 0 ? $"Did you mean '{number}kW'?" : null);
            return false;
        }

        if (!decimal.TryParse(number, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var amount))
        {
            problem = new Problem($"'{text}' is no power: '{number}' is no number. {Expected}");
            return false;
        }

        // Compared before multiplying: the product of two large numbers would not fit.
        if (amount > (decimal)MaxWatts / named.Watts)
        {
            problem = new Problem($"'{text}' is more than {new Power(MaxWatts)}, the most there can be.");
            return false;
        }

        var watts = amount * named.Watts;
        if (watts <= 0 || watts != decimal.Truncate(watts))
        {
            problem = new Problem(watts <= 0 ? $"A power of '{text}' is none. {Expected}" : $"'{text}' is no whole number of watts. {Expected}");
            return false;
        }

        (power, problem) = (new Power((long)watts), null);
        return true;
    }

    /// <inheritdoc/>
    public int CompareTo(Power other) => Watts.CompareTo(other.Watts);

    /// <summary>The exact value in the largest unit that it reaches, such as <c>1.36MW</c>; <see cref="TryParse"/> reads it back.</summary>
    public override string ToString()
    {
        foreach (var (name, watts) in _units)
        {
            if (Watts >= watts)
            {
                return ((decimal)Watts / watts).ToString("0.#########", CultureInfo.InvariantCulture) + name;
            }
        }

        return "0W";
    }
}
