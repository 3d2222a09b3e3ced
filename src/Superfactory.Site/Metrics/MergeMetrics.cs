using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using System.Globalization;
using Superfactory.Model.Agents;

namespace Superfactory.Site.Metrics;

/// <summary>
/// What the bridges of a site's gangs refused of others, as an instrument of the meter <see cref="MeterName"/>, tagged with <c>site</c> and
/// <c>job</c>. It is read when somebody asks, and costs nothing otherwise. Thread-safe.
/// </summary>
public sealed class MergeMetrics : IDisposable
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "Superfactory.Merge";

    private readonly Meter _meter = new(MeterName);

    /// <summary>Makes the instrument.</summary>
    /// <param name="site">The site.</param>
    /// <param name="gangs">How each gang is now.</param>
    public MergeMetrics(string site, Func<ImmutableArray<GangReport>> gangs) => _meter.CreateObservableCounter(
        "superfactory.merge.peer_faults",
        () => gangs().Where(static gang => gang.Progress is not null).Select(gang => new Measurement<long>(
            gang.Progress!.PeerFaults,
            new KeyValuePair<string, object?>("site", site),
            new KeyValuePair<string, object?>("job", gang.Job.ToString(CultureInfo.InvariantCulture)))),
        "{fault}",
        "Messages and connections of other islands that the bridge refused because they break the protocol.");

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();
}
