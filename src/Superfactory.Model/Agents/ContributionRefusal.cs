namespace Superfactory.Model.Agents;

/// <summary>A contribution that did not enter the model, and why. Immutable.</summary>
public sealed record ContributionRefusal
{
    /// <summary>Whose it was.</summary>
    public required string Island { get; init; }

    /// <summary>The last step that was in it, counted for its island.</summary>
    public required long Step { get; init; }

    /// <summary>The round that it was for, from 0.</summary>
    public required long Round { get; init; }

    /// <summary>Why.</summary>
    public required RefusalCause Cause { get; init; }

    /// <summary>The first fragment in which it is so; null where it is not one fragment's: a loss, a base.</summary>
    public int? Fragment { get; init; }

    /// <summary>The L2 norm of that fragment; null where the norm is not the cause.</summary>
    public double? Norm { get; init; }

    /// <summary>The median of the fragment's norms that were accepted before; null where the norm is not the cause.</summary>
    public double? Median { get; init; }
}

/// <summary>Why a contribution did not enter the model.</summary>
public enum RefusalCause
{
    /// <summary>Its loss, or numbers of it, are not finite.</summary>
    NotFinite,

    /// <summary>Its norm is far over what was accepted before (<c>sync.norm_limit</c>).</summary>
    Norm,

    /// <summary>It started from another state than the others'; the island's replica is repaired.</summary>
    Base,

    /// <summary>What came of it is not what its header says.</summary>
    Belied,
}

/// <summary>How many contributions of an island were refused, as one bridge has seen it since it began.</summary>
/// <param name="Island">The island.</param>
/// <param name="Count">How many.</param>
public sealed record RefusalCount(string Island, long Count);

/// <summary>A member that another one does not accept any more: the control plane sets it aside where most of the others say so.</summary>
/// <param name="Island">The member.</param>
/// <param name="Reason">Why, in a sentence.</param>
public sealed record IslandRejection(string Island, string Reason);
