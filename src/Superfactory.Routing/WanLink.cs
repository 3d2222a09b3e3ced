namespace Superfactory.Routing;

/// <summary>One direction of a link between two sites, as it was measured. Immutable.</summary>
/// <param name="From">The site whose gateway sends.</param>
/// <param name="To">The site whose gateway receives; another than <paramref name="From"/>.</param>
/// <param name="BytesPerSecond">
/// What it carries when it is full, in bytes per second; 0 carries nothing, at most <see cref="MaxBytesPerSecond"/>.
/// </param>
public sealed record WanLink(string From, string To, long BytesPerSecond)
{
    /// <summary>The most that a link can be said to carry, in bytes per second: 1,000 tbit.</summary>
    public const long MaxBytesPerSecond = 125_000_000_000_000;

    /// <summary>Whether it carries anything. Nothing is routed over a link that is down.</summary>
    public bool Up { get; init; } = true;

    /// <summary>The round-trip time, in milliseconds; 0 or more. Among ways that carry the same, the nearer ones are taken.</summary>
    public double RoundTripMilliseconds { get; init; }

    /// <summary>The share of segments that are lost, 0 to 1. What is sent again makes a way longer; a link that loses all is down.</summary>
    public double Loss { get; init; }
}
