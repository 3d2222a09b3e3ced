using System.Text.Json;
using Superfactory.Model;
using Superfactory.Model.Agents;
using Superfactory.Model.Views;

namespace Superfactory.Control.Events;

/// <summary>One event of the live stream, already written as JSON so that many subscribers share the work. Immutable.</summary>
/// <param name="Kind">job, site, log or measurement.</param>
/// <param name="Job">The job that it is about; null for a site.</param>
/// <param name="Data">One line of JSON.</param>
internal sealed record FactoryEvent(string Kind, long? Job, string Data)
{
    public static FactoryEvent Of(JobView job) => new("job", job.Id, Write(job));

    public static FactoryEvent Of(SiteView site) => new("site", null, Write(site));

    public static FactoryEvent Of(LogLine line) => new("log", line.Job, Write(line));

    public static FactoryEvent Of(Measurement measurement) => new("measurement", measurement.Job, Write(measurement));

    private static string Write<T>(T value) => JsonSerializer.Serialize(value, FactoryJson.Options);
}
