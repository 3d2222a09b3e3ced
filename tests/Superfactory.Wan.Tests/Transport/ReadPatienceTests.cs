using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Superfactory.Model.Wan;
using Superfactory.Wan.Frames;
using Superfactory.Wan.Tests.Security;
using Superfactory.Wan.Transport;

namespace Superfactory.Wan.Tests.Transport;

public sealed class ReadPatienceTests
{
    private const double Fast = 1e9;

    /// <summary>Around everything that decides: a TLS record, the most that is waited for, what may be read ahead, and both together.</summary>
    private static readonly int[] _sizes =
    [
        0, 1, 1_000, 16_383, 16_384, 16_385, 40_959, 40_960, 57_343, 57_344, 57_345, 65_536, 90_111, 90_112, 90_113, 131_072, 196_608, 196_800, 1_048_576,
    ];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0, Fast, 1)]
    [InlineData(57_343, Fast, 1)]
    [InlineData(57_344, Fast, 16_384)]
    [InlineData(80_000, Fast, 39_040)]
    [InlineData(196_608, Fast, 49_152)]
    [InlineData(196_608, 12_000_000, 48_000)]
    [InlineData(196_608, 4_000_000, 1)]
    [InlineData(196_608, 0, 1)]
    public void Reader_waits_for_no_more_than_will_certainly_come_and_no_longer_than_some_milliseconds(int missing, double bytesPerSecond, int expected) =>
        ReadPatience.Threshold(missing, bytesPerSecond).ShouldBe(expected);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Frame_of_any_length_is_read_to_its_end_though_nothing_follows_it(bool encrypted)
    {
        using var fleet = new Fleet();
        var (left, right) = await Fleet.WireAsync();
        var (client, server) = (left, right);
        if (encrypted)
        {
            var met = await Fleet.MeetAsync(
                fleet.Tls("atlanta").AsClientAsync(left, "iowa", Cancel).AsTask(), fleet.Tls("iowa").AsServerAsync(right, Cancel).AsTask());
            (client, server) = (met.Client!, met.Server!.Value.Stream);
        }

        await using var sending = client;
        await using var receiving = server;
        using var writer = new FrameWriter(sending);
        using var reader = new FrameReader(receiving, ((NetworkStream)right).Socket);
        reader.Patience.Look(0, 1);
        for (var index = 0; index < _sizes.Length; index++)
        {
            var payload = RandomNumberGenerator.GetBytes(_sizes[index]);
            var reading = reader.ReadAsync(Cancel);
            reader.Patience.Look((index + 1L) << 40, index + 2);
            await writer.WriteAsync(new FrameHeader(FrameType.Message, TrafficClass.Merge, payload.Length, Checksum.Compute(payload)), payload, Cancel);
            await writer.FlushAsync(Cancel);

            var read = await reading.AsTask().WaitAsync(TimeSpan.FromMinutes(1), Cancel);

            read.Payload!.Span.SequenceEqual(payload).ShouldBeTrue($"{payload.Length} bytes");
            read.Payload.Release();
        }
    }

    [Fact]
    public async Task Link_that_becomes_slow_or_ends_a_frame_wakes_its_reader_for_every_byte()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "What wakes a reader is set on Linux alone.");
        var (left, right) = await Fleet.WireAsync();
        await using var sending = left;
        await using var receiving = right;
        var socket = ((NetworkStream)right).Socket;
        var patience = new ReadPatience(socket);
        patience.Look(0, 1);

        patience.Expect(196_608);
        WakesAt(socket).ShouldBe(1);
        patience.Look(1L << 40, 2);
        WakesAt(socket).ShouldBe(ReadPatience.BytesMax);
        patience.Expect(ReadPatience.ReadAheadMax);
        WakesAt(socket).ShouldBe(1);
        patience.Expect(196_608);
        WakesAt(socket).ShouldBe(ReadPatience.BytesMax);
        patience.Look(1L << 40, 3);
        WakesAt(socket).ShouldBe(1);
    }

    private static int WakesAt(Socket socket)
    {
        Span<byte> value = stackalloc byte[sizeof(int)];
        socket.GetRawSocketOption(1, 18, value);
        return BitConverter.ToInt32(value);
    }
}
