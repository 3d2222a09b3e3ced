namespace Superfactory.Model.Jobs;

/// <summary>How often a run's state is saved, and how much of it is kept. Immutable.</summary>
public sealed record CheckpointSpecification
{
    /// <summary>Seconds between checkpoints. 0 to 86,400, default 60; 0 writes none, and none at the end.</summary>
    public int Every { get; init; } = 60;

    /// <summary>How many are kept, the newest. 1 to 1,000, default 3.</summary>
    public int Keep { get; init; } = 3;

    /// <summary>Days after which they go as well. 1 to 3,650, default 7. The newest of a job that has not ended stays.</summary>
    public int KeepFor { get; init; } = 7;

    /// <summary>Sites that the newest is to lie at. 1 to 16, default 2.</summary>
    public int Copies { get; init; } = 2;
}
