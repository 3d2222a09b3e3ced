using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Superfactory.Model.Units;

/// <summary>
/// How much a link carries, a whole number of bits per second. Decimal units: <c>1kbit</c> is 1,000 bits/s, <c>1mbit</c> 1,000,000.
/// The default value is 0 bit/s. Immutable and safe to share between threads.
/// </summary>
public readonly record struct Bandwidth : IComparable<Bandwidth>
{
    /// <summary>The most that can be written: 1,000 tbit.</summary>
    public const long MaxBitsPerSecond = 1_000_000_000_000_000;

    private const string Expected = "Expected a number over 0 and a unit, such as 100mbit or 1.5gbit.";

    // From the largest, so that the first that a value reaches is the one it is written in.
    private static readonly (string Name, long Bits)[] _units =
        [("tbit", 1_000_000_000_000), ("gbit", 1_000_000_000), ("mbit", 1_000_000), ("kbit", 1_000), ("bit", 1)];

    /// <summary>A bandwidth in bits per second.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative, or over <see cref="MaxBitsPerSecond"/>.</exception>
    public Bandwidth(long bitsPerSecond)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bitsPerSecond);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bitsPerSecond, MaxBitsPerSecond);
        BitsPerSecond = bitsPerSecond;
    }

    /// <summary>Bits per second.</summary>
    public long BitsPerSecond { get; }

    /// <summary>Bytes per second, which may have a fraction.</summary>
    public double BytesPerSecond => BitsPerSecond / 8.0;

    /// <summary>Whether the left one is less.</summary>
    public static bool operator <(Bandwidth left, Bandwidth right) => left.CompareTo(right) < 0;

    /// <summary>Whether the left one is less or the same.</summary>
    public static bool operator <=(Bandwidth left, Bandwidth right) => left.CompareTo(right) <= 0;

    /// <summary>Whether the left one is more.</summary>
    public static bool operator >(Bandwidth left, Bandwidth right) => left.CompareTo(right) > 0;

    /// <summary>Whether the left one is more or the same.</summary>
    public static bool operator >=(Bandwidth left, Bandwidth right) => left.CompareTo(right) >= 0;

    /// <summary>
    /// Reads a number over 0 and a unit: <c>bit</c>, <c>kbit</c>, <c>mbit</c>, <c>gbit</c> or <c>tbit</c>, in upper or lower case,
    /// such as <c>100mbit</c> or <c>1.5gbit</c>. Never throws.
    /// </summary>
    /// <param name="text">What the user wrote.</param>
    /// <param name="bandwidth">The bandwidth; 0 bit/s where there is a problem.</param>
    /// <param name="problem">What is wrong; null where nothing is.</param>
    public static bool TryParse(string? text, out Bandwidth bandwidth, [NotNullWhen(false)] out Problem? problem)
    {
        bandwidth = default;
        var (number, unit) = Quantity.Split(text);
        var named = Array.Find(_units, known => string.Equals(known.Name, unit, StringComparison.OrdinalIgnoreCase));
        if (named.Name is null)
        {
            problem = new Problem($"'{text}' is no bandwidth. {Expected}", Hint: HintFor(number, unit));
            return false;
        }

        if (!decimal.TryParse(number, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var amount))
        {
            problem = new Problem($"'{text}' is no bandwidth: '{number}' is no number. {Expected}");
            return false;
        }

        // Compared before multiplying: the product of two large numbers would not fit.
        if (amount > (decimal)MaxBitsPerSecond / named.Bits)
        {
            problem = new Problem($"'{text}' is more than {new Bandwidth(MaxBitsPerSecond)}, the most there can be.");
            return false;
        }

        var bits = amount * named.Bits;
        if (bits <= 0 || bits != decimal.Truncate(bits))
        {
            problem = new Problem(bits <= 0 ? $"A bandwidth of '{text}' carries nothing. {Expected}" : $"'{text}' is no whole number of bits per second. {Expected}");
            return false;
        }

        bandwidth = new Bandwidth((long)bits);
        problem = null;
        return true;
    }

    /// <inheritdoc/>
    public int CompareTo(Bandwidth other) => BitsPerSecond.CompareTo(other.BitsPerSecond);

    /// <summary>The exact value in the largest unit that it reaches, such as <c>1.5gbit</c>; <see cref="TryParse"/> reads it back.</summary>
    public override string ToString()
    {
        foreach (var (name, bits) in _units)
        {
            if (BitsPerSecond >= bits)
            {
                return ((decimal)BitsPerSecond / bits).ToString("0.############", CultureInfo.InvariantCulture) + name;
            }
        }

        return "0bit";
    }

    private static string? HintFor(string number, string unit)
    {
        if (unit.Length == 0)
        {
            return decimal.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var amount) && amount > 0 ? $"Did you mean '{number}mbit'?" : null;
        }

        // Only the case tells bytes from bits in what people write; MB and GB are bytes.
        if (unit is "B" or "KB" or "kB" or "MB" or "GB" or "TB" or "B/s" or "KB/s" or "kB/s" or "MB/s" or "GB/s" or "TB/s")
        {
            return "Links are measured in bits: 1 MB/s is 8mbit.";
        }

        // Whatever follows it, as in mb or Mbps, the first letter is the magnitude that was meant.
        var near = Array.Find(_units, known => known.Name[0] == char.ToLowerInvariant(unit[0])).Name;
        return near is null ? null : $"Did you mean '{number}{near}'?";
    }
}
