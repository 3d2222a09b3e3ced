using Superfactory.Model.Agents;

namespace Superfactory.Sync.Bridge;

/// <summary>How a bridge ends.</summary>
/// <param name="ExitCode">Its exit code.</param>
/// <param name="Event">Its last event; null where it was told to stop.</param>
internal sealed record BridgeEnd(int ExitCode, BridgeEvent? Event)
{
    /// <summary>It did what it was told.</summary>
    public static BridgeEnd Stopped { get; } = new(0, null);

    /// <summary>The run is over.</summary>
    public static BridgeEnd Finished(IslandResult result) => new(0, new BridgeEvent.Finished(result));

    /// <summary>The run cannot go on.</summary>
    public static BridgeEnd Failed(string reason, bool retriable, bool outrun = false) => new(1, new BridgeEvent.Failed(reason, retriable, outrun));

    /// <summary>Something that it stands on cannot be reached or made.</summary>
    public static BridgeEnd Unreachable(string reason) => new(3, new BridgeEvent.Failed(reason, Retriable: true));

    /// <summary>It met a fault of its own.</summary>
    public static BridgeEnd Broken(string island, Exception error) =>
        new(1, new BridgeEvent.Failed($"The bridge of {island} met a fault of its own: {error.GetType().Name}: {error.Message}", Retriable: true));
}
