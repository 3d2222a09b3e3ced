using System.Collections.Immutable;

namespace Superfactory.Model.Fleet;

/// <summary>A tenant or a part of one: who is entitled to what. Immutable.</summary>
public sealed record QueueSpecification
{
    /// <summary>Its name, once among all.</summary>
    public required string Name { get; init; }

    /// <summary>The queue above it; null at the top.</summary>
    public string? Parent { get; init; }

    /// <summary>Its share beyond what is guaranteed, against other queues, 1 to 1,000,000; default 1.</summary>
    public int Weight { get; init; } = 1;

    /// <summary>What it may use of each kind of hardware; what is not named is guaranteed none of and may be borrowed without limit.</summary>
    public ImmutableArray<QuotaSpecification> Quotas { get; init; } = [];
}

/// <summary>What a queue and those under it may use of one kind of hardware. Immutable.</summary>
/// <param name="Hardware">The kind.</param>
/// <param name="Guaranteed">Accelerators that it always gets back. What a queue guarantees beyond those under it is its own jobs'.</param>
/// <param name="BorrowingLimit">How many more it may use; null for as many as there are.</param>
/// <param name="LendingLimit">How many of its own that lie idle others may use; null for all.</param>
public sealed record QuotaSpecification(string Hardware, long Guaranteed, long? BorrowingLimit = null, long? LendingLimit = null);

/// <summary>All queues of a factory. Immutable.</summary>
/// <param name="Queues">The queues, in the order of their file.</param>
public sealed record QueueSet(ImmutableArray<QueueSpecification> Queues)
{
    /// <summary>The most seconds that count as a step of priority: a year.</summary>
    public const int AgingMax = 31_536_000;

    /// <summary>
    /// Seconds of waiting that count as much as one step of priority within a queue, so that whoever waits goes before those of a greater priority that come later; 0, the
    /// default, where a greater priority always goes first. At most <see cref="AgingMax"/>; the same for all queues, so that who goes before whom never runs in a circle.
    /// </summary>
    public int Aging { get; init; }

    /// <summary>What a factory has before any are applied: one queue that is guaranteed nothing and may borrow all.</summary>
    public static QueueSet Default { get; } = new([new QueueSpecification { Name = Jobs.JobSpecification.DefaultQueue }]);
}
