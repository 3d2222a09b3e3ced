using System.Collections.Immutable;
using Superfactory.Model.Agents;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Merging.Trainer;

namespace Superfactory.Sync.Merging;

/// <content>What its host may ask it between two inputs.</content>
public sealed partial class MergeMachine
{
    /// <summary>What it was told at its start.</summary>
    public MergeConfiguration Configuration => _state.Configuration;

    /// <summary>What is merged in the current round.</summary>
    public SyncMode Mode => _state.Mode;

    /// <summary>What is merged now, and when.</summary>
    public RunSchedule Schedule => _state.History.Schedule;

    /// <summary>How far the run is, as this island sees it after the last input; put together when it is asked for.</summary>
    public RunProgress Progress => _report.Make();

    /// <summary>What of the run's samples is merged, in flight and free, as in <see cref="Progress"/>; null where that is not known.</summary>
    public LedgerTotals? Ledger => _report.Ledger();

    /// <summary>Messages of peers that were refused because they break the protocol.</summary>
    public long FaultsOfPeers => _state.Faults;

    /// <summary>Hash of the state that this island holds; for tests and reports. 0 before it holds any.</summary>
    public ulong StateHash => _state.Initialised ? _state.Replica!.StateHash : 0;

    /// <summary>The attempt that is under way; the first one of round 0 before there is any.</summary>
    public RoundAttempt Attempt => _state.Table is null ? default : new(_state.History.Round, _exchange.Work.Attempt);

    /// <summary>Whether a chunk of a peer's contribution is due here, and the peer can be reached: where none comes for long, it stalls.</summary>
    /// <param name="island">The peer's place among the members.</param>
    public bool IsAwaited(int island) => _state.Initialised && !_state.Failed && _exchange.IsAwaited(island);

    /// <summary>Whether as many islands as the job asks for have contributed to the round, and others have not: after <c>sync.grace</c> it closes without them.</summary>
    public bool IsQuorate => _state is { Failed: false, Sealed: false } && _exchange.IsQuorate;

    /// <summary>
    /// Whether chunks that the host was given lie in <see cref="MergeBuffers.Local"/>, where the trainer wrote them: as long as this is so,
    /// no other trainer may have that memory. Ends with <see cref="MergeInput.Carried"/> or <see cref="MergeInput.PeerDown"/>.
    /// </summary>
    public bool ReadsTrainerMemory => _state.Buffers is { } buffers && _state.IsRead(buffers.Local);

    /// <summary>Whether this island cannot go on before other members say something: a member that is silent now holds the run up.</summary>
    public bool IsWaiting => !_state.Failed && _state.SelfIsMember && !_finale.Done
        && (_state.Sealed || _seat.Phase >= TrainerPhase.Waiting || (_state.Table is not null && (!_state.Initialised || _exchange.Own is not null || _seat.NeedsPeerState)));

    /// <summary>Whether a member, leading a fragment, committed what it may not: this island waits until the epoch is replaced.</summary>
    /// <param name="island">Its place among the job's islands.</param>
    public bool IsMistrusted(int island) => _state.Refusals.IsMistrusted(island);

    /// <summary>Members whose contributions were refused too often in a row: the control plane is to set them aside.</summary>
    public ImmutableArray<IslandRejection> Rejections => _state.Refusals.Rejections;

    /// <summary>Whether an island is another member of the epoch.</summary>
    /// <param name="island">Its place among the job's islands.</param>
    public bool IsFellow(int island) => _state.IsPeer(island) && _state.IsMember(island);
}
