using System.Collections.Immutable;
using Superfactory.Model.Wan;

namespace Superfactory.Control.Grants;

/// <summary>What is granted to a site's traffic. Immutable.</summary>
/// <param name="Revision">Changes with the routes, also over a restart of the control plane.</param>
/// <param name="Routes">The grants, by receiver and class.</param>
internal sealed record SiteGrants(long Revision, ImmutableArray<WanRoute> Routes);

/// <summary>The grants that stand. They follow from measurements and are no part of the journal. Safe to use from any thread.</summary>
internal sealed class GrantBoard(TimeProvider time)
{
    /// <summary>A rate that differs by less than this part, one tenth, is the same: measured rates are never still.</summary>
    private const int SameDivisor = 10;

    // Agents may hold a revision that an earlier process of the control plane gave; a later one is never given again.
    private readonly long _first = time.GetUtcNow().ToUnixTimeMilliseconds();
    private ImmutableDictionary<string, SiteGrants> _sites = ImmutableDictionary.Create<string, SiteGrants>(StringComparer.Ordinal);

    /// <summary>Tells the sites whose grants changed.</summary>
    public event Action<IEnumerable<string>>? Changed;

    /// <summary>What is granted to a site.</summary>
    public SiteGrants Of(string site) => Volatile.Read(ref _sites).GetValueOrDefault(site) ?? new SiteGrants(_first, []);

    /// <summary>Takes new grants for all sites. Called by one thread at a time.</summary>
    public void Set(ImmutableArray<WanRoute> routes)
    {
        var changed = new List<string>();
        var next = _sites;
        foreach (var site in routes.Select(route => route.From).Concat(_sites.Keys).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            ImmutableArray<WanRoute> own = [.. routes.Where(route => string.Equals(route.From, site, StringComparison.Ordinal))];
            var old = Of(site);
            if (!IsSame(old.Routes, own))
            {
                next = next.SetItem(site, new SiteGrants(old.Revision + 1, own));
                changed.Add(site);
            }
        }

        Volatile.Write(ref _sites, next);
        if (changed.Count > 0)
        {
            Changed?.Invoke(changed);
        }
    }

    private static bool IsSame(ImmutableArray<WanRoute> old, ImmutableArray<WanRoute> now) =>
        old.Length == now.Length
        && old.Zip(now).All(pair =>
            pair.First.To == pair.Second.To && pair.First.Class == pair.Second.Class && pair.First.Paths.Length == pair.Second.Paths.Length
            && pair.First.Paths.Zip(pair.Second.Paths).All(paths => paths.First.Sites.SequenceEqual(paths.Second.Sites) && IsSame(paths.First.BytesPerSecond, paths.Second.BytesPerSecond)));

    // No limit is another thing than a small one.
    private static bool IsSame(long old, long now) => (old == 0) == (now == 0) && Math.Abs(old - now) <= old / SameDivisor;
}
