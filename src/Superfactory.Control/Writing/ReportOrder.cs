using System.Collections.Concurrent;
using Superfactory.Model.Agents;

namespace Superfactory.Control.Writing;

/// <summary>
/// Tells reports that come behind a newer one: a request that its agent gave up, while this process was paused for one, may be read after those
/// that followed it. Safe to use from any thread.
/// </summary>
internal sealed class ReportOrder
{
    private readonly ConcurrentDictionary<string, (string Session, long Number)> _newest = new(StringComparer.Ordinal);

    /// <summary>An agent begins: one that takes over the session of another that died counts its reports from 1 again.</summary>
    public void Begin(string site) => _newest.TryRemove(site, out _);

    /// <summary>Whether a newer report of the same session was taken; a report without a number is never late.</summary>
    public bool IsLate(string site, AgentReport report)
    {
        if (report.Number == 0)
        {
            return false;
        }

        var newest = _newest.AddOrUpdate(
            site,
            static (_, report) => (report.Session, report.Number),
            static (_, known, report) => known.Session == report.Session ? (known.Session, Math.Max(known.Number, report.Number)) : (report.Session, report.Number),
            report);
        return newest.Number > report.Number;
    }
}
