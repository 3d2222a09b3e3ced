namespace Superfactory.Core.Commands;

/// <summary>A link between two sites is cut, carries less than it is declared to, or is as it was again.</summary>
/// <param name="A">A site at one end.</param>
/// <param name="B">The site at the other.</param>
/// <param name="BitsPerSecond">What it carries each way: 0 where it is cut; null for what it is declared to.</param>
/// <param name="Reason">Why; null where nobody says.</param>
public sealed record ChangeLink(string A, string B, long? BitsPerSecond, string? Reason = null) : FactoryCommand;
