using System.Text.Json.Serialization;
using Superfactory.Model.Units;

namespace Superfactory.Model.Jobs;

/// <summary>What a job sends between its islands, which is reserved for it before it starts. Immutable.</summary>
public sealed record WanSpecification
{
    /// <summary>The sustained rate from each island to each other one. Null where it is still to be computed, at submission, from <see cref="Parameters"/> and <see cref="Step"/>.</summary>
    [JsonConverter(typeof(BandwidthText))]
    public Bandwidth? Rate { get; init; }

    /// <summary>Merged parameters in millions, each 4 bytes in fp32; null where the rate was said.</summary>
    public double? Parameters { get; init; }

    /// <summary>Seconds of a step on the slowest island without any merge; null where the rate was said.</summary>
    public double? Step { get; init; }

    /// <summary>The rate in bytes per second, rounded up; 0 where there is none yet.</summary>
    [JsonIgnore]
    public long BytesPerSecond => Rate is { } rate ? (rate.BitsPerSecond + 7) / 8 : 0;
}
