using Superfactory.Model;
using Superfactory.Model.Agents;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Bridge.Trainer;
using Superfactory.Sync.Checkpoints;
using Superfactory.Sync.Merging;
using Superfactory.Sync.Merging.Lanes;

namespace Superfactory.Sync.Bridge.Checkpoints;

/// <summary>
/// Cuts checkpoints when they are due, each from a state that is final, and has them written while training goes on. For the host's loop
/// alone; the writing has a thread of its own. With lanes the clerk of the first one decides when, and makes one checkpoint of what all of them wrote.
/// </summary>
internal sealed class CheckpointClerk
{
    /// <summary>How long a trainer's contribution may wait for the round before it to become final, so that a checkpoint can be cut: then it goes on without one.</summary>
    public static readonly TimeSpan ParkMax = TimeSpan.FromSeconds(2);

    /// <summary>How long one that could not be written for a job that is held, or at the end of a run, is left alone before it is tried again.</summary>
    public static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);

    private readonly CheckpointDuty _duty;
    private readonly MergeMachine _machine;
    private readonly TrainerDesk _desk;
    private readonly BridgeEventQueue _events;
    private readonly TimeProvider _time;
    private readonly CheckpointWriter _writer;
    private readonly CheckpointMemory _memory = new();
    private readonly LaneCuts _cuts;
    private readonly int _lane;
    private readonly int _lanes;
    private readonly Action _written;
    private bool _writes;
    private bool _held;
    private bool _cutFinal;
    private long _heldAt = -1;
    private long _cutAt;
    private long _began;
    private long? _parkedSince;
    private long? _failedAt;
    private CheckpointState? _awaitsTrainer;
    private Task? _writing;
    private Action _take = static () => { };

    /// <summary>A clerk with nothing to do yet.</summary>
    /// <param name="configuration">Which run this is, and what is wanted of checkpoints.</param>
    /// <param name="machine">Whose state is cut.</param>
    /// <param name="desk">The trainer's.</param>
    /// <param name="events">Takes what is written.</param>
    /// <param name="time">Measures when one is due.</param>
    /// <param name="restored">The round that the run goes on from, which is a checkpoint already; 0 where it begins.</param>
    /// <param name="written">Called from another thread when a checkpoint is written: <see cref="Look"/> then says so.</param>
    public CheckpointClerk(BridgeConfiguration configuration, MergeMachine machine, TrainerDesk desk, BridgeEventQueue events, TimeProvider time, long restored, Action written)
    {
        _duty = configuration.Checkpoints ?? new CheckpointDuty { Directory = string.Empty };
        (_machine, _desk, _events, _time, _cutAt, _written) = (machine, desk, events, time, restored, written);
        (_lane, _lanes) = (configuration.Lane, configuration.Specification.LaneCount);
        _cuts = new LaneCuts(_lane, _lanes, cut => events.Post(new BridgeEvent.CutLanes(cut)));
        _writer = new CheckpointWriter(_duty.Directory, configuration.Job, configuration.Island);
        _writes = _duty is { Writes: true, Directory.Length: > 0 };
        _began = time.GetTimestamp();
        if (_duty.Directory.Length > 0)
        {
            desk.Parks = Parks;
            desk.TookCopy = TakeCopy;
        }
    }

    /// <summary>Deletes what an earlier bridge of this island left unfinished.</summary>
    /// <exception cref="IOException">It cannot be deleted.</exception>
    public void Sweep()
    {
        if (_duty.Directory.Length > 0)
        {
            _writer.Sweep();
        }
    }

    /// <summary>This island is, or is no longer, the one that writes.</summary>
    public void Write(bool writes) => _writes = writes && _duty.Directory.Length > 0;

    /// <summary>The job is to save and stop: from here on the island contributes nothing more, and saves the state that it has in common with the others.</summary>
    public void Hold() => _held = _duty.Directory.Length > 0;

    /// <summary>The job goes on after all.</summary>
    public void GoOn()
    {
        (_held, _heldAt) = (false, -1);
        Unpark();
    }

    /// <summary>Another lane said something of a checkpoint.</summary>
    public void Hear(LaneCut said)
    {
        _cuts.Hear(said);
        TryJoin();
    }

    /// <summary>Whether a run that is over has still something to write: the bridge stays so long.</summary>
    public bool HoldsEnd => _duty.Directory.Length > 0
        && (_writing is not null || _cuts.IsUnderWay || _cuts.MayBeAsked || (_machine is { IsOver: true, CanCut: true } && IsWanted()));

    /// <summary>The bridge ends with its run; the other lanes need not wait for it.</summary>
    public void End() => _cuts.End();

    /// <summary>Does what is due; to be called after everything that happened.</summary>
    public void Look()
    {
        if (_writing is { IsCompleted: true })
        {
            TakeWritten();
        }

        if (_parkedSince is { } since && _desk.Phase != TrainerPhase.Copying && !_machine.CanCut && _time.GetElapsedTime(since) > ParkMax)
        {
            Unpark();
        }

        _cuts.PassBy(_machine.Round);
        if (_writing is not null || _awaitsTrainer is not null || !_machine.CanCut || !IsWanted())
        {
            return;
        }

        if (_machine.IsOver || !(EveryStep || (_held && _machine.Mode == SyncMode.Streaming)))
        {
            CutHere();
        }
        else if (_desk.CanCopy && (_held || _desk.Parked == _machine.Round))
        {
            _awaitsTrainer = Cut();
            _desk.AskCopy();
        }
    }

    /// <summary>Waits until what is being written is written, at the end of a run, and says so.</summary>
    public async Task CompleteAsync()
    {
        while (_writing is { } writing)
        {
            await Task.WhenAny(writing);
            TakeWritten();
        }
    }

    private bool EveryStep => _machine.Mode == SyncMode.EveryStep;

    private bool IsDue => _writes && _duty.EverySeconds > 0 && _machine.Round != _cutAt && _time.GetElapsedTime(_began) >= TimeSpan.FromSeconds(_duty.EverySeconds);

    private bool IsHeld => _cuts is { Any: true, IsFirst: false } ? _cuts.Held : _held;

    private bool IsWanted()
    {
        if (_cuts is { Any: true, IsFirst: false })
        {
            return _cuts.IsAskedFor(_machine.Round);
        }

        if (_cuts.IsUnderWay || _machine.IsReadyInLane)
        {
            return false;
        }

        if (_failedAt is { } failed && _time.GetElapsedTime(failed) < RetryAfter)
        {
            return false;
        }

        return _held ? _heldAt != _machine.Round
            : _machine.IsOver ? _writes && _duty.EverySeconds > 0 && !_cutFinal
            : IsDue && _machine.Round > 0;
    }

    /// <summary>Whether a contribution waits: until the trainer's state is copied, or for good because the job is held.</summary>
    private bool Parks(long round)
    {
        var parks = _held || (EveryStep && _writing is null && _awaitsTrainer is null && round > 0 && IsDue);
        _parkedSince = parks ? _time.GetTimestamp() : null;
        return parks;
    }

    private void CutHere()
    {
        var round = _machine.Round;
        var saved = _machine.IsOver ? default : _desk.SavedState(round);
        if (saved.Coming)
        {
            // Buffers, and for a job that is held the optimizer, are in what the trainer saves for this round.
            return;
        }

        var state = Cut();
        if (saved.Path is { } path)
        {
            // Copied, because the trainer writes over the file two rounds on, where a job that is held goes on after all.
            var own = TrainerDesk.ReadSaved(path);
            state = state with { Trainer = IsHeld ? own.ToArray() : default, Statics = Statics(state, own) };
        }

        Begin(state);
    }

    private CheckpointState Cut()
    {
        (_cutAt, _began) = (_machine.Round, _time.GetTimestamp());
        _heldAt = _held ? _machine.Round : -1;
        _cutFinal = _machine.IsOver;
        return _machine.Cut(_memory);
    }

    private void TakeCopy(ReadOnlyMemory<byte>? copy)
    {
        var state = _awaitsTrainer;
        _awaitsTrainer = null;
        if (state is not null && copy is { } trainer)
        {
            Begin(state with { Trainer = trainer, Statics = Statics(state, trainer) });
        }
        else
        {
            // The trainer is gone: its successor is asked again.
            (_heldAt, _cutAt) = (-1, -1);
        }

        if (!_held)
        {
            Unpark();
        }
    }

    private static ReadOnlyMemory<byte> Statics(CheckpointState state, ReadOnlyMemory<byte> trainer) =>
        state.Statics.IsEmpty || TrainerStateFile.Read(trainer) is not { Succeeded: true } read ? state.Statics : read.Value.PackStatics(state.Tensors) ?? state.Statics;

    private void Begin(CheckpointState state)
    {
        var held = IsHeld;
        if (!_cuts.Any)
        {
            Write(() => _writer.Write(state, held), Say);
            return;
        }

        if (_cuts.IsFirst)
        {
            _cuts.Ask(state.Round, held);
        }
        else
        {
            _cuts.Cut();
        }

        Write(() => _writer.WriteLane(state, held, _lane), done =>
        {
            _cuts.Wrote(done.Succeeded ? null : done.Problems[0].Message);
            TryJoin();
        });
    }

    private void TryJoin()
    {
        if (_cuts.IsAnswered && _writing is null)
        {
            var (round, failure) = (_cuts.Round, _cuts.Failure);
            Write(() => _writer.Join(round, _lanes, failure), done =>
            {
                _cuts.Settle();
                Say(done);
            });
        }
    }

    private void Write<T>(Func<Outcome<T>> work, Action<Outcome<T>> take)
        where T : class
    {
        var writing = BackgroundThread.RunAsync(work);
        (_writing, _take) = (writing, () => take(writing.GetAwaiter().GetResult()));
        writing.ContinueWith(_ => _written(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    private void TakeWritten()
    {
        _writing = null;
        _take();
    }

    private void Unpark()
    {
        _parkedSince = null;
        _desk.Unpark();
    }

    private void Say(Outcome<CheckpointReport> outcome)
    {
        _failedAt = outcome.Succeeded ? null : _time.GetTimestamp();
        if (!outcome.Succeeded)
        {
            (_heldAt, _cutFinal) = (-1, false);
        }

        _events.Post(outcome.Succeeded ? new BridgeEvent.Checkpointed(outcome.Value) : new BridgeEvent.CheckpointFailed(outcome.Problems[0].Message));
    }
}
