using Superfactory.Sync.Arithmetic.Formats;
using Superfactory.Sync.Fragments;

namespace Superfactory.Sync.Merging.Rounds;

/// <summary>All that has arrived for one round. A machine keeps two: the round it works on and the next, which a peer may be in already.</summary>
internal sealed class RoundInbox(int islands, FragmentPlan plan, INumberFormat format)
{
    private readonly ChunkAssembly?[] _contributions = new ChunkAssembly?[islands * plan.Fragments.Length];
    private readonly ChunkAssembly?[] _results = new ChunkAssembly?[plan.Fragments.Length];

    /// <summary>The round.</summary>
    public long Round { get; private set; }

    /// <summary>The header of each island, as far as they are here.</summary>
    public ContributeMessage?[] Headers { get; } = new ContributeMessage?[islands];

    /// <summary>The leader's word on each fragment, as far as they are here.</summary>
    public CommitMessage?[] Commits { get; } = new CommitMessage?[plan.Fragments.Length];

    /// <summary>In which conversation each header came.</summary>
    public int[] HeaderConversations { get; } = new int[islands];

    /// <summary>In which conversation each commit came.</summary>
    public int[] CommitConversations { get; } = new int[plan.Fragments.Length];

    /// <summary>Hash of each fragment's mean as computed here, with two islands.</summary>
    public ulong?[] Computed { get; } = new ulong?[plan.Fragments.Length];

    /// <summary>Whether each fragment's mean lies in the replica, checked against the commit.</summary>
    public bool[] Settled { get; } = new bool[plan.Fragments.Length];

    /// <summary>What follows from the headers; null until all are here.</summary>
    public RoundDecision? Decision { get; set; }

    /// <summary>How often a stream of this round was asked for again.</summary>
    public int Repeats { get; set; }

    public bool AllSettled => Array.TrueForAll(Settled, settled => settled);

    /// <summary>The stream of an island's fragment.</summary>
    public ChunkAssembly Contribution(int island, int fragment) =>
        _contributions[(island * plan.Fragments.Length) + fragment] ??= new ChunkAssembly(format.EncodedBytes(plan.Fragments[fragment].Count));

    /// <summary>The stream of a fragment's result.</summary>
    public ChunkAssembly Result(int fragment) =>
        _results[fragment] ??= new ChunkAssembly(format.EncodedBytes(plan.Fragments[fragment].Count));

    /// <summary>Empties it for another round, or for the same one in a new epoch. Memory is kept.</summary>
    public void Clear(long round)
    {
        Round = round;
        Array.Clear(Headers);
        Array.Clear(Commits);
        Array.Clear(Computed);
        Array.Clear(Settled);
        Decision = null;
        Repeats = 0;
        foreach (var assembly in _contributions)
        {
            assembly?.Clear();
        }

        foreach (var assembly in _results)
        {
            assembly?.Clear();
        }
    }
}
