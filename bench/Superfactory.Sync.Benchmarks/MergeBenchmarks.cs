using BenchmarkDotNet.Attributes;
using Superfactory.Model.Jobs;

namespace Superfactory.Sync.Benchmarks;

/// <summary>One merge of 16 MiB of fp32 gradients among islands in memory, in one thread: the work of all islands together.</summary>
public class MergeBenchmarks
{
    private const int Count = (16 << 20) / sizeof(float);

    private readonly float[] _source = new float[Count];
    private readonly float[] _destination = new float[Count];
    private MemoryRun? _run;

    /// <summary>How many merge.</summary>
    [Params(2, 4)]
    public int Islands { get; set; }

    /// <summary>How contributions travel; means among four do as bf16, with fp32 as fp32.</summary>
    [ParamsAllValues]
    public NumberFormat Format { get; set; }

    /// <summary>Brings the islands to their first step, and merges once.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _run = new MemoryRun(Islands, Count, Format, Format == NumberFormat.Fp32 ? NumberFormat.Fp32 : NumberFormat.Bf16);
        _run.Merge();
    }

    /// <summary>The yardstick: the gradients copied once.</summary>
    [Benchmark(Baseline = true)]
    public void Memcpy() => _source.CopyTo(_destination, 0);

    /// <summary>A merge, from the contributions to the mean in every island's buffer.</summary>
    [Benchmark]
    public void Merge() => _run!.Merge();
}
