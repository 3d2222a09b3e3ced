using System.Runtime.InteropServices;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Arithmetic.Formats;
using Superfactory.Sync.Merging;
using Superfactory.Sync.Merging.Rounds;

namespace Superfactory.Sync.Tests.Merging;

/// <summary>Two contributions merged in one pass, against the passes that define it.</summary>
public sealed class PairMeanTests
{
    private const int LengthMax = 49_152;

    /// <summary>Places of the mean in memory, in numbers from a line's beginning: only the first lets stores go past the cache.</summary>
    public static TheoryData<NumberFormat, bool, int> Cases()
    {
        var cases = new TheoryData<NumberFormat, bool, int>();
        foreach (var format in Enum.GetValues<NumberFormat>())
        {
            foreach (var firstArrived in new[] { true, false })
            {
                cases.Add(format, firstArrived, 0);
                cases.Add(format, firstArrived, 3);
            }
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void One_pass_gives_what_separate_passes_give_to_the_bit(NumberFormat name, bool firstArrived, int place)
    {
        var seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper!.WriteLine($"Seed {seed}.");
        var random = new Random(seed);
        var format = NumberFormats.Get(name);
        int[] lengths = [1, 15, 16, 17, 63, 64, 65, 127, 2047, 2048, 2049, 4096 + 64 + 5, LengthMax];
        foreach (var length in lengths)
        {
            foreach (var odd in new[] { 0f, float.NaN, float.PositiveInfinity })
            {
                var (first, second) = (Encoded(format, random, length, firstArrived ? odd : 0), Encoded(format, random, length, firstArrived ? 0 : odd));
                Check(format, first, second, firstArrived, length, place);
            }
        }
    }

    private static void Check(INumberFormat format, byte[] first, byte[] second, bool firstArrived, int length, int place)
    {
        var mean = new float[length];
        format.Mean(0.25f, first, 0.75f, second, mean);
        var numbers = format.MeasureEncoded(firstArrived ? first : second, length);

        var memory = GC.AllocateArray<float>(length + 32, pinned: true);
        var line = (int)((64 - (Marshal.UnsafeAddrOfPinnedArrayElement(memory, 0) % 64)) % 64) / sizeof(float);
        var to = memory.AsSpan(line + place, length);
        var (arrived, own, hash) = PairMean.Take(format, 0.25f, first, 0.75f, second, firstArrived, to);

        arrived.ShouldBe(numbers);
        own.ShouldBe(format.Format == NumberFormat.Fp32 ? format.MeasureEncoded(firstArrived ? second : first, length) : default);
        hash.ShouldBe(ChunkHash.Of(MemoryMarshal.AsBytes(mean.AsSpan())));
        MemoryMarshal.AsBytes(to).SequenceEqual(MemoryMarshal.AsBytes(mean.AsSpan())).ShouldBeTrue();
    }

    private static byte[] Encoded(INumberFormat format, Random random, int length, float odd)
    {
        var numbers = new float[length];
        for (var index = 0; index < length; index++)
        {
            numbers[index] = (random.NextSingle() - 0.5f) * MathF.Pow(2, random.Next(-20, 20));
        }

        if (odd != 0)
        {
            numbers[random.Next(length)] = odd;
        }

        var bytes = new byte[format.EncodedBytes(length)];
        format.Encode(numbers, bytes);
        return bytes;
    }
}
