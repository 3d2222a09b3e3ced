using Superfactory.Model.Wan;

namespace Superfactory.Routing;

/// <summary>What one site wants to send to another in one class. All demands of a class weigh the same. Immutable.</summary>
/// <param name="From">The site that sends.</param>
/// <param name="To">The site that receives; another than <paramref name="From"/>.</param>
/// <param name="Class">The class.</param>
/// <param name="BytesPerSecond">What it wants, in bytes per second; 0 or more, <see cref="Unlimited"/> as much as there is.</param>
public sealed record WanDemand(string From, string To, TrafficClass Class, long BytesPerSecond)
{
    /// <summary>Wants as much as there is.</summary>
    public const long Unlimited = long.MaxValue;
}
