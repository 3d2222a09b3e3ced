using Superfactory.Model.Jobs;
using Superfactory.Sync.Arithmetic.Formats;

namespace Superfactory.Cli.Bench.Merge;

/// <summary>The arithmetic of the figures. Pure.</summary>
internal static class MergeFigures
{
    private const double BitsPerMib = 1024 * 1024 * 8;

    /// <summary>The middle one; with an even number the mean of the middle two.</summary>
    /// <exception cref="ArgumentException">There are none.</exception>
    public static double Median(IReadOnlyCollection<double> values)
    {
        if (values.Count == 0)
        {
            throw new ArgumentException("There is no middle of nothing.", nameof(values));
        }

        double[] sorted = [.. values.Order()];
        var middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /// <summary>Bits that a format takes for one number, its scales included.</summary>
    public static double BitsPerNumber(NumberFormat format)
    {
        // A whole number of blocks of every format.
        const int Numbers = 4096;
        return NumberFormats.Get(format).EncodedBytes(Numbers) * 8.0 / Numbers;
    }

    /// <summary>
    /// Bits that every island sends in one merge, which are as many as it receives: to each of the others its part of the
    /// contribution, and to each the result of the part that it leads. With two islands and one format this is
    /// <c>2(N−1)/N × MiB × 2^20 × 8 × (bits of the format ÷ 32)</c>.
    /// </summary>
    /// <param name="islands">Islands, N.</param>
    /// <param name="mib">MiB of fp32.</param>
    /// <param name="contribution">Bits of a number in a contribution.</param>
    /// <param name="result">Bits of a number in a result.</param>
    public static double BitsSent(int islands, int mib, double contribution, double result) =>
        (islands - 1.0) / islands * mib * BitsPerMib * (contribution + result) / 32;

    /// <summary>The share of an island's links that a merge fills in one direction: each island of a full mesh has a link to each other.</summary>
    /// <param name="bitsSent">See <see cref="BitsSent"/>.</param>
    /// <param name="islands">Islands.</param>
    /// <param name="bitsPerSecond">What one link carries in one direction.</param>
    /// <param name="seconds">How long the merge took.</param>
    public static double Utilization(double bitsSent, int islands, double bitsPerSecond, double seconds) =>
        bitsSent / (bitsPerSecond * (islands - 1) * seconds);

    /// <summary>The MTU that goes with a rate: jumbo frames above 100 Mbit/s.</summary>
    public static int MtuFor(long bitsPerSecond) => bitsPerSecond <= 100_000_000 ? 1500 : 9000;

    /// <summary>Bits of IP packets per second, of what TCP carried: each segment has an IPv4 header, a TCP header and the time stamps.</summary>
    /// <param name="payloadBitsPerSecond">What a program sent through the connection.</param>
    /// <param name="mtu">The path's largest packet.</param>
    public static double PacketRate(double payloadBitsPerSecond, int mtu) => payloadBitsPerSecond * mtu / (mtu - 20 - 20 - 12);
}
