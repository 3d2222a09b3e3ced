namespace Superfactory.Control;

/// <summary>How a control plane is started. Immutable.</summary>
public sealed record ControlOptions
{
    /// <summary>
    /// Where the HTTP API listens, as <c>host:port</c>; the host is an IP address or <c>localhost</c>, port 0 takes any free one.
    /// The API asks nobody who they are, so anything but a loopback address is for networks whose every user is trusted.
    /// Default <c>127.0.0.1:7400</c>.
    /// </summary>
    public string Listen { get; init; } = "127.0.0.1:7400";

    /// <summary>The state directory; the control plane's own part of it is <c>control/</c>. Made where it is missing.</summary>
    public required string StateDirectory { get; init; }
}
