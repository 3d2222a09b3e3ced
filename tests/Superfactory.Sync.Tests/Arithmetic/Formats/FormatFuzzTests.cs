using System.Diagnostics;
using System.Security.Cryptography;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Arithmetic;
using Superfactory.Sync.Arithmetic.Formats;

namespace Superfactory.Sync.Tests.Arithmetic.Formats;

/// <summary>Formats on bytes and numbers of any kind, from a new seed each run. SUPERFACTORY_FUZZ_SEED repeats a run.</summary>
public class FormatFuzzTests(ITestOutputHelper output)
{
    private const int LengthMax = 2000;

    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(1.5);

    [Theory]
    [InlineData(NumberFormat.Fp32)]
    [InlineData(NumberFormat.Bf16)]
    [InlineData(NumberFormat.Int8)]
    [InlineData(NumberFormat.E3m0)]
    public void Any_bytes_are_read_without_an_exception_and_blocks_give_finite_numbers(NumberFormat kind) => Fuzz((random, what) =>
    {
        var format = NumberFormats.Get(kind);
        var count = random.Next(LengthMax);
        var (first, second) = (new byte[format.EncodedBytes(count)], new byte[format.EncodedBytes(count)]);
        random.NextBytes(first);
        random.NextBytes(second);
        var (decoded, mean) = (new float[count], new float[count]);
        format.Decode(first, decoded);
        format.Mean(0.5f, first, 0.5f, second, mean);
        format.AdvanceResidual(decoded, first, mean);
        var measured = format.MeasureEncoded(first, count);
        measured.NonFinite.ShouldBe(VectorMath.CountNonFinite(decoded), what);
        if (format.BlockLength > 1)
        {
            measured.NonFinite.ShouldBe(0, what);
            double.IsFinite(measured.SquaredNorm).ShouldBeTrue(what);
        }
    });

    [Theory]
    [InlineData(NumberFormat.Bf16)]
    [InlineData(NumberFormat.Int8)]
    [InlineData(NumberFormat.E3m0)]
    public void Any_numbers_give_the_same_bytes_at_every_width(NumberFormat kind) => Fuzz((random, what) =>
    {
        var bits = new byte[random.Next(LengthMax) * sizeof(float)];
        random.NextBytes(bits);
        var values = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(bits).ToArray();

        // Numbers of any bits are mostly far apart: half of the runs have those of one size, so that every code occurs.
        if (random.Next(2) == 0)
        {
            var scale = MathF.ScaleB(1, random.Next(-149, 127));
            values = Array.ConvertAll(values, value => float.IsFinite(value) ? MathF.ScaleB(value, -MathF.ILogB(value) + random.Next(-9, 1)) * scale : value);
        }

        var expected = Encoded(kind, values, VectorWidth.Scalar);
        foreach (var width in Enum.GetValues<VectorWidth>().Where(width => width <= VectorWidths.Widest))
        {
            Encoded(kind, values, width).AsSpan().SequenceEqual(expected).ShouldBeTrue($"{width}, {what}");
        }
    });

    private static byte[] Encoded(NumberFormat kind, float[] values, VectorWidth width)
    {
        var encoded = new byte[NumberFormats.Get(kind).EncodedBytes(values.Length)];
        switch (kind)
        {
            case NumberFormat.Bf16: new CodecFormat<Bf16Codec>().Encode(values, encoded, width); break;
            case NumberFormat.Int8: new CodecFormat<Int8Codec>().Encode(values, encoded, width); break;
            default: new CodecFormat<E3m0Codec>().Encode(values, encoded, width); break;
        }

        return encoded;
    }

    private void Fuzz(Action<Random, string> check)
    {
        var given = Environment.GetEnvironmentVariable("SUPERFACTORY_FUZZ_SEED");
        var seed = given is null ? RandomNumberGenerator.GetInt32(int.MaxValue) : int.Parse(given);
        output.WriteLine($"SUPERFACTORY_FUZZ_SEED={seed}");
        var random = new Random(seed);
        var watch = Stopwatch.StartNew();
        var runs = 0;
        for (; watch.Elapsed < _limit; runs++)
        {
            check(random, $"SUPERFACTORY_FUZZ_SEED={seed}, run {runs}");
        }

        output.WriteLine($"{runs} runs");
    }
}
