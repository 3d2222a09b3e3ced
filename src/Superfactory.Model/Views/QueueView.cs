using System.Collections.Immutable;
using Superfactory.Model.Fleet;

namespace Superfactory.Model.Views;

/// <summary>A queue as the API shows it. Immutable.</summary>
public sealed record QueueView
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>The queue above it; null at the top.</summary>
    public string? Parent { get; init; }

    /// <summary>Its share beyond what is guaranteed, against other queues.</summary>
    public required int Weight { get; init; }

    /// <summary>What it is guaranteed and may borrow and lend.</summary>
    public ImmutableArray<QuotaSpecification> Quotas { get; init; } = [];

    /// <summary>Whether it is paused: nothing of it, or under it, starts.</summary>
    public bool Paused { get; init; }

    /// <summary>Accelerators that gangs of its own jobs hold.</summary>
    public required long Held { get; init; }

    /// <summary>Those of them that are on its guarantee; the others are borrowed.</summary>
    public required long Owned { get; init; }

    /// <summary>Its own jobs that hold accelerators.</summary>
    public ImmutableArray<long> Running { get; init; } = [];

    /// <summary>Its own jobs that wait to be placed.</summary>
    public ImmutableArray<long> Waiting { get; init; } = [];
}
