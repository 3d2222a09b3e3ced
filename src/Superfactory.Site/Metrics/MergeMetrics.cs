using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using System.Globalization;
using Superfactory.Model.Agents;

namespace Superfactory.Site.Metrics;

/// <summary>
/// What the bridges of a site's gangs refused of others, as instruments of the meter <see cref="MeterName"/>, tagged with <c>site</c> and
/// <c>job</c>. They are read when somebody asks, and cost nothing otherwise. Thread-safe.
/// </summary>
public sealed class MergeMetrics : IDisposable
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "Superfactory.Merge";

    private readonly Meter _meter = new(MeterName);

    /// <summary>Makes the instruments.</summary>
    /// <param name="site">The site.</param>
    /// <param name="gangs">How each gang is now.</param>
    public MergeMetrics(string site, Func<ImmutableArray<GangReport>> gangs)
    {
        _meter.CreateObservableCounter(
            "superfactory.merge.peer_faults",
            () => gangs().Where(static gang => gang.Progress is not null).Select(gang => new Measurement<long>(gang.Progress!.PeerFaults, Site(site), Job(gang))),
            "{fault}",
            "Messages and connections of other islands that the bridge refused because they break the protocol.");
        _meter.CreateObservableCounter(
            "superfactory.merge.contributions_refused",
            () => gangs().Where(static gang => gang.Progress is not null).SelectMany(gang => gang.Progress!.RefusalCounts.Select(count => new Measurement<long>(
                count.Count, Site(site), Job(gang), new KeyValuePair<string, object?>("island", count.Island)))),
            "{contribution}",
            "Contributions of an island that the bridge saw refused for what they were.");
    }

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    private static KeyValuePair<string, object?> Site(string site) => new("site", site);

    private static KeyValuePair<string, object?> Job(GangReport gang) => new("job", gang.Job.ToString(CultureInfo.InvariantCulture));
}
