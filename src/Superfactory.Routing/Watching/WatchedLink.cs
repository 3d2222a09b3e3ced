namespace Superfactory.Routing.Watching;

/// <summary>A link that is watched. Immutable.</summary>
/// <param name="A">The site at one end.</param>
/// <param name="B">The site at the other.</param>
/// <param name="BitsPerSecond">What it is declared to carry each way; more than 0.</param>
/// <param name="Found">What was found last, 0 where it is cut; null where it carries what it is declared to.</param>
public sealed record WatchedLink(string A, string B, long BitsPerSecond, long? Found);

/// <summary>What is found of a link that was not before. Immutable.</summary>
/// <param name="A">The site at one end.</param>
/// <param name="B">The site at the other.</param>
/// <param name="BitsPerSecond">What it carries each way; 0 where it is cut, null where nothing speaks against what it is declared to.</param>
/// <param name="Reason">Why, in a sentence.</param>
public sealed record LinkFinding(string A, string B, long? BitsPerSecond, string Reason);
