using System.Collections.Immutable;
using Superfactory.Model.Jobs;
using Superfactory.Wan;

namespace Superfactory.Sync.Merging;

/// <summary>
/// What bridges of a run say to each other. <c>docs/protocol.md</c> lists the messages and their bytes.
/// Equality of messages that hold arrays or payloads is by reference; compare their encoded bytes instead.
/// </summary>
public abstract record MergeMessage
{
    private protected MergeMessage()
    {
    }

    /// <summary>The epoch in which it was sent, filled in where it is sent; a receiver in another epoch drops it.</summary>
    public int Epoch { get; init; }

    /// <summary>The sender's incarnation, filled in where it is sent; a receiver that knows another one drops it.</summary>
    public int Incarnation { get; init; }

    /// <summary>Numbers that follow the fields on the wire; empty for all but chunks and pieces. A slice, never a copy.</summary>
    public virtual ReadOnlyMemory<byte> Payload => default;

    /// <summary>Whether other messages may overtake it on its way.</summary>
    public virtual MessageOrder Order => MessageOrder.Ordered;
}

/// <summary>Opens a conversation, and opens it again after every interruption: nothing else is heard before it.</summary>
public sealed record HelloMessage : MergeMessage
{
    /// <summary>The protocol version that the sender speaks.</summary>
    public required int Protocol { get; init; }

    /// <summary>Whether it answers the receiver's own hello; one that does not asks for an answer.</summary>
    public bool Answer { get; init; }

    /// <summary>The sender's number for its greeting; in an answer, the receiver's number that is answered.</summary>
    public int Greeting { get; init; }

    /// <summary>How many hellos the sender has said to the receiver with this one.</summary>
    public int Number { get; init; }

    /// <summary>Whether the sender holds the run's state.</summary>
    public bool Initialised { get; init; }

    /// <summary>The round that the sender works on; 0 where it holds no state.</summary>
    public long Round { get; init; }

    /// <summary>Hash of the sender's tensor table.</summary>
    public ulong TableHash { get; init; }

    /// <summary>Hash of the state that the sender holds.</summary>
    public ulong StateHash { get; init; }
}

/// <summary>Says how the sender's trainer draws its samples.</summary>
public sealed record DeclareMessage : MergeMessage
{
    /// <summary>Whether the trainer draws its samples from the run; the other fields say nothing where it does not.</summary>
    public required bool Tracked { get; init; }

    /// <summary>Samples in the dataset.</summary>
    public long Count { get; init; }

    /// <summary>Samples per step of the sender's island.</summary>
    public int Batch { get; init; }

    /// <summary>Identifies the dataset's content.</summary>
    public string Dataset { get; init; } = string.Empty;
}

/// <summary>The header of an island's contribution to a round, sent to every other island before any of its chunks.</summary>
public sealed record ContributeMessage : MergeMessage
{
    /// <summary>The round.</summary>
    public required long Round { get; init; }

    /// <summary>What the island holds to be merged in it; never <see cref="SyncMode.Auto"/>.</summary>
    public required SyncMode Mode { get; init; }

    /// <summary>Hash of the state that the contribution started from.</summary>
    public required ulong BaseHash { get; init; }

    /// <summary>Steps taken since the contribution to the round before.</summary>
    public required int Steps { get; init; }

    /// <summary>Tokens trained on in them.</summary>
    public required long Tokens { get; init; }

    /// <summary>Sum over the steps of mean loss times tokens.</summary>
    public required double LossSum { get; init; }

    /// <summary>Numbers that are not finite, or that the number format makes infinite; a contribution with any has no chunks.</summary>
    public long NonFinite { get; init; }

    /// <summary>The first fragment that has such numbers; -1 where none has.</summary>
    public int NonFiniteFragment { get; init; } = -1;

    /// <summary>In every-step, hash of the trainer's parameters before the step; 0 where it was not taken.</summary>
    public ulong ParametersHash { get; init; }

    /// <summary>Whether a gradient scaler found an overflow.</summary>
    public bool Overflow { get; init; }

    /// <summary>
    /// Steps whose work is in the numbers: those since the same parameters were contributed last. As <see cref="Steps"/> but in streaming;
    /// 0 for an empty contribution, which has no chunks.
    /// </summary>
    public required int SpanSteps { get; init; }

    /// <summary>Tokens trained on in them: the contribution's weight.</summary>
    public required long SpanTokens { get; init; }

    /// <summary>Whether the trainer has nothing left of what it trained before the last <see cref="Steps"/>: in streaming, what of that is not merged in every fragment is dealt again.</summary>
    public bool Afresh { get; init; }

    /// <summary>
    /// Square of the L2 norm of each fragment, of the numbers as the receivers decode them: over each chunk, then over the chunks in
    /// their order. Empty where there are no chunks, or not yet.
    /// </summary>
    public ImmutableArray<double> SquaredNorms { get; init; } = [];

    /// <summary>
    /// Whether chunks come before it is known what they hold: <see cref="SquaredNorms"/>, <see cref="NonFinite"/> and
    /// <see cref="NonFiniteFragment"/> follow in a <see cref="NormsMessage"/>. Of two islands alone, for numbers that are sent as they lie.
    /// </summary>
    public bool NormsFollow { get; init; }

    /// <summary>Whether chunks belong to it.</summary>
    public bool HasChunks => NormsFollow || !SquaredNorms.IsEmpty;
}

/// <summary>A chunk of a contribution or of a result. Chunks of one round may overtake each other on their way.</summary>
public sealed record ChunkMessage : MergeMessage
{
    /// <summary>Which stream.</summary>
    public required StreamKind Stream { get; init; }

    /// <summary>The round it belongs to.</summary>
    public required long Round { get; init; }

    /// <summary>The attempt at that round, from 0.</summary>
    public int Attempt { get; init; }

    /// <summary>Which chunk of the plan, from 0.</summary>
    public required int Chunk { get; init; }

    /// <summary>Its numbers in the stream's format, 1 to <see cref="MergeLimits.ChunkBytesMax"/> bytes.</summary>
    public required ReadOnlyMemory<byte> Bytes { get; init; }

    /// <inheritdoc/>
    public override ReadOnlyMemory<byte> Payload => Bytes;

    /// <inheritdoc/>
    public override MessageOrder Order => MessageOrder.Unordered;
}

/// <summary>A piece of a stream of bytes that is no round's. The pieces of one stream are sent in order and without gaps.</summary>
public sealed record PieceMessage : MergeMessage
{
    /// <summary>Which stream: <see cref="StreamKind.State"/> or <see cref="StreamKind.Table"/>.</summary>
    public required StreamKind Stream { get; init; }

    /// <summary>The place of its first byte in the stream.</summary>
    public required long Offset { get; init; }

    /// <summary>The bytes, 1 to <see cref="MergeLimits.ChunkBytesMax"/>.</summary>
    public required ReadOnlyMemory<byte> Bytes { get; init; }

    /// <inheritdoc/>
    public override ReadOnlyMemory<byte> Payload => Bytes;
}

/// <summary>What a chunk or a piece belongs to.</summary>
public enum StreamKind
{
    /// <summary>The sender's contribution.</summary>
    Contribution = 1,

    /// <summary>The merged result, from the leader of the chunk's fragment.</summary>
    Result = 2,

    /// <summary>What an <see cref="OfferMessage"/> announced.</summary>
    State = 3,

    /// <summary>The sender's tensor table.</summary>
    Table = 4,
}

/// <summary>
/// The leader's word on a fragment: whose contributions are in the result, with which weights, and the result's hash. It and the chunks
/// around it may overtake each other.
/// </summary>
public sealed record CommitMessage : MergeMessage
{
    /// <summary>The round.</summary>
    public required long Round { get; init; }

    /// <summary>The attempt at that round.</summary>
    public int Attempt { get; init; }

    /// <summary>The fragment.</summary>
    public required int Fragment { get; init; }

    /// <summary>The islands whose contributions are in, by place: bit 0 is the first.</summary>
    public required ulong Contributors { get; init; }

    /// <summary>The weight of each contributor, in island order.</summary>
    public ImmutableArray<float> Weights { get; init; } = [];

    /// <summary>Hash over the hashes of the fragment's chunks, in their order: with two islands of the mean in fp32, with more of the encoded result; 0 where nobody contributed.</summary>
    public required ulong Hash { get; init; }

    /// <inheritdoc/>
    public override MessageOrder Order => MessageOrder.Unordered;
}

/// <summary>The sender holds a round's result. A result is final when all islands have said so.</summary>
public sealed record AppliedMessage : MergeMessage
{
    /// <summary>The newest round that the sender has applied.</summary>
    public required long Round { get; init; }

    /// <summary>Hash of its state after it.</summary>
    public required ulong StateHash { get; init; }
}

/// <summary>Asks a peer for state.</summary>
public sealed record FetchMessage : MergeMessage
{
    /// <summary>What is asked for.</summary>
    public required FetchKind Kind { get; init; }

    /// <summary>The peer answers when it has reached this round.</summary>
    public required long Round { get; init; }

    /// <summary>Of steps, the round of the first; 0 otherwise.</summary>
    public long Since { get; init; }
}

/// <summary>Answers a <see cref="FetchMessage"/>: pieces of the parts follow in this order, one stream.</summary>
public sealed record OfferMessage : MergeMessage
{
    /// <summary>What was asked for.</summary>
    public required FetchKind Kind { get; init; }

    /// <summary>The round that the sender works on.</summary>
    public required long Round { get; init; }

    /// <summary>Whether there is anything; where not, the receiver asks another peer.</summary>
    public required bool Available { get; init; }

    /// <summary>Bytes of the run's history: dealing and ledger.</summary>
    public long RunBytes { get; init; }

    /// <summary>Bytes of the parameters in fp32.</summary>
    public long ParameterBytes { get; init; }

    /// <summary>Bytes of the outer momentum in fp32.</summary>
    public long MomentumBytes { get; init; }

    /// <summary>Bytes of the last round's mean in fp32.</summary>
    public long ResultBytes { get; init; }

    /// <summary>Bytes of frozen tensors and buffers.</summary>
    public long StaticsBytes { get; init; }

    /// <summary>Bytes of a trainer's own state.</summary>
    public long TrainerBytes { get; init; }

    /// <summary>Hash of the whole stream.</summary>
    public ulong Hash { get; init; }
}

/// <summary>Says after each hello which of the receiver's chunks are here: it sends the others, and before this none.</summary>
public sealed record HaveMessage : MergeMessage
{
    /// <summary>The round that the sender works on.</summary>
    public required long Round { get; init; }

    /// <summary>The attempt at that round.</summary>
    public int Attempt { get; init; }

    /// <summary>The number of the receiver's hello that was heard last: said before a later one, it does not count.</summary>
    public int Hello { get; init; }

    /// <summary>Chunks of the receiver's contribution from this one on are not to be sent yet.</summary>
    public int Bound { get; init; }

    /// <summary>A bit for each chunk of the receiver's contribution that is here, the lowest of the first byte first; empty for none.</summary>
    public ReadOnlyMemory<byte> Contribution { get; init; }

    /// <summary>The same for the chunks of results that the receiver leads.</summary>
    public ReadOnlyMemory<byte> Results { get; init; }
}

/// <summary>Gives room for more chunks of the receiver's contribution.</summary>
public sealed record GrantMessage : MergeMessage
{
    /// <summary>The round.</summary>
    public required long Round { get; init; }

    /// <summary>The attempt at that round.</summary>
    public int Attempt { get; init; }

    /// <summary>Chunks below this one may be sent.</summary>
    public required int Bound { get; init; }

    /// <inheritdoc/>
    public override MessageOrder Order => MessageOrder.Unordered;
}

/// <summary>
/// To the first island of the epoch: the sender, who leads a fragment, will not commit it in this attempt, because of the island named.
/// </summary>
public sealed record ObjectMessage : MergeMessage
{
    /// <summary>The round.</summary>
    public required long Round { get; init; }

    /// <summary>The attempt at that round.</summary>
    public required int Attempt { get; init; }

    /// <summary>The island without which it is to be tried again.</summary>
    public required int Island { get; init; }

    /// <summary>Whether what arrived of it is not what its header says; otherwise nothing arrived for too long.</summary>
    public required bool Belied { get; init; }
}

/// <summary>The round is tried again without some islands: decided by the first island of the epoch, passed on by everyone before anything of it.</summary>
public sealed record AttemptMessage : MergeMessage
{
    /// <summary>The round.</summary>
    public required long Round { get; init; }

    /// <summary>The attempt, from 1; the attempts before it are void.</summary>
    public required int Attempt { get; init; }

    /// <summary>Islands from which nothing arrived for too long, by place.</summary>
    public required ulong Stalled { get; init; }

    /// <summary>Islands whose numbers are not what their headers say, by place.</summary>
    public required ulong Belied { get; init; }
}

/// <summary>Asks for a fragment's result once more, because its hash was wrong.</summary>
public sealed record RepeatMessage : MergeMessage
{
    /// <summary>The round.</summary>
    public required long Round { get; init; }

    /// <summary>The attempt at that round.</summary>
    public int Attempt { get; init; }

    /// <summary>The fragment.</summary>
    public required int Fragment { get; init; }
}

/// <summary>The sender's trainer has the final model.</summary>
public sealed record FinishedMessage : MergeMessage
{
    /// <summary>SHA-256 of its tensors in hexadecimal.</summary>
    public required string ModelHash { get; init; }
}

/// <summary>The sender is there: said by hosts four times a second, of whichever epoch. Changes nothing.</summary>
public sealed record AliveMessage : MergeMessage
{
    /// <summary>When it is said, in microseconds by the sender's clock; 0 where it does not say.</summary>
    public long Stamp { get; init; }

    /// <summary>The <see cref="Stamp"/> of what the sender heard last from the receiver; 0 where it has heard nothing.</summary>
    public long Echo { get; init; }

    /// <summary>How long before this was said it heard that, in microseconds.</summary>
    public long Held { get; init; }

    /// <inheritdoc/>
    public override MessageOrder Order => MessageOrder.Unordered;
}

/// <summary>The sender knows that every island has finished: it needs nothing more from anybody.</summary>
public sealed record OverMessage : MergeMessage;
