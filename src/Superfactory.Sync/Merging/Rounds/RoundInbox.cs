namespace Superfactory.Sync.Merging.Rounds;

/// <summary>The headers of one round. A machine keeps two: of the round it works on and of the next, which a peer may be in already.</summary>
internal sealed class RoundInbox(int islands)
{
    /// <summary>The round.</summary>
    public long Round { get; private set; }

    /// <summary>The header of each island, as far as they are here.</summary>
    public ContributeMessage?[] Headers { get; } = new ContributeMessage?[islands];

    /// <summary>In which conversation each header came.</summary>
    public int[] HeaderConversations { get; } = new int[islands];

    /// <summary>Empties it for another round, or for the same one in a new epoch.</summary>
    public void Clear(long round)
    {
        Round = round;
        Array.Clear(Headers);
    }
}
