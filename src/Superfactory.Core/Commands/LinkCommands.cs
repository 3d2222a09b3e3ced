namespace Superfactory.Core.Commands;

/// <summary>Somebody says that a link between two sites is cut, carries less than it is declared to, or is as it was again.</summary>
/// <param name="A">A site at one end.</param>
/// <param name="B">The site at the other.</param>
/// <param name="BitsPerSecond">What it carries each way: 0 where it is cut; null for what it is declared to, or gateways find.</param>
/// <param name="Reason">Why; null where nobody says.</param>
public sealed record ChangeLink(string A, string B, long? BitsPerSecond, string? Reason = null) : FactoryCommand;

/// <summary>Gateways found what a link carries. What somebody says of it is gone by before that.</summary>
/// <param name="A">The site at one end.</param>
/// <param name="B">The site at the other.</param>
/// <param name="BitsPerSecond">What it carries each way: 0 where it is cut; null where nothing speaks against what it is declared to.</param>
/// <param name="Reason">What was found, in a sentence.</param>
public sealed record MeasureLink(string A, string B, long? BitsPerSecond, string Reason) : FactoryCommand;
