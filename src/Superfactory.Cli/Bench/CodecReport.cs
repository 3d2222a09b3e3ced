namespace Superfactory.Cli.Bench;

/// <summary>What <c>superfactory bench codec</c> measured, as its JSON file has it. Immutable.</summary>
internal sealed record CodecReport
{
    /// <summary>The size of the numbers in fp32, in MiB.</summary>
    public required long Mib { get; init; }

    /// <summary>How often each operation was timed, after one run that was not.</summary>
    public required int Repeat { get; init; }

    /// <summary>Threads that each operation, the memcpy too, was shared among.</summary>
    public required int Threads { get; init; }

    /// <summary>The widest vectors that the process has, in bits.</summary>
    public required int VectorBits { get; init; }

    /// <summary>Copying the numbers from one buffer to the other.</summary>
    public required CodecTiming Memcpy { get; init; }

    /// <summary>The operations of each format, by its name in job files.</summary>
    public required IReadOnlyDictionary<string, CodecFigures> Formats { get; init; }

    /// <summary>Where it was measured.</summary>
    public required Merge.MachineReport Machine { get; init; }
}

/// <summary>The operations of one format. Immutable.</summary>
internal sealed record CodecFigures
{
    /// <summary>Bits that a number takes on the wire, scales included.</summary>
    public required double BitsPerValue { get; init; }

    /// <summary>Numbers to bytes.</summary>
    public required CodecTiming Encode { get; init; }

    /// <summary>Bytes to numbers.</summary>
    public required CodecTiming Decode { get; init; }

    /// <summary>The weighted mean of two encoded contributions.</summary>
    public required CodecTiming Mean { get; init; }

    /// <summary>The numbers of a contribution's header, which writes nothing.</summary>
    public required CodecTiming Measure { get; init; }
}

/// <summary>How long an operation took over the repeats. Immutable.</summary>
internal sealed record CodecTiming
{
    /// <summary>The median.</summary>
    public required double SecondsMedian { get; init; }

    /// <summary>The shortest.</summary>
    public required double SecondsMin { get; init; }

    /// <summary>The longest.</summary>
    public required double SecondsMax { get; init; }

    /// <summary>Bytes of fp32 a second at the median, whatever the format.</summary>
    public required double BytesPerSecond { get; init; }

    /// <summary>The share of memcpy's bytes a second in the same run; 1 for memcpy itself.</summary>
    public required double OfMemcpy { get; init; }
}
