using System.Collections.Immutable;

namespace Superfactory.Sync.Merging;

/// <summary>What a contribution whose header said <see cref="ContributeMessage.NormsFollow"/> was found to hold as it was sent: the rest of its header.</summary>
public sealed record NormsMessage : MergeMessage
{
    /// <summary>The round that it contributes to.</summary>
    public required long Round { get; init; }

    /// <summary>As <see cref="ContributeMessage.NonFinite"/>.</summary>
    public long NonFinite { get; init; }

    /// <summary>As <see cref="ContributeMessage.NonFiniteFragment"/>.</summary>
    public int NonFiniteFragment { get; init; } = -1;

    /// <summary>As <see cref="ContributeMessage.SquaredNorms"/>; empty where numbers are not finite.</summary>
    public ImmutableArray<double> SquaredNorms { get; init; } = [];
}
