using System.Collections.Immutable;
using Superfactory.Model.Agents;

namespace Superfactory.Routing.Grants;

/// <summary>What a site's gateway last said about its links. Immutable.</summary>
/// <param name="Site">The site.</param>
/// <param name="Links">Its links, at most one to each peer; of several the first counts.</param>
public sealed record SiteLinks(string Site, ImmutableArray<LinkReport> Links);
