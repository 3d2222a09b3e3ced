using System.Collections.Immutable;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Merging.Wire;

namespace Superfactory.Sync.Merging;

/// <summary>Reading: fields that cannot be mark the reader broken, and the message is refused as a whole.</summary>
public static partial class MergeMessageCodec
{
    private static MergeMessage? ReadFields(Kind kind, int epoch, int incarnation, ref WireReader reader, ReadOnlyMemory<byte> bytes) => kind switch
    {
        Kind.Hello => new HelloMessage
        {
            Epoch = epoch, Incarnation = incarnation, Protocol = ProtocolVersion,
            Answer = reader.Flag(), Greeting = reader.Int32(), Number = reader.Int32(), Initialised = reader.Flag(), Round = Round(ref reader), TableHash = reader.UInt64(), StateHash = reader.UInt64(),
        },
        Kind.Declare => new DeclareMessage
        {
            Epoch = epoch, Incarnation = incarnation, Tracked = reader.Flag(), Count = reader.Int64(0, long.MaxValue),
            Batch = reader.Int32(0, int.MaxValue), Dataset = reader.Text(MergeLimits.DatasetBytesMax),
        },
        Kind.Contribute => ReadContribute(epoch, incarnation, ref reader),
        Kind.Chunk => ReadChunk(epoch, incarnation, ref reader, bytes),
        Kind.Commit => ReadCommit(epoch, incarnation, ref reader),
        Kind.Applied => new AppliedMessage { Epoch = epoch, Incarnation = incarnation, Round = Round(ref reader), StateHash = reader.UInt64() },
        Kind.Fetch => new FetchMessage { Epoch = epoch, Incarnation = incarnation, Kind = FetchOf(ref reader, FetchKind.Nothing), Round = Round(ref reader), Since = Round(ref reader) },
        Kind.Offer => ReadOffer(epoch, incarnation, ref reader),
        Kind.Repeat => new RepeatMessage
        {
            Epoch = epoch, Incarnation = incarnation, Round = Round(ref reader), Attempt = Attempt(ref reader), Fragment = Fragment(ref reader),
        },
        Kind.Piece => ReadPiece(epoch, incarnation, ref reader, bytes),
        Kind.Have => ReadHave(epoch, incarnation, ref reader, bytes),
        Kind.Grant => new GrantMessage { Epoch = epoch, Incarnation = incarnation, Round = Round(ref reader), Attempt = Attempt(ref reader), Bound = Chunk(ref reader) },
        Kind.Object => new ObjectMessage
        {
            Epoch = epoch, Incarnation = incarnation, Round = Round(ref reader), Attempt = Attempt(ref reader), Island = reader.Byte(), Belied = reader.Flag(),
        },
        Kind.Attempt => new AttemptMessage
        {
            Epoch = epoch, Incarnation = incarnation, Round = Round(ref reader), Attempt = Attempt(ref reader), Stalled = reader.UInt64(), Belied = reader.UInt64(),
        },
        Kind.Finished => new FinishedMessage { Epoch = epoch, Incarnation = incarnation, ModelHash = reader.Text(MergeLimits.ModelHashBytesMax) },
        Kind.Over => new OverMessage { Epoch = epoch, Incarnation = incarnation },
        Kind.Alive => new AliveMessage
        {
            Epoch = epoch, Incarnation = incarnation, Stamp = reader.Int64(0, long.MaxValue), Echo = reader.Int64(0, long.MaxValue), Held = reader.Int64(0, long.MaxValue),
        },
        Kind.Norms => new NormsMessage
        {
            Epoch = epoch, Incarnation = incarnation, Round = Round(ref reader), NonFinite = reader.Int64(0, long.MaxValue),
            NonFiniteFragment = reader.Int32(-1, MergeLimits.FragmentsMax - 1), SquaredNorms = Norms(ref reader),
        },
        _ => null,
    };

    private static ContributeMessage ReadContribute(int epoch, int incarnation, ref WireReader reader) => new()
    {
        Epoch = epoch, Incarnation = incarnation, Round = Round(ref reader), Mode = ModeOf(ref reader), BaseHash = reader.UInt64(), Steps = reader.Int32(0, int.MaxValue),
        Tokens = reader.Int64(0, MergeLimits.TokensMax), LossSum = reader.Double(),
        NonFinite = reader.Int64(0, long.MaxValue), NonFiniteFragment = reader.Int32(-1, MergeLimits.FragmentsMax - 1), ParametersHash = reader.UInt64(), Overflow = reader.Flag(),
        SpanSteps = reader.Int32(0, int.MaxValue), SpanTokens = reader.Int64(0, MergeLimits.TokensMax), Afresh = reader.Flag(), NormsFollow = reader.Flag(), SquaredNorms = Norms(ref reader),
    };

    /// <summary>Norms, with which a message ends.</summary>
    private static ImmutableArray<double> Norms(ref WireReader reader)
    {
        var count = reader.Int32(0, MergeLimits.FragmentsMax);
        if (!reader.Require(count * 8L == reader.Remaining))
        {
            return [];
        }

        var norms = ImmutableArray.CreateBuilder<double>(count);
        for (var fragment = 0; fragment < count; fragment++)
        {
            norms.Add(reader.Double());
        }

        return norms.MoveToImmutable();
    }

    private static SyncMode ModeOf(ref WireReader reader)
    {
        var mode = (SyncMode)reader.Byte();
        return reader.Require(mode < SyncMode.Auto) ? mode : SyncMode.Diloco;
    }

    private static ChunkMessage ReadChunk(int epoch, int incarnation, ref WireReader reader, ReadOnlyMemory<byte> bytes)
    {
        var message = new ChunkMessage
        {
            Epoch = epoch, Incarnation = incarnation, Stream = StreamOf(ref reader, StreamKind.Contribution), Round = Round(ref reader),
            Attempt = Attempt(ref reader), Chunk = Chunk(ref reader), Bytes = bytes[^reader.Remaining..],
        };
        reader.Require(message.Bytes.Length is > 0 and <= MergeLimits.ChunkBytesMax);
        reader.Skip(message.Bytes.Length);
        return message;
    }

    private static PieceMessage ReadPiece(int epoch, int incarnation, ref WireReader reader, ReadOnlyMemory<byte> bytes)
    {
        var message = new PieceMessage
        {
            Epoch = epoch, Incarnation = incarnation, Stream = StreamOf(ref reader, StreamKind.State),
            Offset = reader.Int64(0, long.MaxValue - MergeLimits.ChunkBytesMax), Bytes = bytes[^reader.Remaining..],
        };
        reader.Require(message.Bytes.Length is > 0 and <= MergeLimits.ChunkBytesMax);
        reader.Skip(message.Bytes.Length);
        return message;
    }

    private static HaveMessage ReadHave(int epoch, int incarnation, ref WireReader reader, ReadOnlyMemory<byte> bytes) => new()
    {
        Epoch = epoch, Incarnation = incarnation, Round = Round(ref reader), Attempt = Attempt(ref reader), Hello = reader.Int32(),
        Bound = Chunk(ref reader), Contribution = Set(ref reader, bytes), Results = Set(ref reader, bytes),
    };

    private static ReadOnlyMemory<byte> Set(ref WireReader reader, ReadOnlyMemory<byte> bytes)
    {
        var length = reader.Int32(0, MergeLimits.ChunksMax / 8);
        if (!reader.Require(length <= reader.Remaining))
        {
            return default;
        }

        var set = bytes.Slice(bytes.Length - reader.Remaining, length);
        reader.Skip(length);
        return set;
    }

    private static CommitMessage ReadCommit(int epoch, int incarnation, ref WireReader reader)
    {
        var round = Round(ref reader);
        var attempt = Attempt(ref reader);
        var fragment = Fragment(ref reader);
        var contributors = reader.UInt64();
        var weights = ImmutableArray.CreateBuilder<float>(MergeLimits.IslandsMax);
        for (var rest = contributors; rest != 0; rest &= rest - 1)
        {
            weights.Add(reader.Single());
        }

        return new CommitMessage
        {
            Epoch = epoch, Incarnation = incarnation, Round = round, Attempt = attempt, Fragment = fragment, Contributors = contributors,
            Weights = weights.ToImmutable(), Hash = reader.UInt64(),
        };
    }

    private static OfferMessage ReadOffer(int epoch, int incarnation, ref WireReader reader) => new()
    {
        Epoch = epoch, Incarnation = incarnation, Kind = FetchOf(ref reader, FetchKind.Replica), Round = Round(ref reader), Available = reader.Flag(),
        RunBytes = reader.Int64(0, MergeLimits.RunStateBytesMax), ParameterBytes = Size(ref reader), MomentumBytes = Size(ref reader),
        ResultBytes = Size(ref reader), StaticsBytes = Size(ref reader), TrainerBytes = Size(ref reader), Hash = reader.UInt64(),
    };

    private static long Round(ref WireReader reader) => reader.Int64(0, long.MaxValue - 2);

    private static long Size(ref WireReader reader) => reader.Int64(0, long.MaxValue / 16);

    private static int Fragment(ref WireReader reader) => reader.Int32(0, MergeLimits.FragmentsMax - 1);

    private static int Attempt(ref WireReader reader) => reader.Int32(0, int.MaxValue);

    /// <summary>A chunk, or the place after the last.</summary>
    private static int Chunk(ref WireReader reader) => reader.Int32(0, MergeLimits.ChunksMax);

    /// <summary>One of two streams: <paramref name="first"/> or the one after it.</summary>
    private static StreamKind StreamOf(ref WireReader reader, StreamKind first)
    {
        var value = (StreamKind)reader.Byte();
        reader.Require(value == first || value == first + 1);
        return value;
    }

    private static FetchKind FetchOf(ref WireReader reader, FetchKind first)
    {
        var value = (FetchKind)reader.Byte();
        reader.Require(value >= first && value <= FetchKind.Steps);
        return value;
    }
}
