using Superfactory.Sync.Bridge.Memory;

namespace Superfactory.Sync.Bridge.Trainer;

/// <summary>What checkpoints need of the trainer: a contribution that waits, a copy of its state at that boundary, what it saved at the last one.</summary>
internal sealed partial class TrainerDesk
{
    private TrainerMessage.Merge? _parked;
    private bool _checkpointAsked;

    /// <summary>Asked for each contribution, by its round: whether it waits for <see cref="Unpark"/> before the machine hears of it.</summary>
    public Func<long, bool> Parks { get; set; } = static _ => false;

    /// <summary>Told the copy that <see cref="AskCopy"/> asked for; null where the trainer is gone.</summary>
    public Action<ReadOnlyMemory<byte>?> TookCopy { get; set; } = static _ => { };

    /// <summary>Where the conversation stands.</summary>
    public TrainerPhase Phase => _phase;

    /// <summary>The round of the contribution that waits; null where none does.</summary>
    public long? Parked => _parked?.Round;

    /// <summary>Whether the trainer waits for a merge, or for its contribution to go on, and may be asked for a copy of its state.</summary>
    public bool CanCopy => _connection is not null && _phase == TrainerPhase.Merging;

    /// <summary>Asks the trainer, which waits, for a copy of its state at the boundary before its contribution; in streaming, of where it stands since.</summary>
    public void AskCopy()
    {
        _checkpointAsked = true;
        AskForCopy(standing: true);
    }

    /// <summary>Lets a contribution that waits go on.</summary>
    public void Unpark()
    {
        if (_parked is { } merge && _phase != TrainerPhase.Copying)
        {
            _parked = null;
            Drive(merge);
        }
    }

    /// <summary>What the trainer saved when <paramref name="round"/> began, or whether it is just about to.</summary>
    public (string? Path, bool Coming) SavedState(long round)
    {
        if (_states is not null && Saved(round, ModeOf(_turn)) is { } path)
        {
            return (path, false);
        }

        // It saves before the first step of a round that it was told of; one that began anew in this round has nothing to save.
        return (null, _phase == TrainerPhase.Training && _turn is { Finished: false } turn && turn.Round == round && _savesNext == round);
    }

    /// <summary>Reads what the trainer saved. The file is not written to again before the round after the next.</summary>
    public static ReadOnlyMemory<byte> ReadSaved(string path)
    {
        var file = MappedFile.OpenRead(path);
        return file.Bytes is > 0 and <= int.MaxValue ? new MappedMemory<byte>(file, 0, (int)file.Bytes).Memory : default;
    }

    private void ForgetParked()
    {
        var asked = _checkpointAsked;
        (_parked, _checkpointAsked, _machineAsked, _restAsked, _stepsGiven) = (null, false, false, false, false);
        _follows.Clear();
        if (asked)
        {
            TookCopy(null);
        }
    }
}
