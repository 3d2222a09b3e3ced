using Superfactory.Sync.Merging.Trainer;

namespace Superfactory.Sync.Merging;

/// <content>What its trainer says.</content>
public sealed partial class MergeMachine
{
    private void TakeOfTrainer(MergeInput input)
    {
        switch (input)
        {
            case MergeInput.TrainerRegistered registered:
                Register(registered.Tensors, registered.Buffers);
                break;
            case MergeInput.TrainerData { Data: var data }:
                _dealing.Declare(data);
                break;
            case MergeInput.TrainerContributed { Contribution: var contribution } contributed:
                Take(contribution, contributed.Kept);
                break;
            case MergeInput.TrainerFollowed:
                _following.Followed();
                break;
            case MergeInput.TrainerUnfit:
                _following.GiveUp();
                _seat.Refuse();
                break;
            case MergeInput.TrainerWaits:
                _seat.Waits = true;
                break;
            case MergeInput.TrainerAnchored:
                _change.Anchor();
                break;
            case MergeInput.TrainerStateCopied { State: var copy } copied when copied.Rest || !_change.TakeCopy(copy):
                _server.TakeCopy(copy, copied.Rest);
                break;
            case MergeInput.TrainerFinalizing when _seat.Phase == TrainerPhase.Training && _state.History.Finished:
                _seat.Phase = TrainerPhase.Finalizing;
                break;
            case MergeInput.TrainerFinished { ParametersSha256: var hash } when _seat.Phase == TrainerPhase.Saving:
                _finale.Finish(hash);
                break;
            case MergeInput.TrainerLost when !_finale.Done:
                _exchange.Own?.Detach();
                _seat.Lose();
                _server.LoseTrainer();
                _following.LoseTrainer();
                _change.LoseTrainer();
                _dealing.LoseTrainer();
                break;
        }
    }

    private void Take(Contribution contribution, ReadOnlyMemory<byte>? kept)
    {
        var asked = _seat.Told ?? _state.History.TurnOf(_state.Self);
        if (_seat.Phase != TrainerPhase.Training || contribution.Round != asked.Round || asked.Finished)
        {
            _state.Fail($"The trainer of {_state.NameOf(_state.Self)} contributed to round {contribution.Round} where round {asked.Round} was not its own to contribute to.");
            return;
        }

        if (contribution.Steps != asked.Steps || contribution.Tokens is < 0 or > MergeLimits.TokensMax)
        {
            _state.Fail($"The trainer of {_state.NameOf(_state.Self)} contributed {contribution.Steps} steps and {contribution.Tokens} tokens to round {asked.Round} where {asked.Steps} steps were asked for.");
            return;
        }

        if (_seat.Stale)
        {
            _state.Note($"What the trainer of {_state.NameOf(_state.Self)} gave for round {asked.Round} came too late: the run went on without it, and its samples are dealt again.");
            _seat.Phase = TrainerPhase.Waiting;
            return;
        }

        if (_state is { EveryStep: false, Anchored: false })
        {
            _state.Fail($"The trainer of {_state.NameOf(_state.Self)} contributed to round {asked.Round} before it gave the parameters that the round starts from.");
            return;
        }

        if (!_dealing.HasDeclared(_state.Self))
        {
            _dealing.Declare(null);
        }

        // What the numbers start from is hashed now, so that damage since the last merge cannot pass for the common state.
        _applier.Seal();
        _seat.Phase = TrainerPhase.Waiting;
        _seat.Stands = contribution.Steps > 0 ? null : _seat.Stands;
        _steps.Contributed(kept);
        _exchange.Contribute(_seat.Span(contribution));
        _server.TryCopyForLearners();
    }
}
