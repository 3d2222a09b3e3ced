using System.Globalization;

namespace Superfactory.Model.Units;

/// <summary>How numbers of bytes are shown to people: decimal units, three significant digits.</summary>
public static class ByteCount
{
    private static readonly string[] _units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];

    /// <summary>Such as <c>0 B</c>, <c>999 B</c>, <c>1.5 kB</c>, <c>12.3 MB</c>, <c>2 GB</c>; a negative number keeps its sign.</summary>
    public static string Format(long bytes)
    {
        var value = (double)bytes;
        var unit = 0;

        // 999.5 would be rounded to 1000 of the smaller unit.
        while (Math.Abs(value) >= 999.5 && unit < _units.Length - 1)
        {
            value /= 1000;
            unit++;
        }

        var pattern = Math.Abs(value) >= 99.95 || unit == 0 ? "0" : Math.Abs(value) >= 9.995 ? "0.#" : "0.##";
        return value.ToString(pattern, CultureInfo.InvariantCulture) + " " + _units[unit];
    }
}
