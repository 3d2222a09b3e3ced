using System.Runtime.InteropServices;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Arithmetic;
using Superfactory.Sync.Arithmetic.Formats;

namespace Superfactory.Sync.Merging.Rounds;

/// <summary>
/// All that a chunk of two contributions needs, piece by piece in the first-level cache: the arrived one is measured, the mean is
/// taken, hashed and written. One reading of memory and one writing, where a pass for each would be four.
/// </summary>
internal static class PairMean
{
    /// <summary>8 KiB of numbers: three such pieces fit a first-level cache. A multiple of every block and of the lanes of sums and hash.</summary>
    private const int Piece = 2048;

    /// <summary>Takes the mean.</summary>
    /// <param name="format">The format of both.</param>
    /// <param name="firstWeight">Weight of the first island's.</param>
    /// <param name="first">The first island's chunk, encoded.</param>
    /// <param name="secondWeight">Weight of the second island's.</param>
    /// <param name="second">The second island's chunk, encoded.</param>
    /// <param name="firstArrived">Which of them arrived.</param>
    /// <param name="mean">Where the mean is written.</param>
    /// <returns>
    /// What the arrived chunk's numbers are, those of the own one in single precision (of another format, nothing), and the hash of the mean: those of
    /// <see cref="INumberFormat.MeasureEncoded"/> and <see cref="ChunkHash.Of(ReadOnlySpan{byte})"/>.
    /// </returns>
    public static (HeaderNumbers Arrived, HeaderNumbers Own, ulong Hash) Take(
        INumberFormat format, float firstWeight, ReadOnlySpan<byte> first, float secondWeight, ReadOnlySpan<byte> second, bool firstArrived, Span<float> mean)
    {
        var (firstNumbers, secondNumbers) = (new HeaderSum(VectorWidths.Widest), new HeaderSum(VectorWidths.Widest));
        var hash = ChunkHash.Begin();
        if (format.Format == NumberFormat.Fp32)
        {
            var taken = PairMeanFp32.Take(
                firstWeight, MemoryMarshal.Cast<byte, float>(first), secondWeight, MemoryMarshal.Cast<byte, float>(second), mean, ref firstNumbers, ref secondNumbers, ref hash);
            first = first[(taken * sizeof(float))..];
            second = second[(taken * sizeof(float))..];
            mean = mean[taken..];
        }

        Span<float> piece = stackalloc float[Piece];
        while (!mean.IsEmpty)
        {
            var count = Math.Min(Piece, mean.Length);
            var bytes = format.EncodedBytes(count);
            if (firstArrived || format.Format == NumberFormat.Fp32)
            {
                Measure(format, first[..bytes], piece[..count], ref firstNumbers);
            }

            if (!firstArrived || format.Format == NumberFormat.Fp32)
            {
                Measure(format, second[..bytes], piece[..count], ref secondNumbers);
            }

            format.Mean(firstWeight, first[..bytes], secondWeight, second[..bytes], piece[..count]);
            hash.Append(MemoryMarshal.AsBytes(piece[..count]));
            piece[..count].CopyTo(mean);
            first = first[bytes..];
            second = second[bytes..];
            mean = mean[count..];
        }

        var (one, two) = (firstNumbers.Total(), secondNumbers.Total());
        return (firstArrived ? one : two, firstArrived ? two : one, hash.Finish());
    }

    private static void Measure(INumberFormat format, ReadOnlySpan<byte> encoded, Span<float> decoded, ref HeaderSum numbers)
    {
        if (format.Format == NumberFormat.Fp32)
        {
            numbers.Add(MemoryMarshal.Cast<byte, float>(encoded));
            return;
        }

        format.Decode(encoded, decoded);
        numbers.Add(decoded);
    }
}
