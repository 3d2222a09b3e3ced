using Superfactory.Model;
using Superfactory.Sync.Bridge.Peers;
using Superfactory.Sync.Bridge.Trainer;

namespace Superfactory.Sync.Bridge;

/// <summary>Something that happened around a bridge. The host takes one after another.</summary>
internal abstract record HostInput
{
    private HostInput()
    {
    }

    /// <summary>Something happened to a peer.</summary>
    public sealed record Peer(PeerEvent Event) : HostInput;

    /// <summary>Whoever started the bridge wants something.</summary>
    public sealed record Commanded(BridgeCommand Command) : HostInput;

    /// <summary>Someone connected to the trainer's socket.</summary>
    public sealed record Connected(TrainerConnection Connection) : HostInput;

    /// <summary>A trainer said something, or something unreadable.</summary>
    public sealed record Said(TrainerConnection Connection, Outcome<TrainerMessage> Message) : HostInput;

    /// <summary>A trainer's connection ended.</summary>
    public sealed record HungUp(TrainerConnection Connection) : HostInput;

    /// <summary>A quarter of a second passed.</summary>
    public sealed record Tick : HostInput;

    /// <summary>A promise is on disk.</summary>
    public sealed record Promised(int Epoch) : HostInput;

    /// <summary>The transport has taken chunks.</summary>
    public sealed record Carried : HostInput;

    /// <summary>Something that the bridge stands on broke.</summary>
    public sealed record Broken(Exception Error) : HostInput;
}
