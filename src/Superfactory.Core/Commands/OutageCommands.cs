using Superfactory.Model.Views;

namespace Superfactory.Core.Commands;

/// <summary>Something of the fleet is taken out of service.</summary>
/// <param name="Target">What: a site.</param>
/// <param name="State">How: draining, failed or quarantined.</param>
/// <param name="By">When it is to be drained, in milliseconds since 1970-01-01 UTC; null for at once.</param>
/// <param name="Reason">Why; null where nobody says.</param>
public sealed record TakeOut(string Target, OutageState State, long? By = null, string? Reason = null) : FactoryCommand;

/// <summary>What was out of service is in service again.</summary>
/// <param name="Target">What.</param>
public sealed record ReturnTarget(string Target) : FactoryCommand;
