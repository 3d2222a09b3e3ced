using Superfactory.Model.Jobs;
using Superfactory.Sync.Merging;

namespace Superfactory.Simulation.Training;

/// <summary>What a trainer does in streaming: it gives a part of its parameters, goes on while that is merged, and mixes the result into its own.</summary>
internal sealed partial class VirtualTrainer
{
    private readonly Queue<(long Round, Taken Taken)> _since = [];
    private Taken _ahead = new();
    private int _inTime;

    /// <summary>Steps that it may take while what it contributed is merged; 0 in other modes.</summary>
    public int AheadMax => _turn?.Following is { } following ? Math.Min(_scenario.Staleness, following.Steps) : 0;

    /// <summary>The run's own parameters are all that it has: nothing is left of what it trained before.</summary>
    private void Forget()
    {
        (_ahead, _inTime) = (new Taken(), 0);
        _since.Clear();
    }

    /// <summary>Takes what is left of the round's steps, gives the part, and goes on while it is merged.</summary>
    private MergeInput.TrainerContributed ContributeFragment()
    {
        var turn = _turn!;
        var taken = _ahead;
        (_ahead, _inTime) = (new Taken(), 0);
        Train(turn, taken, turn.Steps);
        while (_since.TryPeek(out var oldest) && oldest.Round <= turn.Round - _scenario.Parts)
        {
            _since.Dequeue();
        }

        _since.Enqueue((turn.Round, taken));
        if (turn.Mode is not null)
        {
            _momentum.AsSpan().Fill(LocalTraining.InnerMomentum(_island, turn.Round));
        }

        List<long> positions = [.. _since.SelectMany(each => each.Taken.Positions)];
        var given = (float[])_parameters.Clone();
        var contribution = new Contribution { Round = turn.Round, Steps = turn.Steps, Tokens = taken.Tokens, LossSum = taken.LossSum };
        return Give(
            contribution,
            new GivenRound(turn.Round, SyncMode.Streaming, [], [], given, positions, LocalTraining.TokensOf(positions.ToArray()), Spoils is not null),
            _scenario.PartOf(turn.Round, SyncMode.Streaming));
    }

    private void MergeFragment(MergeOutcome outcome, int meanwhile)
    {
        var part = _scenario.PartOf(outcome.Round, SyncMode.Streaming);
        if (outcome.Reset)
        {
            Forget();
            _parameters = _buffers.Merged.ToArray();
        }
        else
        {
            // The result is applied after τ steps at the earliest, and the trainer waits for it after as many as it may be late.
            var following = _turn!.Following!;
            var most = AheadMax;
            Train(following, _ahead, Math.Min(Math.Max(meanwhile, _turn.Delay ?? _scenario.Sync.Delay), most));
            _inTime = Math.Min(meanwhile, most);
            LocalTraining.Mix(_parameters.AsSpan(part), _buffers.Merged.Span[part], (float)_scenario.Sync.Mixing);
        }

        if (!KeepsItsSamples || _samples is null)
        {
            Learn(outcome.Deal, outcome.FollowingDeal);
        }

        _turn = outcome.Next;
        Proceed();
    }

    private void Train(RoundTurn turn, Taken taken, int until)
    {
        Span<float> gradient = stackalloc float[_parameters.Length];
        while (taken.Steps < until)
        {
            var positions = Positions(KeepsItsSamples ? _samples : _deals.GetValueOrDefault(turn.Segment), turn.FirstTurn + taken.Steps);
            LocalTraining.Gradient(_parameters, positions, gradient);
            LocalTraining.Step(_parameters, gradient);
            taken.Add(positions, Math.Abs(gradient[0]));
        }
    }
}
