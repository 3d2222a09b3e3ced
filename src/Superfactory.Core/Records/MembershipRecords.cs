using System.Collections.Immutable;
using Superfactory.Model.Agents;

namespace Superfactory.Core.Records;

/// <summary>The members of an epoch are to promise to accept nothing more in it, because it is to be replaced.</summary>
public sealed record SealOrdered : PlanRecord
{
    /// <summary>The epoch's number.</summary>
    public required int Epoch { get; init; }
}

/// <summary>Other islands than before take the run's state, to become members.</summary>
public sealed record LearnersChanged : PlanRecord
{
    /// <summary>All learners, in the job's order.</summary>
    public required ImmutableArray<RunMember> Learners { get; init; }
}

/// <summary>A member's contributions were refused again and again: it is left out of the membership until the job is placed anew.</summary>
public sealed record IslandSetAside : PlanRecord
{
    /// <summary>The island.</summary>
    public required string Island { get; init; }
}

/// <summary>What an island is in a run's membership changed by its own word, or by its silence.</summary>
public abstract record MembershipRecord : JournalRecord
{
    private protected MembershipRecord()
    {
    }

    /// <summary>The job.</summary>
    public required long Job { get; init; }

    /// <summary>The island.</summary>
    public required string Island { get; init; }

    /// <summary>Its incarnation.</summary>
    public required int Incarnation { get; init; }
}

/// <summary>A member promised to accept nothing more of an epoch.</summary>
public sealed record IslandSealed : MembershipRecord
{
    /// <summary>The epoch's number.</summary>
    public required int Epoch { get; init; }

    /// <summary>The round that it works on; -1 where it holds no state.</summary>
    public required long Round { get; init; }
}

/// <summary>A learner has what it needs to become a member.</summary>
public sealed record IslandLevel : MembershipRecord
{
    /// <summary>The epoch in which it learned.</summary>
    public required int Epoch { get; init; }
}

/// <summary>An island waits for other members than before that it does not hear.</summary>
public sealed record IslandMissed : MembershipRecord
{
    /// <summary>Whom it misses, by name.</summary>
    public required ImmutableArray<string> Missing { get; init; }
}

/// <summary>An island does not accept other members than before any more.</summary>
public sealed record IslandRejecting : MembershipRecord
{
    /// <summary>Whom it does not accept, and why.</summary>
    public required ImmutableArray<IslandRejection> Rejected { get; init; }
}

/// <summary>A member did not promise in time: the next epoch is without it, unless its promise comes before.</summary>
public sealed record IslandDoubted : MembershipRecord
{
    /// <summary>Why, in a sentence.</summary>
    public required string Reason { get; init; }
}

/// <summary>An island that was left out is heard again.</summary>
public sealed record IslandTrusted : MembershipRecord;

/// <summary>A member of a run that chooses its mode by itself measured something else than before: what the choice goes by.</summary>
public sealed record IslandMeasured : MembershipRecord
{
    /// <summary>What.</summary>
    public required IslandMeasurement Measured { get; init; }
}
