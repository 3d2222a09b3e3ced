using Superfactory.Cli.Bench.Merge;
using Superfactory.Model.Jobs;

namespace Superfactory.Cli.Tests.Bench;

/// <summary>The arithmetic of the figures.</summary>
public sealed class MergeFiguresTests
{
    [Theory]
    [InlineData(2.0, 3.0, 2.0, 1.0)]
    [InlineData(2.5, 4.0, 1.0, 3.0, 2.0)]
    [InlineData(7.0, 7.0)]
    public void Median_is_the_middle_of_the_sorted_values(double median, params double[] values) => MergeFigures.Median(values).ShouldBe(median);

    [Theory]
    [InlineData(NumberFormat.Fp32, 32)]
    [InlineData(NumberFormat.Bf16, 16)]
    [InlineData(NumberFormat.Int8, 8.25)]
    [InlineData(NumberFormat.E3m0, 4.25)]
    public void Bits_of_a_number_include_its_share_of_a_scale(NumberFormat format, double bits) => MergeFigures.BitsPerNumber(format).ShouldBe(bits);

    [Theory]
    [InlineData(2, 64, 32, 1_000_000_000, 0.5, 64 * 1048576 * 8.0 / 0.5e9)]
    [InlineData(2, 64, 4.25, 100_000_000, 1, 64 * 1048576 * 8.0 * 4.25 / 32 / 100e6)]
    [InlineData(4, 64, 32, 100_000_000, 4, 1.5 * 64 * 1048576 * 8 / 100e6 / 4 / 3)]
    public void Utilization_is_what_an_island_sends_over_what_its_links_carry(int islands, int mib, double bits, double rate, double seconds, double expected) =>
        MergeFigures.Utilization(MergeFigures.BitsSent(islands, mib, bits, bits), islands, rate, seconds).ShouldBe(expected, 1e-12);

    [Theory]
    [InlineData(10_000_000, 1500)]
    [InlineData(100_000_000, 1500)]
    [InlineData(100_000_001, 9000)]
    [InlineData(1_000_000_000, 9000)]
    public void Links_over_100_Mbit_take_jumbo_frames(long rate, int mtu) => MergeFigures.MtuFor(rate).ShouldBe(mtu);

    [Fact]
    public void Rate_of_packets_counts_their_headers() => MergeFigures.PacketRate(1448e6, 1500).ShouldBe(1500e6, 1);

    [Fact]
    public void Rate_is_read_from_what_the_receiver_of_iperf3_counted() =>
        Iperf.Read("""{ "end": { "sum_sent": { "bits_per_second": 1 }, "sum_received": { "bits_per_second": 94.5e6 } } }""").ShouldBe(94.5e6);

    [Theory]
    [InlineData("""{ "end": { }, "error": "unable to connect to server" }""")]
    [InlineData("iperf3: error")]
    public void Report_of_iperf3_without_a_rate_is_said_to_be_one(string report) =>
        Should.Throw<BenchException>(() => Iperf.Read(report)).Message.ShouldBe($"iperf3 reported no rate: {report}");

    [Theory]
    [InlineData(4096)]
    [InlineData(1024 * 1024 / 4)]
    [InlineData(64 * 1024 * 1024 / 4)]
    public void Tensors_of_a_model_are_of_many_sizes_and_together_as_large_as_asked(int elements)
    {
        var sizes = ModelSizes.Of(elements);

        sizes.Sum().ShouldBe(elements);
        sizes.ShouldAllBe(size => size > 0);
        sizes.Distinct().Count().ShouldBeInRange(2, 4);
    }

    [Fact]
    public void Processor_time_of_a_process_rises_with_its_work_and_is_unknown_where_there_is_none()
    {
        var before = ProcessorTime.Of(Environment.ProcessId).ShouldNotBeNull();
        var sum = 0.0;
        for (var step = 0; step < 10_000_000; step++)
        {
            sum += Math.Sqrt(step);
        }

        sum.ShouldBeGreaterThan(0);
        ProcessorTime.Of(Environment.ProcessId).ShouldNotBeNull().ShouldBeGreaterThan(before);
        ProcessorTime.Of(int.MaxValue - 1).ShouldBeNull();
    }
}
