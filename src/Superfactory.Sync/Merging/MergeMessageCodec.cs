using System.Buffers;
using System.Collections.Immutable;
using Superfactory.Model;
using Superfactory.Sync.Merging.Wire;

namespace Superfactory.Sync.Merging;

/// <summary>
/// Merge messages as bytes: version (16 bits), type (8), epoch and incarnation (32 each), then the type's own fields, little-endian,
/// as <c>docs/protocol.md</c> lists them. Pure; safe to call from any thread.
/// </summary>
public static partial class MergeMessageCodec
{
    /// <summary>The version of the merge protocol. A peer of another version is refused by name.</summary>
    public const int ProtocolVersion = 9;

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
        Piece = 12,
        Have = 13,
        Grant = 14,
        Object = 15,
        Attempt = 16,
        Alive = 17,
        Norms = 18,
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
        PieceMessage => Kind.Piece,
        HaveMessage => Kind.Have,
        GrantMessage => Kind.Grant,
        ObjectMessage => Kind.Object,
        AttemptMessage => Kind.Attempt,
        AliveMessage => Kind.Alive,
        NormsMessage => Kind.Norms,
        _ => throw new ArgumentException($"{message.GetType().Name} has no place on the wire.", nameof(message)),
    };

    private static void WriteFields(MergeMessage message, WireWriter writer)
    {
        switch (message)
        {
            case HelloMessage hello:
                writer.Flag(hello.Answer);
                writer.Int32(hello.Greeting);
                writer.Int32(hello.Number);
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
                writer.Int32(chunk.Attempt);
                writer.Int32(chunk.Chunk);
                break;
            case PieceMessage piece:
                writer.Byte((byte)piece.Stream);
                writer.Int64(piece.Offset);
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
                writer.Int64(fetch.Since);
                break;
            case OfferMessage offer:
                WriteOffer(offer, writer);
                break;
            case AliveMessage alive:
                writer.Int64(alive.Stamp);
                writer.Int64(alive.Echo);
                writer.Int64(alive.Held);
                break;
            case FinishedMessage finished:
                writer.Text(finished.ModelHash);
                break;
            default:
                WriteRoundFields(message, writer);
                break;
        }
    }

    /// <summary>The fields of what is said about chunks and attempts of a round.</summary>
    private static void WriteRoundFields(MergeMessage message, WireWriter writer)
    {
        switch (message)
        {
            case RepeatMessage repeat:
                writer.Int64(repeat.Round);
                writer.Int32(repeat.Attempt);
                writer.Int32(repeat.Fragment);
                break;
            case HaveMessage have:
                writer.Int64(have.Round);
                writer.Int32(have.Attempt);
                writer.Int32(have.Hello);
                writer.Int32(have.Bound);
                writer.Int32(have.Contribution.Length);
                writer.Bytes(have.Contribution.Span);
                writer.Int32(have.Results.Length);
                writer.Bytes(have.Results.Span);
                break;
            case GrantMessage grant:
                writer.Int64(grant.Round);
                writer.Int32(grant.Attempt);
                writer.Int32(grant.Bound);
                break;
            case ObjectMessage objection:
                writer.Int64(objection.Round);
                writer.Int32(objection.Attempt);
                writer.Byte((byte)objection.Island);
                writer.Flag(objection.Belied);
                break;
            case AttemptMessage attempt:
                writer.Int64(attempt.Round);
                writer.Int32(attempt.Attempt);
                writer.UInt64(attempt.Stalled);
                writer.UInt64(attempt.Belied);
                break;
            case NormsMessage norms:
                writer.Int64(norms.Round);
                writer.Int64(norms.NonFinite);
                writer.Int32(norms.NonFiniteFragment);
                WriteNorms(norms.SquaredNorms, writer);
                break;
        }
    }

    private static void WriteContribute(ContributeMessage contribute, WireWriter writer)
    {
        writer.Int64(contribute.Round);
        writer.Byte((byte)contribute.Mode);
        writer.UInt64(contribute.BaseHash);
        writer.Int32(contribute.Steps);
        writer.Int64(contribute.Tokens);
        writer.Double(contribute.LossSum);
        writer.Int64(contribute.NonFinite);
        writer.Int32(contribute.NonFiniteFragment);
        writer.UInt64(contribute.ParametersHash);
        writer.Flag(contribute.Overflow);
        writer.Int32(contribute.SpanSteps);
        writer.Int64(contribute.SpanTokens);
        writer.Flag(contribute.Afresh);
        writer.Flag(contribute.NormsFollow);
        WriteNorms(contribute.SquaredNorms, writer);
    }

    private static void WriteNorms(ImmutableArray<double> norms, WireWriter writer)
    {
        writer.Int32(norms.Length);
        foreach (var norm in norms)
        {
            writer.Double(norm);
        }
    }

    private static void WriteCommit(CommitMessage commit, WireWriter writer)
    {
        writer.Int64(commit.Round);
        writer.Int32(commit.Attempt);
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
}
