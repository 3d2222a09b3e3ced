using Superfactory.Sync.Merging;

namespace Superfactory.Sync.Bridge.Trainer;

/// <summary>Copies of the trainer's state that peers and checkpoints want, and what it takes of a peer's before it begins.</summary>
internal sealed partial class TrainerDesk
{
    private readonly Queue<MergeEffect.Follow> _follows = [];
    private bool _machineAsked;
    private bool _restAsked;
    private bool _copiesRest;
    private bool _stepsGiven;

    private void Want(MergeEffect.CopyTrainerState copy) => (_machineAsked, _restAsked) = (_machineAsked || !copy.Rest, _restAsked || copy.Rest);

    private void AskForCopy(bool standing = false)
    {
        (_phase, _copiesRest) = (TrainerPhase.Copying, _restAsked);
        Answer(new TrainerReply.CopyState(_states!.CopyPath, standing && !_restAsked, _restAsked));
    }

    private void TakeCopy(TrainerMessage.StateCopied copied)
    {
        var copy = _states!.TakeCopy(copied.Bytes);
        if (!copy.Succeeded)
        {
            Refuse(copy.Problems[0].Message);
            return;
        }

        _phase = TrainerPhase.Merging;
        if (_copiesRest)
        {
            _restAsked = false;
            _drive(new MergeInput.TrainerStateCopied(copy.Value.State, Rest: true));
        }
        else
        {
            GiveCopy(copy.Value.State);
        }

        if (_restAsked || _machineAsked || _checkpointAsked)
        {
            AskForCopy(_checkpointAsked);
            return;
        }

        GoOn();
    }

    private void GiveCopy(ReadOnlyMemory<byte> state)
    {
        var (forCheckpoint, forMachine) = (_checkpointAsked, _machineAsked);
        (_checkpointAsked, _machineAsked) = (false, false);
        if (forMachine)
        {
            _drive(new MergeInput.TrainerStateCopied(state));
        }

        if (forCheckpoint)
        {
            TookCopy(state);
        }
    }

    /// <summary>Passes on what came while the trainer was busy with a state.</summary>
    private void GoOn()
    {
        if (_beginMeanwhile is { } begin)
        {
            _beginMeanwhile = null;
            Begin(begin);
        }
        else if (_mergedMeanwhile is { } result)
        {
            _mergedMeanwhile = null;
            Merged(result);
        }
    }

    private void Follow(MergeEffect.Follow follow)
    {
        (_phase, _peerStateGiven) = (TrainerPhase.Following, true);
        Answer(new TrainerReply.Follow(follow.TrainerState is { } state ? _states!.WritePeerState(state) : null, _states!.WriteSteps(follow.Steps)));
    }

    private void Followed()
    {
        _phase = TrainerPhase.Beginning;
        _drive(new MergeInput.TrainerFollowed());
        if (_follows.TryDequeue(out var next))
        {
            Follow(next);
            return;
        }

        GoOn();
    }

    /// <summary>The trainer needs a whole state: what it was to take is of no use.</summary>
    private void BeginAnew(TrainerMessage.Unfit unfit)
    {
        _reporter.Note($"The trainer of {Island} takes the whole state of another, because it cannot go on with the steps that others took: {unfit.Reason}");
        _follows.Clear();
        (_phase, _beginMeanwhile, _stepsGiven) = (TrainerPhase.Beginning, null, false);
        _drive(new MergeInput.TrainerUnfit());
    }
}
