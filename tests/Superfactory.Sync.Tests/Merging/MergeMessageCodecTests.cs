using System.Buffers;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Merging;
using Superfactory.Sync.Tests.Merging.Virtual;

namespace Superfactory.Sync.Tests.Merging;

public sealed class MergeMessageCodecTests
{
    /// <summary>Each message as <c>docs/protocol.md</c> lists it. These bytes are what other builds of this protocol version speak: they never change.</summary>
    public static TheoryData<string, string> Golden => new()
    {
        { "hello", "09000107000000030000000109000000040000000105000000000000008877665544332211100f0e0d0c0b0a09" },
        { "declare", "0900020700000003000000016400000000000000100000000600636f72707573" },
        { "contribute", "0900030700000003000000050000000000000002887766554433221102000000400000000000000000000000000004400000000000000000ffffffff00000000000000000106000000c0000000000000000100020000000000000000001040000000000000e03f" },
        { "chunk", "090004070000000300000001050000000000000002000000010000000a0b0c" },
        { "commit", "09000507000000030000000500000000000000020000000100000005000000000000000000803e0000403f8877665544332211" },
        { "applied", "090006070000000300000005000000000000008877665544332211" },
        { "fetch", "09000707000000030000000705000000000000000300000000000000" },
        { "offer", "0900080700000003000000010500000000000000010100000000000000020000000000000003000000000000000400000000000000050000000000000006000000000000008877665544332211" },
        { "repeat", "090009070000000300000005000000000000000200000001000000" },
        { "finished", "09000a0700000003000000040061626364" },
        { "over", "09000b0700000003000000" },
        { "piece", "09000c07000000030000000300000300000000000a0b0c" },
        { "have", "09000d070000000300000005000000000000000200000006000000090000000100000005020000000607" },
        { "grant", "09000e070000000300000005000000000000000200000009000000" },
        { "object", "09000f07000000030000000500000000000000020000000401" },
        { "norms", "090012070000000300000005000000000000000000000000000000ffffffff020000000000000000001040000000000000e03f" },
        { "attempt", "090010070000000300000005000000000000000200000004000000000000000800000000000000" },
    };

    [Theory]
    [MemberData(nameof(Golden))]
    public void Message_keeps_the_bytes_of_its_protocol_version(string name, string expected)
    {
        var bytes = Write(Samples[name]);

        Convert.ToHexStringLower(bytes).ShouldBe(expected);
    }

    [Fact]
    public void Message_of_every_type_comes_back_with_the_same_bytes()
    {
        foreach (var (name, message) in Samples)
        {
            var bytes = Write(message);

            var read = MergeMessageCodec.Read(bytes);

            read.Succeeded.ShouldBeTrue(name);
            read.Value!.GetType().ShouldBe(message.GetType());
            Write(read.Value).ShouldBe(bytes, name);
        }
    }

    [Fact]
    public void Message_cut_off_or_prolonged_is_a_problem_and_no_exception()
    {
        foreach (var (name, message) in Samples)
        {
            var bytes = Write(message);
            var least = message.Payload.IsEmpty ? bytes.Length - 1 : bytes.Length - message.Payload.Length;
            for (var length = 0; length <= least; length++)
            {
                MergeMessageCodec.Read(bytes.AsMemory(0, length)).Succeeded.ShouldBeFalse($"{name} cut to {length}");
            }

            if (message.Payload.IsEmpty)
            {
                MergeMessageCodec.Read((byte[])[.. bytes, 0]).Succeeded.ShouldBeFalse($"{name} with a byte too many");
            }
        }
    }

    [Fact]
    public void Random_bytes_are_read_or_refused_without_an_exception()
    {
        const ulong Seed = 20;
        var random = new SeededRandom(Seed);
        var samples = Samples.Values.Select(Write).ToArray();
        for (var attempt = 0; attempt < 200_000; attempt++)
        {
            var bytes = random.OneIn(2) ? random.Pick(samples).ToArray() : new byte[random.Below(80)];
            for (var change = random.Below(4) + (bytes.Length == 0 ? 0 : 1); change > 0 && bytes.Length > 0; change--)
            {
                bytes[random.Below(bytes.Length)] = (byte)random.Next();
            }

            var read = MergeMessageCodec.Read(bytes);
            if (read.Succeeded && read.Value is not HelloMessage)
            {
                Write(read.Value).ShouldBe(bytes, $"seed {Seed}, attempt {attempt}");
            }
        }
    }

    [Fact]
    public void Message_of_another_version_is_a_hello_that_names_it()
    {
        var bytes = Write(Samples["commit"]);
        bytes[0] = 99;

        MergeMessageCodec.Read(bytes).Value.ShouldBeOfType<HelloMessage>().Protocol.ShouldBe(99);
    }

    [Fact]
    public void Payload_is_a_slice_of_what_was_read()
    {
        var bytes = Write(Samples["chunk"]);

        var chunk = (ChunkMessage)MergeMessageCodec.Read(bytes).Value!;

        bytes[^1] = 99;
        chunk.Bytes.Span[^1].ShouldBe((byte)99);
    }

    [Fact]
    public void Longest_messages_fit_the_limit()
    {
        var contribute = (ContributeMessage)Samples["contribute"] with { SquaredNorms = [.. new double[MergeLimits.FragmentsMax]] };
        var chunk = (ChunkMessage)Samples["chunk"] with { Bytes = new byte[MergeLimits.ChunkBytesMax] };

        foreach (var message in new MergeMessage[] { contribute, chunk })
        {
            var bytes = Write(message);
            bytes.Length.ShouldBeLessThanOrEqualTo(MergeLimits.MessageBytesMax);
            MergeMessageCodec.Read(bytes).Succeeded.ShouldBeTrue();
        }
    }

    private static Dictionary<string, MergeMessage> Samples { get; } = new()
    {
        ["hello"] = new HelloMessage { Epoch = 7, Incarnation = 3, Protocol = MergeMessageCodec.ProtocolVersion, Answer = true, Greeting = 9, Number = 4, Initialised = true, Round = 5, TableHash = 0x1122334455667788, StateHash = 0x090a0b0c0d0e0f10 },
        ["declare"] = new DeclareMessage { Epoch = 7, Incarnation = 3, Tracked = true, Count = 100, Batch = 16, Dataset = "corpus" },
        ["contribute"] = new ContributeMessage
        {
            Epoch = 7, Incarnation = 3, Round = 5, Mode = SyncMode.Streaming, BaseHash = 0x1122334455667788, Steps = 2, Tokens = 64, LossSum = 2.5, NonFinite = 0, Overflow = true, SpanSteps = 6, SpanTokens = 192, Afresh = true, SquaredNorms = [4, 0.5],
        },
        ["chunk"] = new ChunkMessage { Epoch = 7, Incarnation = 3, Stream = StreamKind.Contribution, Round = 5, Attempt = 2, Chunk = 1, Bytes = new byte[] { 10, 11, 12 } },
        ["piece"] = new PieceMessage { Epoch = 7, Incarnation = 3, Stream = StreamKind.State, Offset = 196608, Bytes = new byte[] { 10, 11, 12 } },
        ["commit"] = new CommitMessage { Epoch = 7, Incarnation = 3, Round = 5, Attempt = 2, Fragment = 1, Contributors = 5, Weights = [0.25f, 0.75f], Hash = 0x1122334455667788 },
        ["applied"] = new AppliedMessage { Epoch = 7, Incarnation = 3, Round = 5, StateHash = 0x1122334455667788 },
        ["fetch"] = new FetchMessage { Epoch = 7, Incarnation = 3, Kind = FetchKind.Steps, Round = 5, Since = 3 },
        ["offer"] = new OfferMessage
        {
            Epoch = 7, Incarnation = 3, Kind = FetchKind.Replica, Round = 5, Available = true, RunBytes = 1, ParameterBytes = 2, MomentumBytes = 3,
            ResultBytes = 4, StaticsBytes = 5, TrainerBytes = 6, Hash = 0x1122334455667788,
        },
        ["repeat"] = new RepeatMessage { Epoch = 7, Incarnation = 3, Round = 5, Attempt = 2, Fragment = 1 },
        ["have"] = new HaveMessage { Epoch = 7, Incarnation = 3, Round = 5, Attempt = 2, Hello = 6, Bound = 9, Contribution = new byte[] { 5 }, Results = new byte[] { 6, 7 } },
        ["grant"] = new GrantMessage { Epoch = 7, Incarnation = 3, Round = 5, Attempt = 2, Bound = 9 },
        ["object"] = new ObjectMessage { Epoch = 7, Incarnation = 3, Round = 5, Attempt = 2, Island = 4, Belied = true },
        ["attempt"] = new AttemptMessage { Epoch = 7, Incarnation = 3, Round = 5, Attempt = 2, Stalled = 4, Belied = 8 },
        ["norms"] = new NormsMessage { Epoch = 7, Incarnation = 3, Round = 5, SquaredNorms = [4, 0.5] },
        ["finished"] = new FinishedMessage { Epoch = 7, Incarnation = 3, ModelHash = "abcd" },
        ["over"] = new OverMessage { Epoch = 7, Incarnation = 3 },
    };

    private static byte[] Write(MergeMessage message)
    {
        var buffer = new ArrayBufferWriter<byte>();
        MergeMessageCodec.Write(message, buffer);
        return buffer.WrittenSpan.ToArray();
    }
}
