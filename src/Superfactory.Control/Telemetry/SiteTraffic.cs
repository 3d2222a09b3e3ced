using System.Collections.Immutable;
using Superfactory.Model.Agents;

namespace Superfactory.Control.Telemetry;

/// <summary>
/// What a site's gateway sent and received, as one count that only rises although each process of the agent, and each link that is
/// made anew, counts from zero. Immutable.
/// </summary>
internal sealed record SiteTraffic
{
    /// <summary>The agent's session that <see cref="Links"/> come from.</summary>
    public string Session { get; init; } = string.Empty;

    /// <summary>What earlier counters had come to.</summary>
    public WanBytes Before { get; init; }

    /// <summary>The present counters by peer.</summary>
    public ImmutableSortedDictionary<string, WanBytes> Links { get; init; }
        = ImmutableSortedDictionary.Create<string, WanBytes>(StringComparer.Ordinal);

    public WanBytes Total() => Links.Values.Aggregate(Before, static (sum, link) => sum + link);

    /// <summary>Takes a report's counters.</summary>
    public SiteTraffic With(string session, ImmutableArray<LinkReport> reports)
    {
        var before = Before;
        var links = Links.WithComparers(StringComparer.Ordinal);
        if (!string.Equals(session, Session, StringComparison.Ordinal))
        {
            before = Total();
            links = links.Clear();
        }

        foreach (var report in reports)
        {
            var bytes = new WanBytes(report.BytesSent, report.BytesReceived);
            if (links.TryGetValue(report.Peer, out var last) && (bytes.Sent < last.Sent || bytes.Received < last.Received))
            {
                before += last;
            }

            links = links.SetItem(report.Peer, bytes);
        }

        return new SiteTraffic { Session = session, Before = before, Links = links };
    }
}

/// <summary>Bytes at a gateway's sockets, 0 or more. What agents say may come to more than can be counted; a sum is then the most that can.</summary>
/// <param name="Sent">To other sites.</param>
/// <param name="Received">From other sites.</param>
internal readonly record struct WanBytes(long Sent, long Received)
{
    public static WanBytes operator +(WanBytes one, WanBytes other) => new(Sum(one.Sent, other.Sent), Sum(one.Received, other.Received));

    public static WanBytes operator -(WanBytes one, WanBytes other) => new(one.Sent - other.Sent, one.Received - other.Received);

    private static long Sum(long one, long other) => one > long.MaxValue - other ? long.MaxValue : one + other;
}
