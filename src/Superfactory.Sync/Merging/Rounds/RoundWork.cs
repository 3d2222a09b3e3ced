using Superfactory.Sync.Fragments;

namespace Superfactory.Sync.Merging.Rounds;

/// <summary>How far the current attempt at the current round is.</summary>
internal sealed class RoundWork
{
    private readonly int _islands;
    private readonly FragmentPlan _plan;
    private readonly ulong[] _hashes;
    private readonly int[] _missing;

    public RoundWork(int islands, FragmentPlan plan)
    {
        (_islands, _plan) = (islands, plan);
        _hashes = new ulong[plan.Chunks];
        _missing = new int[plan.Fragments.Length];
        Merged = new ChunkSet(plan.Chunks);
        Places = new byte[plan.Chunks];
        Commits = new CommitMessage?[plan.Fragments.Length];
        CommitConversations = new int[plan.Fragments.Length];
        Settled = new bool[plan.Fragments.Length];
        Begin(0, 0, 0);
    }

    /// <summary>The attempt, from 0.</summary>
    public int Attempt { get; private set; }

    /// <summary>Islands that are left out because nothing came from them.</summary>
    public ulong Stalled { get; private set; }

    /// <summary>Islands that are left out because their numbers are not what their headers say.</summary>
    public ulong Belied { get; private set; }

    /// <summary>What follows from the headers; null until all are here.</summary>
    public RoundDecision? Decision { get; set; }

    /// <summary>Whether the decision takes numbers for sound of which it is not known yet: nothing is settled by it.</summary>
    public bool Provisional { get; set; }

    /// <summary>Whether this island will commit nothing more in this attempt.</summary>
    public bool Objected { get; set; }

    /// <summary>Whether every contribution that is used here was found to be what its header says; with two islands before the first commit.</summary>
    public bool Verified { get; set; }

    /// <summary>How many of the contributors, in their order, are in the sum of each chunk.</summary>
    public byte[] Places { get; }

    /// <summary>Chunks whose numbers in the mean are final.</summary>
    public ChunkSet Merged { get; }

    /// <summary>Chunks that this island leads, in the order in which their results became ready to be sent.</summary>
    public List<int> Ready { get; } = [];

    /// <summary>The leader's word on each fragment, as far as they are here.</summary>
    public CommitMessage?[] Commits { get; }

    /// <summary>In which conversation each commit came.</summary>
    public int[] CommitConversations { get; }

    /// <summary>Whether each fragment's mean is checked against its commit.</summary>
    public bool[] Settled { get; }

    /// <summary>How often results of this round were asked for again.</summary>
    public int Repeats { get; set; }

    /// <summary>The first chunk of contributions to this island that may not be sent yet, as it was last granted.</summary>
    public int Granted { get; set; }

    public bool AllSettled => Array.TrueForAll(Settled, settled => settled);

    /// <summary>Islands that are no members of the epoch.</summary>
    public ulong Absent { get; set; }

    private ulong Excluded => Stalled | Belied | Absent;

    /// <summary>Begins an attempt: nothing of it is here.</summary>
    public void Begin(int attempt, ulong stalled, ulong belied)
    {
        (Attempt, Stalled, Belied, Decision, Objected, Verified, Repeats) = (attempt, stalled, belied, null, false, false, 0);
        Provisional = false;
        Array.Clear(Places);
        Array.Clear(Commits);
        Array.Clear(Settled);
        Merged.Clear();
        Ready.Clear();
        foreach (var fragment in _plan.Fragments)
        {
            _missing[fragment.Index] = fragment.Chunks;
        }
    }

    /// <summary>Whether an island is left out because nothing came from it in time, not even its header perhaps.</summary>
    public bool IsLate(int island) => (Stalled >> island & 1) != 0;

    /// <summary>Whether an island is left out.</summary>
    public bool IsOut(int island) => (Excluded >> island & 1) != 0;

    /// <summary>Who leads a fragment in this attempt: the next island that is not left out where its own leader is.</summary>
    public int LeaderOf(Fragment fragment) => fragment.LeaderAmong(~Excluded, _islands);

    /// <summary>Who leads the fragment of a chunk.</summary>
    public int LeaderOf(int chunk) => LeaderOf(_plan.FragmentOf(chunk));

    /// <summary>Chunks of a fragment that are not final in the mean.</summary>
    public int Missing(Fragment fragment) => _missing[fragment.Index];

    /// <summary>A chunk is final in the mean.</summary>
    public void Merge(int chunk, ulong hash)
    {
        if (Merged.Add(chunk))
        {
            _hashes[chunk] = hash;
            _missing[chunk % _plan.Fragments.Length]--;
        }
    }

    /// <summary>A fragment's result is damaged: it will come again.</summary>
    public void Forget(Fragment fragment)
    {
        for (var chunk = fragment.Index; chunk < _plan.Chunks; chunk += fragment.Stride)
        {
            Merged.Remove(chunk);
        }

        _missing[fragment.Index] = fragment.Chunks;
    }

    /// <summary>Hash over the hashes of a fragment's chunks, in their order: they may be made in any.</summary>
    public ulong HashOf(Fragment fragment)
    {
        var hash = new ContentHash();
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        for (var chunk = fragment.Index; chunk < _plan.Chunks; chunk += fragment.Stride)
        {
            System.Buffers.Binary.BinaryPrimitives.WriteUInt64LittleEndian(bytes, _hashes[chunk]);
            hash.Append(bytes);
        }

        return hash.Finish();
    }
}
