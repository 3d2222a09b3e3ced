using System.Text;
using Superfactory.Model.Wan;
using Superfactory.Wan.Frames;
using Superfactory.Wan.Transport;

namespace Superfactory.Wan.Tests.Frames;

public sealed class FrameCodecTests
{
    private static readonly RegisteredEndpoint _from = new(new EndpointAddress("atlanta", "run/7/lane/0"), 5);
    private static readonly RegisteredEndpoint _to = new(new EndpointAddress("wisconsin", "run/7/lane/0"), 9);

    [Theory]
    [InlineData(0, 0, true)]
    [InlineData(HeartbeatPayload.PaddingBytesMax, 0, true)]
    [InlineData(HeartbeatPayload.PaddingBytesMax + 1, 0, false)]
    [InlineData(1, 7, false)]
    public void Heartbeat_may_be_followed_by_zeros_that_fill_packets_and_by_nothing_else(int padding, byte last, bool expected)
    {
        var payload = new HeartbeatPayload(5, 3).Encode(padding);
        payload.Span[^1] |= last;

        HeartbeatPayload.TryDecode(payload.Span, out var heartbeat).ShouldBe(expected);
        heartbeat.Stamp.ShouldBe(5);
        payload.Release();
    }

    [Fact]
    public void Checksum_of_the_published_check_value_is_the_published_one()
        => Checksum.Compute(Encoding.ASCII.GetBytes("123456789")).ShouldBe(0xE3069283u);

    [Fact]
    public void Checksum_of_parts_is_that_of_the_whole_wherever_it_is_cut()
    {
        var bytes = new byte[100];
        new Random(3).NextBytes(bytes);
        for (var cut = 0; cut <= bytes.Length; cut++)
        {
            Checksum.Append(Checksum.Compute(bytes.AsSpan(0, cut)), bytes.AsSpan(cut)).ShouldBe(Checksum.Compute(bytes));
        }
    }

    [Fact]
    public void Frame_has_the_documented_bytes()
    {
        var payload = new byte[] { 1, 2, 3 };
        var header = new FrameHeader(FrameType.Message, TrafficClass.Merge, 3, Checksum.Compute(payload)) { Sequence = 0x0102, Session = 0x0304, Place = new FlowPlace(true, 0x0506, 0x0708), RouteBytes = 9 };
        var bytes = new byte[FrameHeader.Bytes];
        header.Write(bytes);
        Convert.ToHexString(bytes).ShouldBe("5346574E020901010900080703000000020100000000000004030000060500001EF230F12E536E67");
    }

    [Fact]
    public void Header_that_is_written_reads_back()
    {
        var header = new FrameHeader(FrameType.Credit, TrafficClass.Bulk, FrameLimits.PayloadBytesMax, 77) { Sequence = long.MaxValue, Session = uint.MaxValue, Place = new FlowPlace(false, uint.MaxValue, ushort.MaxValue), RouteBytes = FrameLimits.RouteBytesMax };
        var bytes = new byte[FrameHeader.Bytes];
        header.Write(bytes);
        FrameHeader.Read(bytes, out var read).ShouldBe(FrameRefusal.None);
        read.ShouldBe(header);
    }

    [Fact]
    public void Header_with_any_bit_changed_is_refused()
    {
        var bytes = new byte[FrameHeader.Bytes];
        new FrameHeader(FrameType.Message, TrafficClass.Merge, 1000, 77) { Sequence = 4, Session = 12 }.Write(bytes);
        for (var bit = 0; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            FrameHeader.Read(bytes, out _).ShouldNotBe(FrameRefusal.None, $"bit {bit}");
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Fact]
    public void Header_of_another_version_is_refused_except_a_hello()
    {
        var bytes = new byte[FrameHeader.Bytes];
        (new FrameHeader(FrameType.Message, TrafficClass.Merge, 0, 0) with { Version = 3 }).Write(bytes);
        FrameHeader.Read(bytes, out _).ShouldBe(FrameRefusal.Version);
        (new FrameHeader(FrameType.Hello, TrafficClass.Control, 0, 0) with { Version = 3 }).Write(bytes);
        FrameHeader.Read(bytes, out var hello).ShouldBe(FrameRefusal.None);
        hello.Version.ShouldBe((byte)3);
    }

    [Fact]
    public void Header_of_a_payload_over_the_limit_is_refused_before_the_payload_is_read()
    {
        var bytes = new byte[FrameHeader.Bytes];
        new FrameHeader(FrameType.Message, TrafficClass.Merge, FrameLimits.PayloadBytesMax + 1, 0).Write(bytes);
        FrameHeader.Read(bytes, out _).ShouldBe(FrameRefusal.Oversized);
        new FrameHeader(FrameType.Message, TrafficClass.Merge, -1, 0).Write(bytes);
        FrameHeader.Read(bytes, out _).ShouldBe(FrameRefusal.Oversized);
        (new FrameHeader(FrameType.Message, TrafficClass.Merge, 0, 0) with { RouteBytes = FrameLimits.RouteBytesMax + 1 }).Write(bytes);
        FrameHeader.Read(bytes, out _).ShouldBe(FrameRefusal.Oversized);
    }

    [Fact]
    public void Payloads_that_are_written_read_back_and_every_truncation_of_them_is_refused()
    {
        var hello = new HelloPayload(1, 3, "atlanta", "wisconsin");
        HelloPayload.Decode(hello.Encode().Span).ShouldBe(hello);
        Truncations(hello.Encode()).ShouldAllBe(bytes => HelloPayload.Decode(bytes) == null);

        RegisteredEndpoint.TryDecode(_from.Encode().Span, out var endpoint).ShouldBeTrue();
        endpoint.ShouldBe(_from);
        Truncations(_from.Encode()).ShouldAllBe(bytes => !RegisteredEndpoint.TryDecode(bytes, out endpoint));

        var credit = new CreditPayload(new Envelope(_from, _to), TrafficClass.Bulk, 1234);
        CreditPayload.TryDecode(credit.Encode().Span, out var readCredit).ShouldBeTrue();
        readCredit.ShouldBe(credit);
        Truncations(credit.Encode()).ShouldAllBe(bytes => !CreditPayload.TryDecode(bytes, out readCredit));

        var open = new OpenPayload(1, 2, 3, true);
        OpenPayload.TryDecode(open.Encode().Span, out var readOpen).ShouldBeTrue();
        readOpen.ShouldBe(open);
        Truncations(open.Encode()).ShouldAllBe(bytes => !OpenPayload.TryDecode(bytes, out readOpen));

        var ack = new AckPayload(7, [new AckRange(1, 2), new AckRange(3, 4)]);
        AckPayload.TryDecode(ack.Encode().Span, out var readAck).ShouldBeTrue();
        (readAck.Cumulative, readAck.Ranges.SequenceEqual(ack.Ranges)).ShouldBe((7, true));
        Truncations(ack.Encode()).ShouldAllBe(bytes => !AckPayload.TryDecode(bytes, out readAck));

        var heartbeat = new HeartbeatPayload(5, 8);
        HeartbeatPayload.TryDecode(heartbeat.Encode().Span, out var readHeartbeat).ShouldBeTrue();
        readHeartbeat.ShouldBe(heartbeat);
        Truncations(heartbeat.Encode()).ShouldAllBe(bytes => !HeartbeatPayload.TryDecode(bytes, out readHeartbeat));

        var state = new LinkStatePayload("ohio", 9, [new LiveLink("atlanta", 14_000), new LiveLink("texas", 1)]);
        var readState = LinkStatePayload.Decode(state.Encode().Span).ShouldNotBeNull();
        (readState.Site, readState.Version, readState.Links.SequenceEqual(state.Links)).ShouldBe(("ohio", 9, true));
        Truncations(state.Encode()).ShouldAllBe(bytes => LinkStatePayload.Decode(bytes) == null);

        var route = new FrameRoute("ohio", ["atlanta", "texas"]);
        var readRoute = FrameRoute.Decode(route.Encode()).ShouldNotBeNull();
        (readRoute.Origin, readRoute.Rest.SequenceEqual(route.Rest)).ShouldBe(("ohio", true));
        Truncations(route.Encode()).ShouldAllBe(bytes => FrameRoute.Decode(bytes) == null);

        var envelope = new byte[FrameLimits.EnvelopeBytesMax];
        var length = new Envelope(_from, _to).Write(envelope);
        Envelope.TryDecode(envelope, out var readEnvelope, out var readLength).ShouldBeTrue();
        (readEnvelope, readLength).ShouldBe((new Envelope(_from, _to), length));
        Truncations(envelope.AsMemory(0, length)).ShouldAllBe(bytes => !Envelope.TryDecode(bytes, out readEnvelope, out readLength));
    }

    [Fact]
    public async Task Stream_of_frames_cut_at_any_byte_gives_the_whole_frames_before_the_cut_and_then_its_end()
    {
        var bytes = await WriteFramesAsync();
        for (var cut = 0; cut < bytes.Length; cut++)
        {
            using var reader = new FrameReader(new MemoryStream(bytes, 0, cut));
            var read = await ReadAllAsync(reader);
            read.Frames.ShouldBe(cut < 43 ? 0 : cut < 43 + 40 ? 1 : 2, $"cut at {cut}");
            read.Refusal.ShouldBe(FrameRefusal.None);
        }
    }

    [Fact]
    public async Task Garbage_and_damaged_frames_never_throw_and_never_pass()
    {
        var seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var whole = await WriteFramesAsync();
        for (var count = 0; count < 3000; count++)
        {
            var bytes = (byte[])whole.Clone();
            if (count % 3 == 0)
            {
                random.NextBytes(bytes);
            }
            else
            {
                bytes[random.Next(bytes.Length)] ^= (byte)(1 + random.Next(255));
            }

            using var reader = new FrameReader(new MemoryStream(bytes));
            var read = await ReadAllAsync(reader);
            read.Refusal.ShouldNotBe(FrameRefusal.None, $"seed {seed}, case {count}");
            Should.NotThrow(() => DecodeAll(bytes.AsSpan(random.Next(bytes.Length)).ToArray()));
        }
    }

    private static async Task<byte[]> WriteFramesAsync()
    {
        var stream = new MemoryStream();
        using var writer = new FrameWriter(stream);
        var small = new byte[] { 1, 2, 3 };
        var large = new byte[1000];
        new Random(9).NextBytes(large);
        await writer.WriteAsync(new FrameHeader(FrameType.Message, TrafficClass.Merge, 3, Checksum.Compute(small)) { Sequence = 1 }, small, TwoSites.Token);
        await writer.WriteAsync(new FrameHeader(FrameType.Acknowledge, TrafficClass.Control, 0, Checksum.Compute([])), default, TwoSites.Token);
        await writer.WriteAsync(
            new FrameHeader(FrameType.Message, TrafficClass.Bulk, 1000, Checksum.Compute(large)), large.AsMemory(0, 400), large.AsMemory(400), TwoSites.Token);
        await writer.FlushAsync(TwoSites.Token);
        return stream.ToArray();
    }

    private static async Task<(int Frames, FrameRefusal Refusal)> ReadAllAsync(FrameReader reader)
    {
        for (var frames = 0; ; frames++)
        {
            var read = await reader.ReadAsync(TwoSites.Token);
            read.Payload?.Release();
            if (read.Payload is null)
            {
                return (frames, read.Refusal);
            }
        }
    }

    private static void DecodeAll(byte[] bytes)
    {
        HelloPayload.Decode(bytes);
        RegisteredEndpoint.TryDecode(bytes, out _);
        CreditPayload.TryDecode(bytes, out _);
        Envelope.TryDecode(bytes, out _, out _);
        OpenPayload.TryDecode(bytes, out _);
        AckPayload.TryDecode(bytes, out _);
        HeartbeatPayload.TryDecode(bytes, out _);
        LinkStatePayload.Decode(bytes);
        FrameRoute.Decode(bytes);
        Payloads.TryDecodeAddress(bytes, out _);
        Payloads.TryDecodeNumber(bytes, out _);
        Payloads.DecodeReason(bytes);
    }

    private static IEnumerable<byte[]> Truncations(PooledBuffer whole) => Truncations(whole.Memory);

    private static IEnumerable<byte[]> Truncations(ReadOnlyMemory<byte> whole)
        => Enumerable.Range(0, whole.Length).Select(length => whole[..length].ToArray());
}
