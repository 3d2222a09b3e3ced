using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Superfactory.Model.Agents;

/// <summary>A run's membership, as the control plane decided it. Immutable; compare by <see cref="Number"/> and <see cref="Change"/>.</summary>
public sealed record RunEpoch
{
    /// <summary>Rises from 1 with every change of membership.</summary>
    public required int Number { get; init; }

    /// <summary>The members in the job's order of sites, which is the order of sums and leaders.</summary>
    public required ImmutableArray<RunMember> Members { get; init; }

    /// <summary>Every island of the job in its order, members or not; an island's place is its place here. Empty where all are members.</summary>
    public ImmutableArray<string> Islands { get; init; } = [];

    /// <summary>Islands that take the run's state while the members go on, in the job's order; none of them is a member.</summary>
    public ImmutableArray<RunMember> Learners { get; init; } = [];

    /// <summary>Whether the control plane is about to replace the epoch: members promise to accept nothing more in it.</summary>
    public bool Sealed { get; init; }

    /// <summary>Rises from 0 with every change of the learners, and with the seal, within an epoch.</summary>
    public int Change { get; init; }

    /// <summary>The round that the epoch starts with: the newest that a member of it reported. -1 where the run begins in it.</summary>
    public long Start { get; init; } = -1;

    /// <summary>
    /// What is merged, and when, in a run that chooses by itself: from the round after <see cref="Start"/> on, or from the beginning. Null where
    /// it is the job's.
    /// </summary>
    public RunSchedule? Schedule { get; init; }

    /// <summary>The names of the job's islands by place.</summary>
    [JsonIgnore]
    public ImmutableArray<string> Roster => Islands.IsDefaultOrEmpty ? [.. Members.Select(member => member.Island)] : Islands;

    /// <summary>Whether this is what the control plane said after <paramref name="other"/>.</summary>
    public bool IsNewerThan(RunEpoch other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Number > other.Number || (Number == other.Number && Change > other.Change);
    }
}

/// <summary>One member of an epoch, or one learner.</summary>
/// <param name="Island">The island's name.</param>
/// <param name="Incarnation">Which start of it.</param>
public sealed record RunMember(string Island, int Incarnation);
