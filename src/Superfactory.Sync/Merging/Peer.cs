using Superfactory.Sync.Merging.Rounds;
using Superfactory.Sync.Merging.Transfer;

namespace Superfactory.Sync.Merging;

/// <summary>What a machine knows of one other island.</summary>
internal sealed class Peer(int index)
{
    /// <summary>Its place among the members.</summary>
    public int Index { get; } = index;

    /// <summary>Whether it can be reached.</summary>
    public bool Up { get; set; }

    /// <summary>Whether its hello arrived since it was last greeted: only then is anything else heard or said.</summary>
    public bool Established { get; set; }

    /// <summary>How often it was greeted: only an answer to the last greeting counts.</summary>
    public int Greeted { get; set; }

    /// <summary>How many hellos it was said: what it has counts where it says so after it heard the last.</summary>
    public int Said { get; set; }

    /// <summary>The round that the last of them named.</summary>
    public long SaidRound { get; set; }

    /// <summary>The number of its last hello that was heard here.</summary>
    public int Heard { get; set; }

    /// <summary>What goes to it of the current round; null before the trainer registered.</summary>
    public ChunkLane? Lane { get; set; }

    /// <summary>Rises with each of its hellos: within one conversation nothing is sent twice.</summary>
    public int Conversation { get; set; }

    /// <summary>Its last hello; null before the first in this epoch.</summary>
    public HelloMessage? Hello { get; set; }

    /// <summary>Whether it can make use of a round's messages.</summary>
    public bool Hears => Established && Hello is { Initialised: true };

    /// <summary>The newest round that it is known to have applied; -1 before any.</summary>
    public long Applied { get; set; } = -1;

    /// <summary>Its state's hash after that round; null where it has not said so.</summary>
    public ulong? AppliedHash { get; set; }

    /// <summary>What it asked for and has not been given.</summary>
    public FetchMessage? Fetch { get; set; }

    /// <summary>State on its way to it, as the host takes it; null where there is none.</summary>
    public StateStream? Stream { get; set; }

    /// <summary>Whether its tensors are not ours.</summary>
    public bool Differs { get; set; }

    /// <summary>Its tensor table on the way, where it is not ours.</summary>
    public PieceAssembly? Table { get; set; }

    /// <summary>The hash of the final model at its trainer; null before it finished.</summary>
    public string? ModelHash { get; set; }

    /// <summary>Whether it knows that all have finished.</summary>
    public bool Over { get; set; }

    /// <summary>It asks for state, or needs what it asked for no more: either ends what is on its way to it.</summary>
    public void Ask(FetchMessage fetch) => (Fetch, Stream) = (fetch.Kind == FetchKind.Nothing ? null : fetch, null);

    /// <summary>It can be reached: nothing waits for it in the host.</summary>
    public void Come()
    {
        Up = true;
        Lane?.Empty();
    }

    /// <summary>It cannot be reached any more: the host drops what waits for it.</summary>
    public void Leave()
    {
        (Up, Established, Stream) = (false, false, null);
        Lane?.Empty();
    }

    /// <summary>An epoch begins: what it holds it will say.</summary>
    public void Renew() => (Established, Hello, Applied, AppliedHash, Fetch, Stream) = (false, null, -1, null, null, null);

    /// <summary>The island is lost, or was started again without its memory: all it said is void.</summary>
    public void Forget()
    {
        Renew();
        (Differs, Table, ModelHash, Over) = (false, null, null, false);
    }
}
