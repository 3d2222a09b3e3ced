using System.Globalization;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Merging;

namespace Superfactory.Sync.Bridge.Trainer;

/// <summary>The conversation from the beginning of training on: what the trainer says of its rounds, and what the machine wants of it.</summary>
internal sealed partial class TrainerDesk
{
    /// <summary>
    /// Carries out what the machine wants of the trainer. Where no trainer waits for it, because it has died since it asked,
    /// nothing is done: the machine gives the next one what it needs when that has registered.
    /// </summary>
    public void Carry(MergeEffect effect)
    {
        switch (effect, _connection is null ? TrainerPhase.Done : _phase)
        {
            case (MergeEffect.Begin begin, TrainerPhase.Beginning or TrainerPhase.Merging):
                Begin(begin);
                break;
            case (MergeEffect.Deal deal, TrainerPhase.Dealing):
                (_phase, _turn) = (TrainerPhase.Training, deal.Turn ?? _turn!);
                Answer(new TrainerReply.Deal(TrainerSamples.From(deal.Samples), _turn, TrainerSamples.From(deal.Following)));
                break;
            case (MergeEffect.Merged merged, TrainerPhase.Merging):
                Merged(merged.Result);
                break;
            case (MergeEffect.Merged merged, TrainerPhase.Copying):
                // The trainer writes its state from before the merge; the result waits until it has.
                _mergedMeanwhile = merged.Result;
                break;
            case (MergeEffect.Begin begin, TrainerPhase.Copying):
                _beginMeanwhile = begin;
                break;
            case (MergeEffect.CopyTrainerState copy, TrainerPhase.Merging):
                Want(copy);
                AskForCopy();
                break;
            case (MergeEffect.CopyTrainerState copy, TrainerPhase.Copying):
                // It writes one already, of the same boundary; another one, where it is of another kind, after that.
                Want(copy);
                break;
            case (MergeEffect.Follow follow, TrainerPhase.Beginning):
                Follow(follow);
                break;
            case (MergeEffect.Follow follow, TrainerPhase.Following):
                _follows.Enqueue(follow);
                break;
            case (MergeEffect.Begin begin, TrainerPhase.Following):
                _beginMeanwhile = begin;
                break;
            case (MergeEffect.Finalized finalized, TrainerPhase.Finalizing):
                _phase = TrainerPhase.Finalized;
                Answer(new TrainerReply.Finalized(finalized.LoadMerged, finalized.LoadStatics));
                break;
            case (MergeEffect.Done, TrainerPhase.Finishing):
                _phase = TrainerPhase.Done;
                Answer(new TrainerReply.Done());
                break;
            case (MergeEffect.Deal { Samples: null }, _):
                // A trainer that never asked for samples needs no answer.
                break;
            case (_, TrainerPhase.Done):
                break;
            default:
                throw new InvalidOperationException($"The machine wants {effect.GetType().Name} of a trainer that is in the phase {_phase}.");
        }
    }

    private void Begin(MergeEffect.Begin begin)
    {
        string? state = null;
        if (begin.Steps is { } steps)
        {
            (_peerStateGiven, _stepsGiven) = (true, true);
            (_declared, _phase, _turn) = (_phase != TrainerPhase.Merging && _declared, TrainerPhase.Training, begin.Turn);
            _reporter.Began();
            Answer(new TrainerReply.Begin(begin.Turn, false, null, _states!.WriteSteps(steps.Steps), _states.WriteRest(steps.Rest)));
            return;
        }

        if (begin.TrainerState is { } peerState)
        {
            state = _states!.WritePeerState(peerState);
            _peerStateGiven = true;
        }
        else if (begin.LoadMerged)
        {
            state = Saved(begin.Turn.Round, ModeOf(begin.Turn));
        }

        if (_phase == TrainerPhase.Merging)
        {
            // Its parameters were not the run's: it takes another's state where it stands, and says anew how it draws samples.
            _declared = false;
        }

        (_phase, _turn) = (TrainerPhase.Training, begin.Turn);
        _reporter.Began();
        Answer(new TrainerReply.Begin(begin.Turn, begin.LoadMerged, state));
    }

    /// <summary>Rounds of streaming in which every parameter is merged once: the trainer saves its state as often. 1 before the trainer registered.</summary>
    public int Fragments => _table is null ? 1 : _table.Tensors.Max(tensor => tensor.Fragment) + 1;

    /// <summary>What a turn's round merges.</summary>
    private SyncMode ModeOf(RoundTurn? turn) => turn?.Mode ?? _configuration.Specification.Sync.Mode;

    /// <summary>What the trainer saved for a round, or in streaming for one since every parameter was merged last; null where nothing was.</summary>
    private string? Saved(long round, SyncMode mode) => _states!.SavedFor(mode == SyncMode.Streaming ? round - Fragments + 1 : round, round);

    private void Declare(TrainerMessage.Data data)
    {
        if (data.Count <= 0 || data.Batch <= 0)
        {
            Refuse($"The trainer of {Island} declares {data.Count} samples in batches of {data.Batch}; both must be at least 1.");
            return;
        }

        (_phase, _declared) = (TrainerPhase.Dealing, true);
        _drive(new MergeInput.TrainerData(new DataDeclaration(data.Count, data.Batch, data.Dataset)));
    }

    private void Contribute(TrainerMessage.Merge merge)
    {
        var turn = _turn!;
        if (merge.Round != turn.Round || merge.Steps < 0 || merge.Steps > turn.Steps || merge.Tokens is < 0 or > MergeLimits.TokensMax)
        {
            Refuse($"The trainer of {Island} contributes {merge.Steps} steps and {merge.Tokens} tokens to round {merge.Round}; "
                + $"the bridge expected up to {turn.Steps} steps for round {turn.Round}, and at most {MergeLimits.TokensMax} tokens.");
            return;
        }

        if (turn.Finished)
        {
            Refuse($"The trainer of {Island} contributes although everything is merged; the bridge expected 'finalize'.");
            return;
        }

        _phase = TrainerPhase.Merging;
        _reporter.Contributed(merge);
        if (!_declared)
        {
            // A loop that reaches its first merge without samples from the run is one that draws its own.
            _declared = true;
            _drive(new MergeInput.TrainerData(null));
        }

        if (Parks(merge.Round))
        {
            _parked = merge;
            return;
        }

        Drive(merge);
    }

    private void Drive(TrainerMessage.Merge merge) => _drive(new MergeInput.TrainerContributed(new Contribution
    {
        Round = merge.Round,
        Steps = merge.Steps,
        Tokens = merge.Tokens,
        LossSum = merge.LossSum,
        Overflow = merge.Overflow,
        ParametersHash = merge.Parameters is { } hash && ulong.TryParse(hash, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var parameters) ? parameters : 0,
        Earlier = merge.Earlier ?? [],
    }, merge.Kept is { } kept ? _states!.TakeKept(kept) : null));

    private void Merged(MergeOutcome result)
    {
        var (before, mode) = (ModeOf(_turn), ModeOf(result.Next));
        (_phase, _turn) = (TrainerPhase.Training, result.Next);
        _savesNext = mode == SyncMode.EveryStep || (mode == SyncMode.Streaming && before == mode && result.Next.Round % Fragments != 0) ? -1 : result.Next.Round;
        var state = result.TrainerState is { } peerState ? _states!.WritePeerState(peerState) : null;
        _peerStateGiven |= state is not null;
        _reporter.Merged();
        Answer(new TrainerReply.RoundMerged(
            result.Round, result.Tokens, result.Loss, result.Reset, result.Skip, result.Next, TrainerSamples.From(result.Deal), TrainerSamples.From(result.FollowingDeal), state, result.Keep ? _states!.KeptPath : null));
    }

    private void Remember(TrainerMessage.Saved saved)
    {
        if (_states!.Remember(saved.Round, saved.Path) is { } problem)
        {
            Refuse(problem.Message);
            return;
        }

        Answer(new TrainerReply.Accepted());
    }

    private void Finish(TrainerMessage.Finish finish)
    {
        if (finish.ParametersSha256.Length != 64 || !finish.ParametersSha256.All(char.IsAsciiHexDigitLower))
        {
            Refuse($"The trainer of {Island} gave '{finish.ParametersSha256}' as the SHA-256 of its parameters; expected 64 hexadecimal digits.");
            return;
        }

        if (!Results.Take(finish))
        {
            Refuse($"The trainer of {Island} gave more than {TrainerResults.NamesMax} results.");
            return;
        }

        _phase = TrainerPhase.Finishing;
        _drive(new MergeInput.TrainerFinished(finish.ParametersSha256));
    }
}
