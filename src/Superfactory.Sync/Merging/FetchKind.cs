namespace Superfactory.Sync.Merging;

/// <summary>What a <see cref="FetchMessage"/> asks for.</summary>
public enum FetchKind
{
    /// <summary>Nothing any more: what was asked for before need not be sent.</summary>
    Nothing,

    /// <summary>All that an island without memory needs.</summary>
    Replica = 1,

    /// <summary>The result of the round before the one that the peer works on, for an island that missed it.</summary>
    Result = 2,

    /// <summary>A copy of the peer trainer's own state.</summary>
    Trainer = 3,

    /// <summary>The final frozen tensors and buffers.</summary>
    FinalStatics = 4,

    /// <summary>The final parameters, frozen tensors and buffers.</summary>
    FinalTensors = 5,

    /// <summary>What the number format rounded away of the results that the peer led and the receiver leads now.</summary>
    Residuals = 6,

    /// <summary>The optimizer's steps that the peer's trainer took since a round, and, for a member, what besides the parameters belongs to the boundary after them.</summary>
    Steps = 7,
}
