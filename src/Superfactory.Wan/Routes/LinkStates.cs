using System.Collections.Immutable;
using Superfactory.Wan.Frames;

namespace Superfactory.Wan.Routes;

/// <summary>What every gateway last said of its links. A link between others counts where both of its ends say that it is up. Pure; not thread-safe.</summary>
internal sealed class LinkStates
{
    /// <summary>What one site said.</summary>
    private readonly SortedDictionary<string, LinkStatePayload> _states = new(StringComparer.Ordinal);

    /// <summary>What is known, by site.</summary>
    public IEnumerable<LinkStatePayload> All => _states.Values;

    /// <summary>What a site said last; null where it said nothing.</summary>
    public LinkStatePayload? Of(string site) => _states.GetValueOrDefault(site);

    /// <summary>Takes note of what a site says.</summary>
    /// <returns>Whether it is news.</returns>
    public bool Accept(LinkStatePayload state)
    {
        if (_states.TryGetValue(state.Site, out var known) && known.Version >= state.Version)
        {
            return false;
        }

        _states[state.Site] = state;
        return true;
    }

    /// <summary>Forgets sites that are none of this fleet any more.</summary>
    public void Keep(Func<string, bool> isKnown)
    {
        foreach (var site in _states.Keys.Where(site => !isKnown(site)).ToArray())
        {
            _states.Remove(site);
        }
    }

    /// <summary>Whether both ends of a link say that it is up.</summary>
    public bool IsUp(string one, string other) => RoundTrip(one, other) is not null && RoundTrip(other, one) is not null;

    /// <summary>The links of a site that are up by the word of both ends, with their round trips in microseconds.</summary>
    public IEnumerable<LiveLink> LinksOf(string site)
        => Of(site)?.Links.Where(link => RoundTrip(link.Peer, site) is not null) ?? ImmutableArray<LiveLink>.Empty.AsEnumerable();

    private int? RoundTrip(string from, string to)
    {
        foreach (var link in Of(from)?.Links ?? [])
        {
            if (link.Peer == to)
            {
                return link.RoundTripMicroseconds;
            }
        }

        return null;
    }
}
