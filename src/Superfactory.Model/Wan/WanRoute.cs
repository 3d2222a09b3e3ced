using System.Collections.Immutable;

namespace Superfactory.Model.Wan;

/// <summary>What the control plane grants to one site's traffic of one class to another site: which ways it takes and how fast.</summary>
public sealed record WanRoute
{
    /// <summary>The site that sends.</summary>
    public required string From { get; init; }

    /// <summary>The site that receives.</summary>
    public required string To { get; init; }

    /// <summary>The class.</summary>
    public required TrafficClass Class { get; init; }

    /// <summary>The ways, at least one; their rates together are the grant.</summary>
    public required ImmutableArray<WanPath> Paths { get; init; }
}

/// <summary>One way through the wide-area network.</summary>
public sealed record WanPath
{
    /// <summary>The sites from sender to receiver, both included; those between relay.</summary>
    public required ImmutableArray<string> Sites { get; init; }

    /// <summary>The rate granted to this way, in bytes per second; 0 sets no limit.</summary>
    public required long BytesPerSecond { get; init; }
}
