using BenchmarkDotNet.Attributes;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Arithmetic;
using Superfactory.Sync.Arithmetic.Formats;

namespace Superfactory.Sync.Benchmarks;

/// <summary>
/// Every pass of every number format over a chunk of a merge: 1 MiB of fp32, which a processor's second-level cache holds in part.
/// <c>superfactory bench codec</c> measures buffers that no cache holds.
/// </summary>
public class FormatBenchmarks
{
    private const int Count = (1 << 20) / sizeof(float);
    private const int Seed = 20260101;

    private readonly float[] _source = new float[Count];
    private readonly float[] _destination = new float[Count];
    private readonly float[] _residual = new float[Count];
    private INumberFormat _format = NumberFormats.Get(NumberFormat.Fp32);
    private byte[] _first = [];
    private byte[] _second = [];

    /// <summary>The format.</summary>
    [ParamsAllValues]
    public NumberFormat Format { get; set; }

    /// <summary>Seeded numbers between −1 and 1.</summary>
    [GlobalSetup]
    public void Setup()
    {
        var random = new Random(Seed);
        foreach (ref var value in _source.AsSpan())
        {
            value = (random.NextSingle() * 2) - 1;
        }

        _format = NumberFormats.Get(Format);
        _first = new byte[_format.EncodedBytes(Count)];
        _second = new byte[_first.Length];
        _format.Encode(_source, _first);
        _format.Encode(_source, _second);
    }

    /// <summary>The yardstick: the numbers copied as they are.</summary>
    [Benchmark(Baseline = true)]
    public void Memcpy() => _source.CopyTo(_destination, 0);

    /// <summary>Numbers to bytes.</summary>
    [Benchmark]
    public void Encode() => _format.Encode(_source, _first);

    /// <summary>Numbers and a residual to bytes.</summary>
    [Benchmark]
    public void EncodeSum() => _format.EncodeSum(_source, _residual, _first);

    /// <summary>Bytes to numbers.</summary>
    [Benchmark]
    public void Decode() => _format.Decode(_first, _destination);

    /// <summary>Bytes added to a weighted sum.</summary>
    [Benchmark]
    public void DecodeAccumulate() => _format.DecodeAccumulate(0.5f, _first, _destination);

    /// <summary>The weighted mean of two.</summary>
    [Benchmark]
    public void Mean() => _format.Mean(0.25f, _first, 0.75f, _second, _destination);

    /// <summary>The header's numbers.</summary>
    [Benchmark]
    public HeaderNumbers Measure() => _format.Measure(_source);

    /// <summary>The header's numbers from the bytes.</summary>
    [Benchmark]
    public HeaderNumbers MeasureEncoded() => _format.MeasureEncoded(_first, Count);

    /// <summary>What encoding lost.</summary>
    [Benchmark]
    public void AdvanceResidual() => _format.AdvanceResidual(_source, _first, _residual);
}

/// <summary>The arithmetic beside the formats, on the same chunk.</summary>
public class ArithmeticBenchmarks
{
    private const int Count = (1 << 20) / sizeof(float);

    private readonly float[] _source = new float[Count];
    private readonly float[] _destination = new float[Count];
    private readonly float[] _momentum = new float[Count];

    /// <summary>The yardstick.</summary>
    [Benchmark(Baseline = true)]
    public void Memcpy() => _source.CopyTo(_destination, 0);

    /// <summary>An outer gradient.</summary>
    [Benchmark]
    public void Subtract() => VectorMath.Subtract(_source, _momentum, _destination);

    /// <summary>An outer step.</summary>
    [Benchmark]
    public void NesterovStep() => VectorMath.NesterovStep(_destination, _momentum, _source, 0.9f, 0.6f);

    /// <summary>The squared norm.</summary>
    [Benchmark]
    public double SumOfSquares() => VectorMath.SumOfSquares(_source);
}
