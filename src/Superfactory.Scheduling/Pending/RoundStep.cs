namespace Superfactory.Scheduling.Pending;

/// <summary>What one step of a round came to. Immutable.</summary>
/// <param name="Started">The plan that was made true; null where nobody that was tried could start.</param>
/// <param name="IsOver">Whether the round is over: nobody else can start until something ends or changes.</param>
public readonly record struct RoundStep(Plan? Started, bool IsOver);
