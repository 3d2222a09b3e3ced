using System.Collections.Immutable;
using Superfactory.Model.Agents;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Checkpoints;

namespace Superfactory.Sync.Merging;

/// <summary>What a <see cref="MergeMachine"/> is told at its start.</summary>
public sealed record MergeConfiguration
{
    /// <summary>This island's place among the job's islands, from 0.</summary>
    public required int Self { get; init; }

    /// <summary>The membership it starts with. Islands are known by their place in its <see cref="RunEpoch.Roster"/>.</summary>
    public required RunEpoch Epoch { get; init; }

    /// <summary>Which start of this island this is; 0 takes the one that the epoch names.</summary>
    public int Incarnation { get; init; }

    /// <summary>The newest epoch in which this island, before its host was started, promised to accept nothing more; 0 for none.</summary>
    public int Promised { get; init; }

    /// <summary>Mode, interval, number format and outer optimizer.</summary>
    public required SyncSpecification Sync { get; init; }

    /// <summary>When the run is done.</summary>
    public required BudgetSpecification Budget { get; init; }

    /// <summary>The checkpoint that the run goes on from, where this island has it; null where it has none.</summary>
    public CheckpointState? Checkpoint { get; init; }

    /// <summary>Whether the run goes on from a checkpoint: an island that has it not then takes the state from one that has, and none begins with what its trainer has.</summary>
    public bool Restores { get; init; }

    /// <summary>The lane of the model that it merges, from 0.</summary>
    public int Lane { get; init; }

    /// <summary>Lanes of the model, which are merged each by machines of their own; 1, the default, merges it as a whole.</summary>
    public int Lanes { get; init; } = 1;

    /// <summary>Numbers in one chunk at most, 1 to <see cref="MergeLimits.ChunkLengthMax"/>, which is the default; less makes many chunks of a small model.</summary>
    public int ChunkLengthMax { get; init; } = MergeLimits.ChunkLengthMax;

    /// <summary>
    /// Whether the other of two islands is on the same machine, so that a message to it and back takes less than reading a hundredth of a large contribution:
    /// what its numbers hold is found then as they are merged and said after the last, in place of being found as each chunk is sent. False is the default.
    /// </summary>
    public bool IsNear { get; init; }

    /// <summary>Bytes of contributions that a leader of three or more islands keeps until their turn comes, where its fragments are smaller; the default is <see cref="MergeLimits.StashBytesMax"/>.</summary>
    public long StashBytesMax { get; init; } = MergeLimits.StashBytesMax;
}

/// <summary>A tensor that a trainer registered.</summary>
/// <param name="Name">Its name in the model.</param>
/// <param name="Shape">Its dimensions.</param>
/// <param name="DataType">Its PyTorch type, such as <c>float32</c>.</param>
/// <param name="Role">What becomes of it.</param>
/// <param name="Bytes">Its size: four bytes an element for parameters, which cross in fp32 whatever their type; its own size otherwise.</param>
/// <param name="Fragment">In streaming the fragment that a parameter belongs to, from 0; parameters come in the order of their fragments. 0 otherwise.</param>
public sealed record TensorEntry(string Name, ImmutableArray<long> Shape, string DataType, TensorRole Role, long Bytes, int Fragment = 0);

/// <summary>What becomes of a registered tensor.</summary>
public enum TensorRole
{
    /// <summary>Trained and merged.</summary>
    Parameter,

    /// <summary>Not trained: every island takes the first island's at the start and at the end.</summary>
    Frozen,

    /// <summary>Changed by the forward pass, each island its own; every island takes the first island's at the start and at the end.</summary>
    Buffer,
}

/// <summary>How a trainer draws its samples from the run.</summary>
/// <param name="Count">Samples in the dataset.</param>
/// <param name="Batch">Samples per step of this island.</param>
/// <param name="Dataset">Identifies the dataset's content; islands must agree. Empty where the loop does not say.</param>
public sealed record DataDeclaration(long Count, int Batch, string Dataset);

/// <summary>What came of the steps since the last merge.</summary>
public sealed record Contribution
{
    /// <summary>The round it belongs to, as the machine named it.</summary>
    public required long Round { get; init; }

    /// <summary>Steps taken.</summary>
    public required int Steps { get; init; }

    /// <summary>Tokens trained on; the weight in the mean.</summary>
    public required long Tokens { get; init; }

    /// <summary>Sum over the steps of mean loss times tokens; not finite where the loss was not.</summary>
    public required double LossSum { get; init; }

    /// <summary>In every-step, hash of the trainer's parameters before the step; 0 where it was not taken.</summary>
    public ulong ParametersHash { get; init; }

    /// <summary>Whether a gradient scaler found an overflow: in every-step mode all islands skip the step together.</summary>
    public bool Overflow { get; init; }

    /// <summary>In streaming, what a trainer that goes on where one stood before gave to earlier rounds and still has in its numbers; empty otherwise.</summary>
    public ImmutableArray<EarlierRound> Earlier { get; init; } = [];
}

/// <summary>What a trainer gave to a round.</summary>
/// <param name="Round">The round.</param>
/// <param name="Steps">Steps taken.</param>
/// <param name="Tokens">Tokens trained on.</param>
public sealed record EarlierRound(long Round, int Steps, long Tokens);

/// <summary>What a trainer contributes to a round, with what its numbers come from.</summary>
/// <param name="Taken">What came of the steps since the last merge.</param>
/// <param name="Steps">Steps since the same parameters were contributed last.</param>
/// <param name="Tokens">Tokens trained on in them.</param>
/// <param name="Afresh">Whether nothing is left of what was trained before <paramref name="Taken"/>.</param>
internal sealed record SpanContribution(Contribution Taken, int Steps, long Tokens, bool Afresh);

/// <summary>Where trainer and machine exchange numbers: the bridge maps it into both processes, tests use arrays. Each may be longer than its tensors.</summary>
/// <param name="Local">What the trainer gives: its parameters, or in every-step mode its gradients; parameters in registered order.</param>
/// <param name="Merged">What the machine gives back: the merged parameters or gradients.</param>
/// <param name="Statics">Frozen tensors and buffers, in registered order, both ways.</param>
public sealed record MergeBuffers(Memory<float> Local, Memory<float> Merged, Memory<byte> Statics);
