using Superfactory.Cli.Bench.Merge;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Arithmetic;
using Superfactory.Sync.Arithmetic.Formats;

namespace Superfactory.Cli.Bench;

/// <summary>Times every operation of every number format, and memcpy, on the same buffers in turn. Not safe for concurrent use.</summary>
internal sealed class CodecBench : IDisposable
{
    private const int ValuesPerMib = (1 << 20) / sizeof(float);
    private const long Seed = 20260101;

    private readonly int _mib;
    private readonly int _repeat;
    private readonly TimeProvider _time;
    private readonly MachineReport _machine = Machine.Describe();
    private readonly Gang _gang;
    private readonly float[] _source;
    private readonly float[] _destination;
    private readonly byte[] _first;
    private readonly byte[] _second;

    /// <summary>Fills the buffers with seeded normal numbers.</summary>
    public CodecBench(int mib, int repeat, int threads, TimeProvider time)
    {
        (_mib, _repeat, _time) = (mib, repeat, time);
        _gang = new Gang(threads);
        _source = GC.AllocateUninitializedArray<float>(mib * ValuesPerMib, pinned: true);
        _destination = GC.AllocateUninitializedArray<float>(_source.Length, pinned: true);
        _first = GC.AllocateUninitializedArray<byte>(_source.Length * sizeof(float), pinned: true);
        _second = GC.AllocateUninitializedArray<byte>(_first.Length, pinned: true);
        SeededNormals.Fill(_source, Seed, island: 0, merge: 0);
        Array.Clear(_destination);
        Array.Clear(_first);
        Array.Clear(_second);
    }

    /// <summary>Memory that the buffers of so many MiB take.</summary>
    public static long Bytes(int mib) => 4L * mib << 20;

    /// <summary>Times everything.</summary>
    public CodecReport Run(CancellationToken cancellation)
    {
        var operations = Operations();
        var seconds = operations.Select(_ => new double[_repeat]).ToArray();

        // Round after round, so that what disturbs the machine disturbs every operation alike; the first warms up.
        for (var round = -1; round < _repeat; round++)
        {
            for (var operation = 0; operation < operations.Count; operation++)
            {
                cancellation.ThrowIfCancellationRequested();
                var began = _time.GetTimestamp();
                operations[operation].Invoke();
                var took = _time.GetElapsedTime(began).TotalSeconds;
                if (round >= 0)
                {
                    seconds[operation][round] = took;
                }
            }
        }

        return Report(seconds);
    }

    /// <inheritdoc/>
    public void Dispose() => _gang.Dispose();

    // memcpy, then encode, decode, mean and measure of each format: encode leaves the bytes that the others read.
    private List<Action> Operations()
    {
        var operations = new List<Action>
        {
            () => _gang.Run(_source.Length, (start, count) => _source.AsSpan(start, count).CopyTo(_destination.AsSpan(start))),
        };
        foreach (var kind in Enum.GetValues<NumberFormat>())
        {
            var format = NumberFormats.Get(kind);
            operations.Add(() => _gang.Run(_source.Length, (start, count) =>
                format.Encode(_source.AsSpan(start, count), Encoded(_first, format, start, count))));
            operations.Add(() => _gang.Run(_source.Length, (start, count) =>
                format.Decode(Encoded(_first, format, start, count), _destination.AsSpan(start, count))));
            operations.Add(() => _gang.Run(_source.Length, (start, count) =>
                format.Mean(0.25f, Encoded(_first, format, start, count), 0.75f, Encoded(_second, format, start, count), _destination.AsSpan(start, count))));
            operations.Add(() => _gang.Run(_source.Length, (start, count) => format.Measure(_source.AsSpan(start, count))));
        }

        return operations;
    }

    private static Span<byte> Encoded(byte[] buffer, INumberFormat format, int start, int count) =>
        buffer.AsSpan(format.EncodedBytes(start), format.EncodedBytes(count));

    private CodecReport Report(double[][] seconds)
    {
        var memcpy = Timing(seconds[0], Median(seconds[0]));
        var formats = new Dictionary<string, CodecFigures>(StringComparer.Ordinal);
        var next = 1;
        foreach (var kind in Enum.GetValues<NumberFormat>())
        {
            formats[System.Text.Json.JsonNamingPolicy.KebabCaseLower.ConvertName(kind.ToString())] = new CodecFigures
            {
                BitsPerValue = NumberFormats.Get(kind).EncodedBytes(_source.Length) * 8.0 / _source.Length,
                Encode = Timing(seconds[next], memcpy.SecondsMedian),
                Decode = Timing(seconds[next + 1], memcpy.SecondsMedian),
                Mean = Timing(seconds[next + 2], memcpy.SecondsMedian),
                Measure = Timing(seconds[next + 3], memcpy.SecondsMedian),
            };
            next += 4;
        }

        return new CodecReport
        {
            Mib = _mib, Repeat = _repeat, Threads = _gang.Threads, VectorBits = VectorMath.WidestVectorBits, Memcpy = memcpy, Formats = formats,
            Machine = _machine,
        };
    }

    private CodecTiming Timing(double[] seconds, double memcpyMedian)
    {
        var median = Median(seconds);
        return new CodecTiming
        {
            SecondsMedian = median,
            SecondsMin = seconds.Min(),
            SecondsMax = seconds.Max(),
            BytesPerSecond = _source.Length * (double)sizeof(float) / median,
            OfMemcpy = memcpyMedian / median,
        };
    }

    private static double Median(double[] seconds)
    {
        var ordered = seconds.Order().ToArray();
        return (ordered[(ordered.Length - 1) / 2] + ordered[ordered.Length / 2]) / 2;
    }
}
