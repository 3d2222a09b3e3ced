using Superfactory.Model.Agents;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Arithmetic.Formats;
using Superfactory.Sync.Fragments;
using Superfactory.Sync.Merging.Dealing;

namespace Superfactory.Sync.Merging;

/// <summary>What the parts of a <see cref="MergeMachine"/> share: who is there, the model, the history, and the effects under way.</summary>
internal sealed class MergeState
{
    private readonly Peer?[] _peers;
    private List<MergeEffect> _effects = [];
    private float[] _scratch = [];

    public MergeState(MergeConfiguration configuration)
    {
        Configuration = configuration;
        Epoch = configuration.Epoch;
        Count = Epoch.Members.Length;
        ArgumentOutOfRangeException.ThrowIfNotEqual((uint)configuration.Self < (uint)Count, true, nameof(configuration));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Count, MergeLimits.IslandsMax, nameof(configuration));
        _peers = new Peer?[Count];
        for (var island = 0; island < Count; island++)
        {
            _peers[island] = island == configuration.Self ? null : new Peer(island);
        }

        Peers = [.. _peers.OfType<Peer>()];
        History = new RunHistory(Count, configuration.Sync, configuration.Budget);
        // One island sends nothing, so that rounding for the wire would only lose precision.
        Format = NumberFormats.Get(Count == 1 ? NumberFormat.Fp32 : configuration.Sync.Format);
    }

    public MergeConfiguration Configuration { get; }

    public int Self => Configuration.Self;

    /// <summary>Islands in the run.</summary>
    public int Count { get; }

    public RunEpoch Epoch { get; set; }

    public SyncMode Mode => Configuration.Sync.Mode;

    public bool EveryStep => Mode == SyncMode.EveryStep;

    public INumberFormat Format { get; }

    /// <summary>The other islands, in order.</summary>
    public IReadOnlyList<Peer> Peers { get; }

    public RunHistory History { get; set; }

    /// <summary>What the trainer registered; null before.</summary>
    public TensorTable? Table { get; set; }

    /// <summary>How the parameters are cut; null before the trainer registered.</summary>
    public FragmentPlan? Plan { get; set; }

    /// <summary>The model; null before the trainer registered, without meaning before <see cref="Initialised"/>.</summary>
    public ModelReplica? Replica { get; set; }

    /// <summary>The trainer's memory; null before it registered.</summary>
    public MergeBuffers? Buffers { get; set; }

    /// <summary>Whether this island holds the run's state.</summary>
    public bool Initialised { get; set; }

    /// <summary>Whether the machine gave up.</summary>
    public bool Failed { get; private set; }

    /// <summary>Faults of peers against the protocol so far.</summary>
    public long Faults { get; private set; }

    /// <summary>Every member but this island; 0 for the only one.</summary>
    public ulong EverybodyElse => (ulong.MaxValue >> (64 - Count)) & ~(1UL << Self);

    /// <summary>Room for a fragment's numbers, with whatever was in it; the same memory for everybody, until the next call.</summary>
    public Span<float> Scratch(int count)
    {
        if (_scratch.Length < count)
        {
            _scratch = new float[Plan!.LargestCount];
        }

        return _scratch.AsSpan(0, count);
    }

    public Peer PeerAt(int island) => _peers[island]!;

    public bool IsPeer(int island) => (uint)island < (uint)Count && island != Self;

    public string NameOf(int island) => Epoch.Members[island].Island;

    public void Emit(MergeEffect effect) => _effects.Add(effect);

    public IReadOnlyList<MergeEffect> TakeEffects()
    {
        var effects = _effects;
        _effects = [];
        return effects;
    }

    public void Send(Peer peer, MergeMessage message) => Emit(new MergeEffect.Send(peer.Index, message with
    {
        Epoch = Epoch.Number,
        Incarnation = Epoch.Members[Self].Incarnation,
    }));

    /// <summary>Sends a round's message to every peer that can make use of it; the others get it when they greet again.</summary>
    public void SendToHearing(MergeMessage message)
    {
        foreach (var peer in Peers)
        {
            if (peer.Hears)
            {
                Send(peer, message);
            }
        }
    }

    /// <summary>Sends bytes as chunks that point into them.</summary>
    public void SendChunks(Peer peer, StreamKind stream, long round, int fragment, ReadOnlyMemory<byte> bytes, long offset = 0)
    {
        while (!bytes.IsEmpty)
        {
            var length = Math.Min(bytes.Length, MergeLimits.ChunkBytesMax);
            Send(peer, new ChunkMessage { Stream = stream, Round = round, Fragment = fragment, Offset = offset, Bytes = bytes[..length] });
            bytes = bytes[length..];
            offset += length;
        }
    }

    public void Note(string text) => Emit(new MergeEffect.Note(text));

    /// <summary>A peer broke the protocol: what it said is refused and people are told, up to a limit.</summary>
    public void Fault(Peer peer, string text)
    {
        Faults++;
        if (Faults <= MergeLimits.FaultNotesMax)
        {
            Note($"Refused a message of {NameOf(peer.Index)} against the protocol: {text}.");
        }
        else if (Faults == MergeLimits.FaultNotesMax + 1)
        {
            Note($"More than {MergeLimits.FaultNotesMax} messages were refused; further ones are only counted.");
        }
    }

    public void Fail(string reason, bool retriable = false)
    {
        if (!Failed)
        {
            Failed = true;
            Emit(new MergeEffect.Fail(reason, retriable));
        }
    }
}
