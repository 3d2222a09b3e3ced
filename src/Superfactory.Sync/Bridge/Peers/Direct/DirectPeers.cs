namespace Superfactory.Sync.Bridge.Peers.Direct;

/// <summary>
/// Bridges of one machine that reach each other by TCP connections of their own, without gateways and without encryption: for
/// measurements of the merge alone. Immutable.
/// </summary>
public sealed record DirectPeers
{
    /// <summary>An existing directory that all bridges of the run use: each leaves its address there, in a file named after its island.</summary>
    public required string Directory { get; init; }
}
