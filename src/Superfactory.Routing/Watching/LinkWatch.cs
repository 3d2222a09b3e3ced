using System.Collections.Immutable;
using System.Globalization;
using Superfactory.Model.Agents;
using Superfactory.Routing.Grants;

namespace Superfactory.Routing.Watching;

/// <summary>
/// Finds from what gateways report which links are cut, and which carry less than they are declared to. A link is judged only while the gateways at both its ends are heard: a
/// site that is away is no link that is cut. Pure; not thread-safe.
/// </summary>
public sealed class LinkWatch
{
    private readonly SortedDictionary<string, Watched> _links = new(StringComparer.Ordinal);
    private long? _lookedAt;

    /// <summary>Looks at all links.</summary>
    /// <param name="links">The links, each with what was found of it last.</param>
    /// <param name="sites">What the gateways of the sites that are heard said last.</param>
    /// <param name="now">The time in milliseconds, by a clock that nobody sets.</param>
    /// <returns>What is found now and was not before.</returns>
    public LinkLook Look(ImmutableArray<WatchedLink> links, ImmutableArray<SiteLinks> sites, long now)
    {
        var passed = Math.Clamp(now - (_lookedAt ?? now), 0, WatchLimits.StepMillisecondsMax);
        _lookedAt = now;
        var reports = new Dictionary<(string From, string To), LinkReport>();
        foreach (var site in sites)
        {
            foreach (var report in site.Links.IsDefault ? [] : site.Links)
            {
                reports.TryAdd((site.Site, report.Peer), report);
            }
        }

        var findings = ImmutableArray.CreateBuilder<LinkFinding>();
        var faults = ImmutableArray.CreateBuilder<LinkFault>();
        foreach (var gone in _links.Keys.Except(links.Select(static link => $"{link.A}\n{link.B}"), StringComparer.Ordinal).ToArray())
        {
            _links.Remove(gone);
        }

        foreach (var link in links)
        {
            var name = $"{link.A}\n{link.B}";
            if (!_links.TryGetValue(name, out var watched))
            {
                _links[name] = watched = new Watched(link);
            }

            if (!reports.TryGetValue((link.A, link.B), out var there) || !reports.TryGetValue((link.B, link.A), out var back))
            {
                watched.Lose();
            }
            else
            {
                try
                {
                    if (watched.Look(link, there, back, passed) is { } finding)
                    {
                        findings.Add(finding);
                    }
                }
                catch (Exception exception)
                {
                    // A bug, or a report that nobody thought of: this link is looked at anew, and all others are judged.
                    _links.Remove(name);
                    faults.Add(new LinkFault(link.A, link.B, exception));
                }
            }
        }

        return new LinkLook(findings.ToImmutable(), faults.ToImmutable());
    }

    private sealed class Watched
    {
        private readonly RateWatch _there = new();
        private readonly RateWatch _back = new();
        private long _down;
        private long _up;
        private int _cuts;

        public Watched(WatchedLink link)
        {
            // What was found before this process began is gone by until something else is.
            _there.Found = _back.Found = link.Found is > 0 ? link.Found : null;
            _cuts = link.Found == 0 ? 1 : 0;
        }

        public void Lose()
        {
            (_down, _up) = (0, 0);
            _there.Forget();
            _back.Forget();
        }

        public LinkFinding? Look(WatchedLink link, LinkReport there, LinkReport back, long passed)
        {
            var isDown = !there.Connected || !back.Connected;
            (_down, _up) = isDown ? (_down + passed, 0L) : (0L, _up + passed);
            if (isDown)
            {
                _there.Begin();
                _back.Begin();
                return link.Found != 0 && _down >= WatchLimits.CutMilliseconds ? Cut(link, there, back) : null;
            }

            _there.Look(there, passed, link.BitsPerSecond);
            _back.Look(back, passed, link.BitsPerSecond);
            _cuts = _up >= WatchLimits.TrustedMilliseconds ? 0 : _cuts;
            if (link.Found == 0 && _up < RestoredAfter)
            {
                return null;
            }

            var found = Math.Min(_there.Found ?? link.BitsPerSecond, _back.Found ?? link.BitsPerSecond) is var least && least < link.BitsPerSecond ? least : (long?)null;
            return found == link.Found ? null : new LinkFinding(link.A, link.B, found, Reason(link, found));
        }

        private long RestoredAfter => (long)WatchLimits.RestoredMilliseconds << Math.Clamp(_cuts - 1, 0, WatchLimits.DoublingsMax);

        private LinkFinding Cut(WatchedLink link, LinkReport there, LinkReport back)
        {
            _cuts++;
            var who = there.Connected ? $"The gateway of {link.B} has had no connection to {link.A}"
                : back.Connected ? $"The gateway of {link.A} has had no connection to {link.B}" : "The gateways at both its ends have had no connection";
            return new LinkFinding(link.A, link.B, 0, $"{who} for {Seconds(_down)} s.");
        }

        private string Reason(WatchedLink link, long? found) =>
            link.Found == 0 ? $"The gateways at both its ends have had a connection for {Seconds(_up)} s."
            : found is not null ? $"The gateways at its ends measured no more in {Seconds(WatchLimits.FullMilliseconds)} s in which it was full."
            : "Nothing that the gateways at its ends measure speaks against what it is declared to carry any more.";

        private static string Seconds(long milliseconds) => (milliseconds / 1000).ToString(CultureInfo.InvariantCulture);
    }
}
