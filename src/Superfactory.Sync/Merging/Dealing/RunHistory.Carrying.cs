using System.Collections.Immutable;
using Superfactory.Model.Agents;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Merging.Wire;

namespace Superfactory.Sync.Merging.Dealing;

/// <summary>How a history goes on with other islands than it began with.</summary>
internal sealed partial class RunHistory
{
    private const byte NothingDealt = 0;
    private const byte Dealt = 1;
    private const byte Carries = 2;

    /// <summary>What was merged before with other islands, until the present ones have committed a round; null otherwise.</summary>
    public CarriedSamples? Carried { get; private set; }

    /// <summary>The ledger's numbers of the committed rounds alone: what was dealt for the current one is free. Null where the run is untracked.</summary>
    public LedgerTotals? Settled => Ledger is { } ledger
        ? new LedgerTotals(ledger.Planned * Unit, ledger.Merged * Unit, 0, (ledger.Planned - ledger.Merged) * Unit, Pipeline?.ReplayedWhereLost(Round) ?? _replayed)
        : Carried is { Declaration: not null } carried && carried.Merged.Sum(range => range.End - range.Start) is var merged
            ? new LedgerTotals(carried.Planned * Unit, merged * Unit, 0, (carried.Planned - merged) * Unit, Replayed)
            : null;

    /// <summary>This history for a run of other islands: what is merged stays merged, and the rest is dealt to them once they have declared.</summary>
    /// <param name="before">The islands that it has, in their order.</param>
    /// <param name="now">The islands that go on, in their order.</param>
    /// <param name="sync">The run's mode and interval.</param>
    /// <param name="budget">When the run is done.</param>
    public RunHistory For(ImmutableArray<string> before, ImmutableArray<string> now, SyncSpecification sync, BudgetSpecification budget)
    {
        var history = new RunHistory(now.Length, sync, budget, _parts)
        {
            Round = Round,
            Chain = Chain,
            TurnsTaken = TurnsTaken,
            Refusals = Refusals,
            LastMerged = LastMerged,
            LastTokens = LastTokens,
            Loss = Loss,
            LastSkipped = LastSkipped,
            Carried = Begun ? new CarriedSamples(Declarations.FirstOrDefault(declaration => declaration is not null), Ledger?.Planned ?? 0, Ledger?.Segment.Number ?? 0, Ledger is { } ledger ? [.. ledger.MergedRanges] : []) : Carried,
        };
        history.KeepSchedule(this);
        history.Pipeline?.Clear(Pipeline?.ReplayedWhereLost(Round) ?? _replayed);
        for (var island = 0; island < now.Length; island++)
        {
            var was = before.IndexOf(now[island], StringComparer.Ordinal);
            if (was >= 0)
            {
                (history.Tokens[island], history.Steps[island]) = (Tokens[was], Steps[was]);
            }
        }

        return history;
    }

    /// <summary>What was dealt since the last commit is dealt anew: nobody but these islands knows of it.</summary>
    public void Undeal()
    {
        (Declarations, Ledger, Takers) = ([], null, 0);
        Pipeline?.Clear(Pipeline.Replayed);
    }

    /// <summary>Whether nothing has been merged since it was dealt to the present islands, so that others may have been dealt to.</summary>
    public bool IsNewlyDealt => Begun && (Round == 0 || Carried is not null);

    private void WriteDealing(WireWriter writer)
    {
        // Before their first commit an island may or may not have heard all declarations: not part of what they share.
        var kind = Carried is not null ? Carries : Begun && Round > 0 ? Dealt : NothingDealt;
        writer.Byte(kind);
        if (kind == Dealt)
        {
            writer.UInt64(Takers);
            writer.UInt64(GivenBackLast);
            WriteDeclarations(writer);
        }
        else if (kind == Carries)
        {
            Carried!.Write(writer);
            if (Pipeline is not null)
            {
                writer.Int64(Pipeline.Replayed);
            }
        }
    }

    private void ReadDealing(ref WireReader reader)
    {
        switch (reader.Byte())
        {
            case NothingDealt:
                break;
            case Dealt:
                (Takers, GivenBackLast) = (reader.UInt64(), reader.UInt64());
                ReadDeclarations(ref reader);
                break;
            case Carries:
                Carried = CarriedSamples.Read(ref reader);
                reader.Require(Carried is not null);
                Pipeline?.Clear(reader.Int64(0, long.MaxValue / 2));
                break;
            default:
                reader.Require(false);
                break;
        }
    }
}
