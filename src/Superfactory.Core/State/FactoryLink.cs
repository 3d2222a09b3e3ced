namespace Superfactory.Core;

/// <summary>A link between two sites that does not carry what it is declared to. Immutable.</summary>
public sealed record FactoryLink
{
    /// <summary>The site at one end, the first of the two by name.</summary>
    public required string A { get; init; }

    /// <summary>The site at the other.</summary>
    public required string B { get; init; }

    /// <summary>Bits per second each way; 0 where it is cut.</summary>
    public required long BitsPerSecond { get; init; }

    /// <summary>Since when, in milliseconds since 1970-01-01 UTC.</summary>
    public required long Since { get; init; }

    /// <summary>Why, in a sentence.</summary>
    public required string Reason { get; init; }

    /// <summary>Whether the gateways at its ends found that; otherwise somebody said it.</summary>
    public bool Measured { get; init; }

    /// <summary>The name of the link between two sites, whichever is said first.</summary>
    public static string NameOf(string a, string b) => string.CompareOrdinal(a, b) < 0 ? $"{a} {b}" : $"{b} {a}";
}
