using System.Collections.Immutable;

namespace Superfactory.Sync.Merging.Lanes;

/// <summary>
/// What the bridge of one lane tells those of the other lanes of its island: how far it is. The newest one counts and says all again; they arrive
/// in their order, and before an epoch that is decided by what its island promised behind them: the supervisor passes both on. Immutable.
/// </summary>
public sealed record LaneStatus
{
    /// <summary>The lane, from 0.</summary>
    public required int Lane { get; init; }

    /// <summary>The epoch that it is in.</summary>
    public required int Epoch { get; init; }

    /// <summary>The round that it works on; -1 where it holds no state.</summary>
    public required long Round { get; init; }

    /// <summary>Fragments that its parameters are cut into; 0 before its trainer registered.</summary>
    public int Fragments { get; init; }

    /// <summary>What its trainer contributed last; null before anything.</summary>
    public LaneContribution? Contribution { get; init; }

    /// <summary>The newest round of <see cref="Epoch"/> of whose result it has everything; -1 where there is none. It does not apply it before all lanes of the island say so.</summary>
    public long Ready { get; init; } = -1;

    /// <summary>Whether it knows that the run is over at every island.</summary>
    public bool Over { get; init; }
}

/// <summary>One lane's part of what its island contributes to a round. Immutable.</summary>
public sealed record LaneContribution
{
    /// <summary>The round.</summary>
    public required long Round { get; init; }

    /// <summary>Hash of the lane's state that it started from.</summary>
    public required ulong BaseHash { get; init; }

    /// <summary>Steps taken: the same in each lane.</summary>
    public required int Steps { get; init; }

    /// <summary>Tokens trained on in them: the same in each lane.</summary>
    public required long Tokens { get; init; }

    /// <summary>Sum over the steps of mean loss times tokens: the same in each lane.</summary>
    public required double LossSum { get; init; }

    /// <summary>Numbers of the lane that are not finite.</summary>
    public long NonFinite { get; init; }

    /// <summary>The first of its fragments that has such numbers; -1 where none has.</summary>
    public int NonFiniteFragment { get; init; } = -1;

    /// <summary>Square of the L2 norm of each of its fragments; empty where it has no numbers.</summary>
    public ImmutableArray<double> SquaredNorms { get; init; } = [];
}
