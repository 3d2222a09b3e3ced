using System.Buffers;
using System.Collections.Immutable;
using Superfactory.Model;
using Superfactory.Sync.Merging.Wire;

namespace Superfactory.Sync.Merging;

/// <summary>
/// Merge messages as bytes: version (16 bits), type (8), epoch and incarnation (32 each), then the type's own fields, little-endian,
/// as <c>docs/protocol.md</c> lists them. Pure; safe to call from any thread.
/// </summary>
public static class MergeMessageCodec
{
    /// <summary>The version of the merge protocol. A peer of another version is refused by name.</summary>
    public const int ProtocolVersion = FactoryJson.ProtocolVersion;

    private enum Kind : byte
    {
        Hello = 1,
        Declare = 2,
        Contribute = 3,
        Chunk = 4,
        Commit = 5,
        Applied = 6,
        Fetch = 7,
        Offer = 8,
        Repeat = 9,
        Finished = 10,
        Over = 11,
    }

    /// <summary>Writes the whole message: its fields and its payload.</summary>
    /// <param name="message">The message.</param>
    /// <param name="target">Takes at most <see cref="MergeLimits.MessageBytesMax"/> bytes.</param>
    public static void Write(MergeMessage message, IBufferWriter<byte> target)
    {
        WriteHeader(message, target);
        target.Write(message.Payload.Span);
    }

    /// <summary>Writes the fields alone. On the wire <see cref="MergeMessage.Payload"/> follows them; a host that can sends it from where it lies.</summary>
    /// <param name="message">The message.</param>
    /// <param name="target">Takes the fields.</param>
    public static void WriteHeader(MergeMessage message, IBufferWriter<byte> target)
    {
        ArgumentNullException.ThrowIfNull(message);
        ArgumentNullException.ThrowIfNull(target);
        var writer = new WireWriter(target);
        writer.UInt16(checked((ushort)(message is HelloMessage greeting ? greeting.Protocol : ProtocolVersion)));
        writer.Byte((byte)KindOf(message));
        writer.Int32(message.Epoch);
        writer.Int32(message.Incarnation);
        WriteFields(message, writer);
    }

    /// <summary>
    /// Reads a message. Never throws: bytes that are no message give a problem. Of a message in another protocol version
    /// only the version is read: it comes out as a <see cref="HelloMessage"/>, which the machine refuses by name.
    /// </summary>
    /// <param name="bytes">The whole message. The payload of the result is a slice of it.</param>
    public static Outcome<MergeMessage> Read(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length > MergeLimits.MessageBytesMax)
        {
            return Refuse($"A merge message of {bytes.Length} bytes is longer than the {MergeLimits.MessageBytesMax} that are allowed.");
        }

        var reader = new WireReader(bytes.Span);
        var version = reader.UInt16();
        if (!reader.Broken && version != ProtocolVersion)
        {
            return new Outcome<MergeMessage>(new HelloMessage { Epoch = 0, Incarnation = 0, Protocol = version });
        }

        var kind = (Kind)reader.Byte();
        var message = ReadFields(kind, reader.Int32(), reader.Int32(), ref reader, bytes);
        return message is not null && reader.Complete
            ? new Outcome<MergeMessage>(message)
            : Refuse($"A merge message of {bytes.Length} bytes and type {(byte)kind} is not well formed.");
    }

    private static Outcome<MergeMessage> Refuse(string message) => new([new Problem(message)]);

    private static Kind KindOf(MergeMessage message) => message switch
    {
        HelloMessage => Kind.Hello,
        DeclareMessage => Kind.Declare,
        ContributeMessage => Kind.Contribute,
        ChunkMessage => Kind.Chunk,
        CommitMessage => Kind.Commit,
        AppliedMessage => Kind.Applied,
        FetchMessage => Kind.Fetch,
        OfferMessage => Kind.Offer,
        RepeatMessage => Kind.Repeat,
        FinishedMessage => Kind.Finished,
        OverMessage => Kind.Over,
        _ => throw new ArgumentException($"{message.GetType().Name} has no place on the wire.", nameof(message)),
    };

    private static void WriteFields(MergeMessage message, WireWriter writer)
    {
        switch (message)
        {
            case HelloMessage hello:
                writer.Flag(hello.Answer);
                writer.Int32(hello.Greeting);
                writer.Flag(hello.Initialised);
                writer.Int64(hello.Round);
                writer.UInt64(hello.TableHash);
                writer.UInt64(hello.StateHash);
                break;
            case DeclareMessage declare:
                writer.Flag(declare.Tracked);
                writer.Int64(declare.Count);
                writer.Int32(declare.Batch);
                writer.Text(declare.Dataset);
                break;
            case ContributeMessage contribute:
                WriteContribute(contribute, writer);
                break;
            case ChunkMessage chunk:
                writer.Byte((byte)chunk.Stream);
                writer.Int64(chunk.Round);
                writer.Int32(chunk.Fragment);
                writer.Int64(chunk.Offset);
                break;
            case CommitMessage commit:
                WriteCommit(commit, writer);
                break;
            case AppliedMessage applied:
                writer.Int64(applied.Round);
                writer.UInt64(applied.StateHash);
                break;
            case FetchMessage fetch:
                writer.Byte((byte)fetch.Kind);
                writer.Int64(fetch.Round);
                break;
            case OfferMessage offer:
                WriteOffer(offer, writer);
                break;
            case RepeatMessage repeat:
                writer.Byte((byte)repeat.Stream);
                writer.Int64(repeat.Round);
                writer.Int32(repeat.Fragment);
                break;
            case FinishedMessage finished:
                writer.Text(finished.ModelHash);
                break;
        }
    }

    private static void WriteContribute(ContributeMessage contribute, WireWriter writer)
    {
        writer.Int64(contribute.Round);
        writer.UInt64(contribute.BaseHash);
        writer.Int32(contribute.Steps);
        writer.Int64(contribute.Tokens);
        writer.Double(contribute.LossSum);
        writer.Double(contribute.SquaredNorm);
        writer.Int64(contribute.NonFinite);
        writer.Flag(contribute.Overflow);
        writer.Int32(contribute.FragmentHashes.Length);
        foreach (var hash in contribute.FragmentHashes)
        {
            writer.UInt64(hash);
        }
    }

    private static void WriteCommit(CommitMessage commit, WireWriter writer)
    {
        writer.Int64(commit.Round);
        writer.Int32(commit.Fragment);
        writer.UInt64(commit.Contributors);
        foreach (var weight in commit.Weights)
        {
            writer.Single(weight);
        }

        writer.UInt64(commit.Hash);
    }

    private static void WriteOffer(OfferMessage offer, WireWriter writer)
    {
        writer.Byte((byte)offer.Kind);
        writer.Int64(offer.Round);
        writer.Flag(offer.Available);
        writer.Int64(offer.RunBytes);
        writer.Int64(offer.ParameterBytes);
        writer.Int64(offer.MomentumBytes);
        writer.Int64(offer.ResultBytes);
        writer.Int64(offer.StaticsBytes);
        writer.Int64(offer.TrainerBytes);
        writer.UInt64(offer.Hash);
    }

    private static MergeMessage? ReadFields(Kind kind, int epoch, int incarnation, ref WireReader reader, ReadOnlyMemory<byte> bytes) => kind switch
    {
        Kind.Hello => new HelloMessage
        {
            Epoch = epoch, Incarnation = incarnation, Protocol = ProtocolVersion,
            Answer = reader.Flag(), Greeting = reader.Int32(), Initialised = reader.Flag(), Round = Round(ref reader), TableHash = reader.UInt64(), StateHash = reader.UInt64(),
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
        Kind.Fetch => new FetchMessage { Epoch = epoch, Incarnation = incarnation, Kind = FetchOf(ref reader), Round = Round(ref reader) },
        Kind.Offer => ReadOffer(epoch, incarnation, ref reader),
        Kind.Repeat => new RepeatMessage
        {
            Epoch = epoch, Incarnation = incarnation, Stream = StreamOf(ref reader), Round = Round(ref reader), Fragment = Fragment(ref reader),
        },
        Kind.Finished => new FinishedMessage { Epoch = epoch, Incarnation = incarnation, ModelHash = reader.Text(MergeLimits.ModelHashBytesMax) },
        Kind.Over => new OverMessage { Epoch = epoch, Incarnation = incarnation },
        _ => null,
    };

    private static ContributeMessage ReadContribute(int epoch, int incarnation, ref WireReader reader)
    {
        var message = new ContributeMessage
        {
            Epoch = epoch, Incarnation = incarnation, Round = Round(ref reader), BaseHash = reader.UInt64(), Steps = reader.Int32(0, int.MaxValue),
            Tokens = reader.Int64(0, long.MaxValue), LossSum = reader.Double(), SquaredNorm = reader.Double(),
            NonFinite = reader.Int64(0, long.MaxValue), Overflow = reader.Flag(),
        };
        var count = reader.Int32(0, MergeLimits.FragmentsMax);
        if (!reader.Require(count * 8L == reader.Remaining))
        {
            return message;
        }

        var hashes = ImmutableArray.CreateBuilder<ulong>(count);
        for (var fragment = 0; fragment < count; fragment++)
        {
            hashes.Add(reader.UInt64());
        }

        return message with { FragmentHashes = hashes.MoveToImmutable() };
    }

    private static ChunkMessage ReadChunk(int epoch, int incarnation, ref WireReader reader, ReadOnlyMemory<byte> bytes)
    {
        var message = new ChunkMessage
        {
            Epoch = epoch, Incarnation = incarnation, Stream = StreamOf(ref reader), Round = Round(ref reader), Fragment = Fragment(ref reader),
            Offset = reader.Int64(0, long.MaxValue - MergeLimits.ChunkBytesMax), Bytes = bytes[^reader.Remaining..],
        };
        reader.Require(message.Bytes.Length is > 0 and <= MergeLimits.ChunkBytesMax);
        reader.Skip(message.Bytes.Length);
        return message;
    }

    private static CommitMessage ReadCommit(int epoch, int incarnation, ref WireReader reader)
    {
        long round = Round(ref reader);
        var fragment = Fragment(ref reader);
        var contributors = reader.UInt64();
        var weights = ImmutableArray.CreateBuilder<float>(MergeLimits.IslandsMax);
        for (var rest = contributors; rest != 0; rest &= rest - 1)
        {
            weights.Add(reader.Single());
        }

        return new CommitMessage
        {
            Epoch = epoch, Incarnation = incarnation, Round = round, Fragment = fragment, Contributors = contributors,
            Weights = weights.ToImmutable(), Hash = reader.UInt64(),
        };
    }

    private static OfferMessage ReadOffer(int epoch, int incarnation, ref WireReader reader) => new()
    {
        Epoch = epoch, Incarnation = incarnation, Kind = FetchOf(ref reader), Round = Round(ref reader), Available = reader.Flag(),
        RunBytes = reader.Int64(0, MergeLimits.RunStateBytesMax), ParameterBytes = Size(ref reader), MomentumBytes = Size(ref reader),
        ResultBytes = Size(ref reader), StaticsBytes = Size(ref reader), TrainerBytes = Size(ref reader), Hash = reader.UInt64(),
    };

    private static long Round(ref WireReader reader) => reader.Int64(0, long.MaxValue - 2);

    private static long Size(ref WireReader reader) => reader.Int64(0, long.MaxValue / 16);

    private static int Fragment(ref WireReader reader) => reader.Int32(0, MergeLimits.FragmentsMax - 1);

    private static StreamKind StreamOf(ref WireReader reader)
    {
        var value = (StreamKind)reader.Byte();
        reader.Require(value is >= StreamKind.Contribution and <= StreamKind.Table);
        return value;
    }

    private static FetchKind FetchOf(ref WireReader reader)
    {
        var value = (FetchKind)reader.Byte();
        reader.Require(value is >= FetchKind.Replica and <= FetchKind.FinalTensors);
        return value;
    }
}
