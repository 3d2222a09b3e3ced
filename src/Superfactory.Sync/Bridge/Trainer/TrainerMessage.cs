using System.Collections.Immutable;
using Superfactory.Sync.Merging;

namespace Superfactory.Sync.Bridge.Trainer;

/// <summary>What a trainer says to its bridge: one JSON object per line. Immutable.</summary>
internal abstract record TrainerMessage
{
    private TrainerMessage()
    {
    }

    /// <summary>The first message.</summary>
    /// <param name="Protocol">The version it speaks.</param>
    /// <param name="Client">The client's own version, for people.</param>
    /// <param name="Pid">Its process, for people.</param>
    /// <param name="World">Processes of the island.</param>
    public sealed record Hello(int Protocol, string Client, int Pid, int World) : TrainerMessage;

    /// <summary>The tensors of its model.</summary>
    public sealed record Register(ImmutableArray<TensorEntry> Tensors) : TrainerMessage;

    /// <summary>Its own initial tensors are in the arena.</summary>
    public sealed record Start : TrainerMessage;

    /// <summary>How it draws samples.</summary>
    public sealed record Data(long Count, int Batch, string Dataset = "") : TrainerMessage;

    /// <summary>A round's steps are done; its numbers are in the arena.</summary>
    /// <param name="Round">The round.</param>
    /// <param name="Steps">Steps taken.</param>
    /// <param name="Tokens">Tokens trained on.</param>
    /// <param name="LossSum">Mean loss times tokens, summed over the steps.</param>
    /// <param name="Overflow">Whether a gradient scaler found an overflow.</param>
    /// <param name="Seconds">What the steps took, merges and copying left out; 0 where the client does not say.</param>
    /// <param name="OwnSeconds">What it did for merges since the last one: copying out and in, saving its state.</param>
    /// <param name="Parameters">In every-step, now and then, a hash of the parameters before the step: 16 hexadecimal digits.</param>
    /// <param name="Kept">Bytes of the step that it took before, in the file that it was named; null where it wrote none.</param>
    /// <param name="Earlier">In streaming, from a trainer that goes on where one stood when its job was held: what it gave to earlier rounds and still has in its numbers.</param>
    public sealed record Merge(
        long Round,
        int Steps,
        long Tokens,
        double LossSum,
        bool Overflow = false,
        double Seconds = 0,
        double OwnSeconds = 0,
        string? Parameters = null,
        long? Kept = null,
        ImmutableArray<EarlierRound>? Earlier = null) : TrainerMessage;

    /// <summary>The mode changed from every-step, and its parameters, from which the round starts, are in the arena.</summary>
    /// <param name="Round">The round.</param>
    public sealed record Anchor(long Round) : TrainerMessage;

    /// <summary>In streaming: it has taken as many steps as it may while a fragment is merged, and waits; not answered, and said at any time.</summary>
    public sealed record Waits(long Round) : TrainerMessage;

    /// <summary>It has taken the state or the steps that it was given before it begins.</summary>
    public sealed record Followed : TrainerMessage;

    /// <summary>It cannot take them, or came to other parameters: it needs a whole state.</summary>
    /// <param name="Reason">Why, for people.</param>
    public sealed record Unfit(string Reason) : TrainerMessage;

    /// <summary>The copy that it was asked for is written.</summary>
    public sealed record StateCopied(long Bytes) : TrainerMessage;

    /// <summary>It saved its own state for a restart.</summary>
    /// <param name="Round">The round that the state begins.</param>
    /// <param name="Path">The file.</param>
    public sealed record Saved(long Round, string Path) : TrainerMessage;

    /// <summary>Something measured at a step; not answered.</summary>
    public sealed record Report(long Step, ImmutableSortedDictionary<string, double> Values) : TrainerMessage;

    /// <summary>Results of the run; not answered, and added to earlier ones.</summary>
    public sealed record Results(ImmutableSortedDictionary<string, double>? Values = null, ImmutableSortedDictionary<string, string>? Texts = null) : TrainerMessage;

    /// <summary>Everything is merged; its final tensors are in the arena.</summary>
    public sealed record Finalize : TrainerMessage;

    /// <summary>It has the final model, and is done.</summary>
    public sealed record Finish(
        string ParametersSha256,
        long Steps,
        double TrainingSeconds,
        double WallSeconds,
        ImmutableSortedDictionary<string, double>? Values = null,
        ImmutableSortedDictionary<string, string>? Texts = null,
        string? Output = null) : TrainerMessage;
}
