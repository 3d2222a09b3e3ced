namespace Superfactory.Model.Views;

/// <summary>The fleet file that was applied to a factory. Immutable.</summary>
public sealed record AppliedFleetView
{
    /// <summary>The file as the user named it; null where it has no name.</summary>
    public string? File { get; init; }

    /// <summary>Its text.</summary>
    public required string Text { get; init; }
}
