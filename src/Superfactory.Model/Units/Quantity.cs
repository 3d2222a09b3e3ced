namespace Superfactory.Model.Units;

/// <summary>A number with its unit behind it, as people write quantities.</summary>
internal static class Quantity
{
    /// <summary>Cuts <paramref name="text"/> behind the last digit or point: <c>1.5gbit</c> gives <c>1.5</c> and <c>gbit</c>. Both may be empty.</summary>
    public static (string Number, string Unit) Split(string? text)
    {
        var trimmed = (text ?? string.Empty).Trim();
        var cut = trimmed.Length;
        while (cut > 0 && !char.IsAsciiDigit(trimmed[cut - 1]) && trimmed[cut - 1] != '.')
        {
            cut--;
        }

        return (trimmed[..cut].Trim(), trimmed[cut..].Trim());
    }
}
