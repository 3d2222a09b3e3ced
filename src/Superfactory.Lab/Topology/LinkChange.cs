using Superfactory.Model.Units;

namespace Superfactory.Lab.Topology;

/// <summary>What is to change on a link that is in use; what is null stays as it is. Immutable.</summary>
public sealed record LinkChange
{
    /// <summary>The new bandwidth. Over 0.</summary>
    public Bandwidth? Bandwidth { get; init; }

    /// <summary>The new round trip; always that of both directions.</summary>
    public TimeSpan? RoundTrip { get; init; }

    /// <summary>The new jitter. 0 to half the round trip.</summary>
    public TimeSpan? Jitter { get; init; }

    /// <summary>The new share of packets that are lost. 0 to 1.</summary>
    public double? Loss { get; init; }

    /// <summary>The new longest queue in bytes. Over 0. Without it a queue that was given stays and a default one follows bandwidth and round trip.</summary>
    public long? QueueBytes { get; init; }

    /// <summary>Whether only the direction from the site that is named first to the one named second changes. Default false.</summary>
    public bool OneWay { get; init; }
}
