using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Arithmetic;
using Superfactory.Sync.Arithmetic.Formats;

namespace Superfactory.Sync.WidthProbe;

/// <summary>Prints the vector width of this process and a SHA-256 over the results of every operation on seeded data.</summary>
internal static class Program
{
    private const ulong Seed = 20260101;

    // Lengths on both sides of every multiple of a vector, and one that is long.
    private const int ShortLengthsEnd = 70;
    private const int LongLength = 100_003;
    private const int BlockLength = 64;

    private static int Main()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var numbers = new SeededNumbers(Seed);
        for (var length = 0; length <= ShortLengthsEnd; length++)
        {
            Compute(hash, numbers.Ordinary, length);
            Compute(hash, numbers.AnyButNaN, length);
        }

        for (var exponent = -149; exponent < 128; exponent++)
        {
            // Blocks of every scale that there is, those included whose limits between codes are denormal.
            var scale = MathF.ScaleB(1, exponent);
            Compute(hash, count => Array.ConvertAll(numbers.Ordinary(count), value => value * scale), BlockLength);
        }

        Compute(hash, numbers.Ordinary, LongLength);
        Compute(hash, numbers.AnyButNaN, LongLength);
        Console.WriteLine($"width {VectorMath.WidestVectorBits}");
        Console.WriteLine($"sha256 {Convert.ToHexStringLower(hash.GetHashAndReset())}");
        return 0;
    }

    private static void Compute(IncrementalHash hash, Func<int, float[]> draw, int length)
    {
        var left = draw(length);
        var right = draw(length);
        var result = new float[length];
        VectorMath.Subtract(left, right, result);
        Add(hash, result);
        VectorMath.Scale(0.3f, left, result);
        Add(hash, result);
        VectorMath.MultiplyAccumulate(0.7f, right, result);
        Add(hash, result);

        var parameters = draw(length);
        var momentum = draw(length);
        VectorMath.NesterovStep(parameters, momentum, right, 0.9f, 0.6f);
        Add(hash, parameters);
        Add(hash, momentum);

        hash.AppendData(BitConverter.GetBytes(VectorMath.CountNonFinite(left)));
        var squares = VectorMath.SumOfSquares(left);
        hash.AppendData(BitConverter.GetBytes(double.IsNaN(squares) ? double.NaN : squares));
        foreach (var kind in Enum.GetValues<NumberFormat>())
        {
            var format = NumberFormats.Get(kind);
            var encoded = new byte[format.EncodedBytes(length)];
            format.Encode(left, encoded);
            hash.AppendData(encoded);
            format.Decode(encoded, result);
            Add(hash, result);
            format.DecodeAccumulate(0.5f, encoded, result);
            Add(hash, result);
            Add(hash, format.Measure(left));
            Add(hash, format.MeasureSum(left, right));
            Add(hash, format.MeasureEncoded(encoded, length));

            var other = new byte[encoded.Length];
            format.EncodeSum(right, result, other);
            hash.AppendData(other);
            format.AdvanceResidual(right, other, result);
            Add(hash, result);
            format.Mean(0.3f, encoded, 0.7f, other, result);
            Add(hash, result);
        }
    }

    private static void Add(IncrementalHash hash, HeaderNumbers numbers)
    {
        hash.AppendData(BitConverter.GetBytes(numbers.SquaredNorm));
        hash.AppendData(BitConverter.GetBytes(numbers.NonFinite));
    }

    // Which NaN an operation on two NaNs gives is not promised; that it gives one is.
    private static void Add(IncrementalHash hash, float[] values)
    {
        var canonical = Array.ConvertAll(values, value => float.IsNaN(value) ? float.NaN : value);
        hash.AppendData(MemoryMarshal.AsBytes<float>(canonical));
    }
}
