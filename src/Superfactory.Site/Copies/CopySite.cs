namespace Superfactory.Site.Copies;

/// <summary>What a site's copies need to know of it. Immutable.</summary>
/// <param name="Name">The site.</param>
/// <param name="GatewaySocket">Where its gateway takes endpoints.</param>
/// <param name="RelativeTo">Where paths begin that do not begin with <c>/</c>: the directory of corpora.</param>
/// <param name="Clock">Measures rates and waits.</param>
internal sealed record CopySite(string Name, string GatewaySocket, string RelativeTo, TimeProvider Clock);
