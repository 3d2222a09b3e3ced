using Superfactory.Sync.Merging.Rounds;

namespace Superfactory.Sync.Merging.Dealing;

/// <summary>What streaming adds to a history: deals a round ahead, each merged part by part.</summary>
internal sealed partial class RunHistory
{
    /// <summary>In streaming the deals that are not merged in every part, and the one after them; null otherwise.</summary>
    public DealPipeline? Pipeline { get; }

    /// <summary>A fragment as people know it: in streaming the part that the current round merges.</summary>
    public int NameOf(int fragment) => Pipeline is null ? fragment : (int)(Round % _parts);

    /// <summary>Steps of an island before the current round whose work is still to be merged in the part of that round; 0 outside streaming.</summary>
    public int SpanOf(int island) => Pipeline?.StepsBefore(Round, island) ?? 0;

    /// <summary>The samples of an island in the round after the current one, where they are of another segment; null otherwise.</summary>
    public DealtSamples? FollowingSamplesOf(int island) => Begun && Ledger is { } ledger && Pipeline is { } pipeline
        && pipeline.At(Round + 1).Segment is { } following && following != pipeline.At(Round).Segment ? following.For(island, ledger.Planned) : null;

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
