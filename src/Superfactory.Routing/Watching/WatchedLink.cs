using System.Collections.Immutable;

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

/// <summary>A link that could not be judged. Immutable.</summary>
/// <param name="A">The site at one end.</param>
/// <param name="B">The site at the other.</param>
/// <param name="Exception">What went wrong.</param>
public sealed record LinkFault(string A, string B, Exception Exception);

/// <summary>What a look at all links came to. Immutable.</summary>
/// <param name="Findings">What is found now and was not before, in the order of the links.</param>
/// <param name="Faults">The links that could not be judged; each is looked at anew from the next time on.</param>
public sealed record LinkLook(ImmutableArray<LinkFinding> Findings, ImmutableArray<LinkFault> Faults);
