using System.Collections.Immutable;
using System.Numerics;
using Superfactory.Model.Agents;
using Superfactory.Model.Choosing;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Arithmetic.Formats;
using Superfactory.Sync.Fragments;
using Superfactory.Sync.Merging.Dealing;
using Superfactory.Sync.Merging.Defence;
using Superfactory.Sync.Merging.Lanes;
using Superfactory.Sync.Merging.Rounds;

namespace Superfactory.Sync.Merging;

/// <summary>What the parts of a <see cref="MergeMachine"/> share: who is there, the model, the history, and the effects under way.</summary>
internal sealed class MergeState
{
    private readonly Peer?[] _peers;
    private readonly int[] _incarnations;
    private readonly INumberFormat _format;
    private readonly INumberFormat _streamed;
    private List<MergeEffect> _effects = [];
    private float[] _scratch = [];

    public MergeState(MergeConfiguration configuration)
    {
        Configuration = configuration;
        Roster = configuration.Epoch.Roster;
        Count = Roster.Length;
        ArgumentOutOfRangeException.ThrowIfNotEqual((uint)configuration.Self < (uint)Count, true, nameof(configuration));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Count, MergeLimits.IslandsMax, nameof(configuration));
        _peers = new Peer?[Count];
        for (var island = 0; island < Count; island++)
        {
            _peers[island] = island == configuration.Self ? null : new Peer(island);
        }

        Peers = [.. _peers.OfType<Peer>()];
        _incarnations = new int[Count];
        Epoch = configuration.Epoch;
        Enter(configuration.Epoch);
        Incarnation = configuration.Incarnation > 0 ? configuration.Incarnation : _incarnations[Self];
        Enter(configuration.Epoch);
        MembersSince = Epoch.Number;
        Sealed = SelfIsMember && Epoch.Number <= configuration.Promised;
        Refusals = new RefusalLog(this);
        Lanes = new IslandLanes(this);
        History = NewHistory();
        // One island sends nothing, so that rounding for the wire would only lose precision.
        _format = NumberFormats.Get(Count == 1 ? NumberFormat.Fp32 : configuration.Sync.Format);
        _streamed = NumberFormats.Get(Count == 1 ? NumberFormat.Fp32 : configuration.Sync.FormatIn(SyncMode.Streaming));
        ResultFormat = NumberFormats.Get(configuration.Sync.ResultFormat);
    }

    public MergeConfiguration Configuration { get; }

    public int Self => Configuration.Self;

    /// <summary>Islands in the run, members or not.</summary>
    public int Count { get; }

    /// <summary>The islands' names by place.</summary>
    public ImmutableArray<string> Roster { get; }

    /// <summary>Which start of this island this is.</summary>
    public int Incarnation { get; }

    /// <summary>The membership, as it was heard last.</summary>
    public RunEpoch Epoch { get; private set; }

    /// <summary>The members, by place.</summary>
    public ulong Members { get; private set; }

    /// <summary>The first of the epochs since which the members, in their incarnations, are the present ones and the run has not begun again: every member knows it.</summary>
    public int MembersSince { get; set; }

    /// <summary>The members other than this island, in order.</summary>
    public IReadOnlyList<Peer> Fellows { get; private set; } = [];

    /// <summary>The first member's place.</summary>
    public int First => BitOperations.TrailingZeroCount(Members);

    /// <summary>Whether this island, in this incarnation, is a member.</summary>
    public bool SelfIsMember { get; private set; }

    /// <summary>Whether it is a learner.</summary>
    public bool SelfIsLearner { get; private set; }

    /// <summary>Whether it has promised, or is about to promise, to accept nothing more in the epoch.</summary>
    public bool Sealed { get; set; }

    /// <summary>Whether it holds a state of which it is not known whether it is the run's.</summary>
    public bool Doubted { get; set; }

    /// <summary>Whether it is a member that holds what its epoch starts with.</summary>
    public bool IsCurrent => Initialised && SelfIsMember && History.Round >= Epoch.Start;

    /// <summary>The round to which this island contributes nothing, because it became a member in it; -1 for none.</summary>
    public long IdleRound { get; set; } = -1;

    /// <summary>What is merged in the current round.</summary>
    public SyncMode Mode => History.Mode;

    /// <summary>What is merged from the next round on, and when, where this epoch says so from the current round on.</summary>
    public RunSchedule? NextSchedule => Epoch.Schedule is { } schedule && History.Round >= Epoch.Start ? schedule : null;

    /// <summary>Whether the replica's parameters were taken from the trainer after a change from every-step, where the parameters are the trainer's own.</summary>
    public bool Anchored { get; set; } = true;

    /// <summary>Whether the replica's parameters are those that the current round starts from.</summary>
    public bool HoldsParameters => EveryStep ? History.Round == History.Entered : Anchored;

    /// <summary>The optimizer's state with which every trainer begins every-step after a change to it, whether it is this island's trainer's own, and the first round of that.</summary>
    public (long Round, ReadOnlyMemory<byte> Bytes, bool Own)? Seed { get; set; }

    /// <summary>Whether that state is not here yet, and no trainer may go on without it.</summary>
    public bool NeedsSeed => Initialised && LacksSeed;

    /// <summary>The same whether or not what this island holds is still known to be the run's.</summary>
    public bool LacksSeed => EveryStep && History.JustEntered && Seed?.Round != History.Round;

    public bool EveryStep => Mode == SyncMode.EveryStep;
    public bool Streaming => Mode == SyncMode.Streaming;

    /// <summary>
    /// What islands compare of their states between rounds. As the mode changes trainers add to the state, at some islands sooner than at
    /// others: there it is the results' chain alone.
    /// </summary>
    public ulong CommonHash => History.JustEntered ? ContentHash.Of(History.Chain, (ulong)History.Round) : Replica!.StateHash;

    /// <summary>How contributions to what is worked on travel.</summary>
    public INumberFormat Format => FormatOf(Part);

    /// <summary>How contributions to a plan travel.</summary>
    /// <param name="plan">Its place in <see cref="Plans"/>.</param>
    public INumberFormat FormatOf(int plan) => History.Changes && plan == Plans.Length - 1 ? _format : _streamed;

    /// <summary>How results travel, with three or more islands.</summary>
    public INumberFormat ResultFormat { get; }

    /// <summary>Whether there are no more than two islands: both have both contributions, and no result travels.</summary>
    public bool Direct => Count <= 2;

    /// <summary>What the number format rounded away of this island's contributions to the part that is worked on; null where that is not kept.</summary>
    public ContributionFeedback? Feedback => Feedbacks.IsEmpty ? null : Feedbacks[Part];

    /// <summary>What was rounded away of this island's contributions, by the part; empty without error feedback.</summary>
    public ImmutableArray<ContributionFeedback> Feedbacks { get; private set; } = [];

    /// <summary>Numbers that fit one chunk, whichever way it travels; a multiple of the formats' blocks.</summary>
    private int ChunkLengthMax(INumberFormat format)
    {
        var bytes = Math.Max(format.EncodedBytes(MergeLimits.ChunkLengthMax), Direct ? 0 : ResultFormat.EncodedBytes(MergeLimits.ChunkLengthMax));
        var most = MergeLimits.ChunkLengthMax / ((bytes + MergeLimits.ChunkBytesMax - 1) / MergeLimits.ChunkBytesMax);
        return Math.Min(most, Configuration.ChunkLengthMax);
    }

    /// <summary>The other islands, in order.</summary>
    public IReadOnlyList<Peer> Peers { get; }

    public RunHistory History { get; set; }

    /// <summary>What is known of the other lanes of this island.</summary>
    public IslandLanes Lanes { get; }

    /// <summary>What was refused.</summary>
    public RefusalLog Refusals { get; }

    /// <summary>What the trainer registered; null before.</summary>
    public TensorTable? Table { get; private set; }

    /// <summary>
    /// The parts of the parameters: in streaming, where each round merges one, in turn, what its recipe calls a fragment. One part is all
    /// parameters. Empty before the trainer registered.
    /// </summary>
    public ImmutableArray<FragmentPlan> Parts { get; private set; } = [];

    /// <summary>
    /// How what a round may merge is cut: <see cref="Parts"/>, and in a run that streams at times, after them, all parameters together. Empty
    /// before the trainer registered.
    /// </summary>
    public ImmutableArray<FragmentPlan> Plans { get; private set; } = [];

    /// <summary>The plan that is worked on, by its place: follows <see cref="RunHistory.Round"/> when what belongs to the round before is done with.</summary>
    public int Part { get; private set; }

    /// <summary>How what is worked on is cut; null before the trainer registered.</summary>
    public FragmentPlan? Plan => Plans.IsEmpty ? null : Plans[Part];

    /// <summary>The place of what a round merges among <see cref="Plans"/>.</summary>
    /// <param name="round">The round.</param>
    /// <param name="mode">What is merged in it.</param>
    public int PartOf(long round, SyncMode mode) => mode == SyncMode.Streaming ? (int)(round % Parts.Length) : Plans.Length - 1;

    /// <summary>Why what the trainer registers cannot be merged fragment by fragment, in a sentence; null where it can, or is not.</summary>
    public string? Refuse(TensorTable table)
    {
        var most = History.Changes ? ModeChooser.StreamingEvery / ModeChooser.DelayMax : Streaming ? Configuration.Sync.Every : int.MaxValue;
        return table.FragmentSizes.Length <= most ? null
            : $"{NameOf(Self)} registers {table.FragmentSizes.Length} fragments; each is sent at a step of its own, and there can be {most}.";
    }

    /// <summary>The trainer registered.</summary>
    public void Register(TensorTable table)
    {
        Table = table;
        var (parts, start) = (ImmutableArray.CreateBuilder<FragmentPlan>(), 0);
        var streams = Streaming || History.Changes;
        foreach (var size in streams ? table.FragmentSizes : [table.ParameterSizes.Sum()])
        {
            parts.Add(FragmentPlan.Create(size, Count, streams ? 0 : Configuration.Sync.Fragments, ChunkLengthMax(_streamed), start));
            start += size;
        }

        Parts = parts.ToImmutable();
        Plans = !History.Changes ? Parts : [.. Parts, FragmentPlan.Create(start, Count, Configuration.Sync.Fragments, ChunkLengthMax(_format))];
        History = NewHistory();
        EnterRound();
        Replica = new ModelReplica(start, (int)table.StaticsBytes, Mode, Parts);
        Feedbacks = Configuration.Sync.ErrorFeedback && Format.Format != NumberFormat.Fp32 ? [.. Parts.Select(plan => new ContributionFeedback(plan))] : [];
    }

    /// <summary>Fragments of a model that is merged as one part.</summary>
    public int FragmentsOf(TensorTable table) => FragmentPlan.Create(table.ParameterSizes.Sum(), Count, Configuration.Sync.Fragments, ChunkLengthMax(_streamed)).Fragments.Length;

    /// <summary>A history of which nothing is known yet.</summary>
    public RunHistory NewHistory() => new(Count, Configuration.Sync, Configuration.Budget, Math.Max(Parts.Length, 1));

    /// <summary>What belongs to the round before is done with.</summary>
    public void EnterRound() => Part = PartOf(History.Round, Mode);

    /// <summary>The model; null before the trainer registered, without meaning before <see cref="Initialised"/>.</summary>
    public ModelReplica? Replica { get; private set; }

    /// <summary>The trainer's memory; null before it registered.</summary>
    public MergeBuffers? Buffers { get; set; }

    /// <summary>Whether this island holds the run's state.</summary>
    public bool Initialised { get; set; }

    /// <summary>Whether the machine gave up.</summary>
    public bool Failed { get; private set; }

    /// <summary>Faults of peers against the protocol so far.</summary>
    public long Faults { get; private set; }

    /// <summary>The newest of them: who, and what; null where there was none.</summary>
    public string? NewestFault { get; private set; }

    /// <summary>Every member but this island; 0 for the only one.</summary>
    public ulong EverybodyElse => Members & ~(1UL << Self);

    /// <summary>Room for a chunk's numbers, with whatever was in it; the same memory for everybody, until the next call.</summary>
    public Span<float> Scratch(int count)
    {
        if (_scratch.Length < count)
        {
            _scratch = new float[Math.Max(count, Plan!.ChunkLength)];
        }

        return _scratch.AsSpan(0, count);
    }

    /// <summary>Whether the host still reads encoded bytes, for a message that it was given and has not passed on.</summary>
    public bool IsRead(ReadOnlySpan<byte> memory)
    {
        foreach (var peer in Peers)
        {
            if (peer.Lane is { } lane && lane.Reads(memory))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// Whether somebody still reads numbers: the host, for a message that it was given and has not passed on, or a transfer of state that
    /// has not ended. As long as this is so they must not change, whatever has become of the attempt or the need that it was for.
    /// </summary>
    public bool IsRead(ReadOnlyMemory<float> memory)
    {
        foreach (var peer in Peers)
        {
            if (peer.Lane is { } lane && (lane.Reads(memory.Span) || peer.Stream?.Reads(memory.Span) == true))
            {
                return true;
            }
        }

        return false;
    }

    public Peer PeerAt(int island) => _peers[island]!;
    public bool IsPeer(int island) => island >= 0 && island < Count && island != Self;
    public string NameOf(int island) => Roster[island];

    public bool IsMember(int island) => (Members >> island & 1) != 0;

    /// <summary>Who leads a fragment in this epoch, but for attempts that leave it out.</summary>
    public int LeaderOf(Fragment fragment) => fragment.LeaderAmong(Members, Count);

    /// <summary>The incarnation of an island that is a member or a learner; 0 where it is neither.</summary>
    public int IncarnationOf(int island) => _incarnations[island];

    /// <summary>Whether this island and a peer have anything to say to each other: at least one of them is a member, and neither is out.</summary>
    public bool TalksTo(Peer peer) => !Sealed && (IsMember(peer.Index) ? SelfIsMember || SelfIsLearner : SelfIsMember && IncarnationOf(peer.Index) > 0);

    /// <summary>The membership changed.</summary>
    public void Enter(RunEpoch epoch)
    {
        Epoch = epoch;
        Array.Clear(_incarnations);
        Members = 0;
        foreach (var member in epoch.Members)
        {
            Members |= 1UL << Place(member);
        }

        foreach (var learner in epoch.Learners)
        {
            Place(learner);
        }

        Fellows = [.. Peers.Where(peer => IsMember(peer.Index))];
        var own = _incarnations[Self] == Incarnation && Incarnation > 0;
        (SelfIsMember, SelfIsLearner) = (own && IsMember(Self), own && !IsMember(Self));
    }

    private int Place(RunMember member)
    {
        var place = Roster.IndexOf(member.Island);
        _incarnations[place] = member.Incarnation;
        return place;
    }

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
        Incarnation = Incarnation,
    }));

    /// <summary>Sends bytes as pieces that point into them.</summary>
    public void SendPieces(Peer peer, StreamKind stream, ReadOnlyMemory<byte> bytes, long offset = 0)
    {
        while (!bytes.IsEmpty)
        {
            var length = Math.Min(bytes.Length, MergeLimits.ChunkBytesMax);
            Send(peer, new PieceMessage { Stream = stream, Offset = offset, Bytes = bytes[..length] });
            bytes = bytes[length..];
            offset += length;
        }
    }

    public void Note(string text) => Emit(new MergeEffect.Note(text));

    /// <summary>A peer broke the protocol: what it said is refused and people are told, up to a limit.</summary>
    public void Fault(Peer? peer, string text)
    {
        Faults++;
        var name = peer is null ? "somebody unknown" : NameOf(peer.Index);
        NewestFault = $"{name}: {text}";
        if (Faults <= MergeLimits.FaultNotesMax)
        {
            Note($"Refused a message of {name} against the protocol: {text}.");
        }
        else if (Faults == MergeLimits.FaultNotesMax + 1)
        {
            Note($"More than {MergeLimits.FaultNotesMax} messages were refused; further ones are only counted.");
        }
    }

    public void Fail(string reason, bool retriable = false) => End(new MergeEffect.Fail(reason, retriable));

    /// <summary>The run went on, or began, without this island: nothing failed, and it takes part as a new incarnation.</summary>
    public void Outrun(string reason) => End(new MergeEffect.Fail(reason, Retriable: true, Outrun: true));

    private void End(MergeEffect.Fail fail)
    {
        if (!Failed)
        {
            Failed = true;
            Emit(fail);
        }
    }
}
