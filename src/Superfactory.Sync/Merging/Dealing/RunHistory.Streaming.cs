using Superfactory.Model.Agents;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Merging.Rounds;

namespace Superfactory.Sync.Merging.Dealing;

/// <summary>What streaming adds to a history: deals a round ahead, each merged part by part.</summary>
internal sealed partial class RunHistory
{
    /// <summary>In streaming the deals that are not merged in every part, and the one after them; null otherwise.</summary>
    public DealPipeline? Pipeline { get; private set; }

    /// <summary>
    /// What the run goes on with once everything that streaming dealt is merged in every part, and nothing more is dealt until then; null
    /// where it streams on, or does not stream.
    /// </summary>
    public RunSchedule? Leaving { get; private set; }

    /// <summary>Pairs of a sample and a part that were merged and given back with the rest of their sample.</summary>
    public long Replayed => Pipeline?.Replayed ?? _replayed;

    /// <summary>What a ledger counts for a sample: in a run that always streams its pairs with the parts; where the mode changes, samples.</summary>
    private int Unit => Changes ? 1 : _parts;

    /// <summary>A fragment as people know it: in streaming the part that the current round merges.</summary>
    public int NameOf(int fragment) => Pipeline is null ? fragment : (int)(Round % _parts);

    /// <summary>Steps of an island before the current round whose work is still to be merged in the part of that round; 0 outside streaming.</summary>
    public int SpanOf(int island) => Pipeline?.StepsBefore(Round, island) ?? 0;

    /// <summary>The samples of an island in the round after the current one, where they are of another segment; null otherwise.</summary>
    public DealtSamples? FollowingSamplesOf(int island) => Begun && Ledger is { } ledger && Pipeline is { } pipeline
        && pipeline.At(Round + 1).Segment is { } following && following != pipeline.At(Round).Segment ? following.For(island, ledger.Planned) : null;

    /// <summary>What the run is to go on with after streaming, where the epoch wants something else.</summary>
    private RunSchedule? LeavingFor(RunSchedule? next) => !Changes || Pipeline is null ? null
        : next is null ? Leaving
        : next.Mode == SyncMode.Streaming ? null : next;

    /// <summary>Deals for the current round and the one after it, where the run streams.</summary>
    private void DealAhead(ulong members)
    {
        for (var round = Round; Pipeline is { } pipeline && round <= Round + 1; round++)
        {
            pipeline.Deal(round, Ledger, _budget.Steps - TurnsTaken, TurnsTaken, members);
        }
    }

    /// <summary>A turn as a run that chooses by itself says it: with what its round merges.</summary>
    private RoundTurn Named(RoundTurn turn) => !Changes ? turn : turn with
    {
        Mode = Mode, Delay = Pipeline is null ? null : Schedule.Delay, Following = turn.Following is { } following ? Named(following) : null,
    };

    /// <summary>The turn after the one of the current round.</summary>
    private RoundTurn TurnOf(int island, DealPipeline pipeline)
    {
        var (now, next) = (pipeline.At(Round), pipeline.At(Round + 1));
        var progress = Ledger is { } ledger ? (double)(ledger.Merged + pipeline.SamplesBefore(Round + 1)) / ledger.Planned
            : Math.Min(1, (double)(TurnsTaken + now.Turns) / _budget.Steps);
        var following = new RoundTurn(Round + 1, next.Steps(island), next.First, progress, false, next.Segment?.Number ?? 0);
        return new RoundTurn(Round, StepsOf(island), now.First, Fraction, Finished, now.Segment?.Number ?? 0, Finished ? null : following);
    }

    /// <summary>The first turn of a run whose loop has not said how it draws samples.</summary>
    private RoundTurn UndealtTurn(DealPipeline pipeline)
    {
        var left = _budget.Steps > 0 ? _budget.Steps - TurnsTaken : long.MaxValue;
        var now = (int)Math.Min(left, pipeline.TurnsIn(Round));
        var next = (int)Math.Min(left - now, pipeline.TurnsIn(Round + 1));
        return new RoundTurn(Round, now, TurnsTaken, 0, false, 0, new RoundTurn(Round + 1, next, TurnsTaken + now, 0, false));
    }
}
