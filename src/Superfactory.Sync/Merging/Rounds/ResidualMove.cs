using System.Numerics;
using Superfactory.Model.Jobs;

namespace Superfactory.Sync.Merging.Rounds;

/// <summary>
/// Moves the residuals of results with their leaders. They are with those who led in the last result's epoch. Who was no member of that, and
/// leads fragments now, has them from the island that led all of these: of that epoch's members the first after it. Where that one is no
/// member any more, or has lost its memory, they are gone, and begin with zero.
/// </summary>
internal sealed class ResidualMove(MergeState state, RoundExchange exchange)
{
    private (int Epoch, long Round) _taken = (-1, -1);
    private (int Epoch, long Round) _emptied = (-1, -1);

    private (int Epoch, long Round) Now => (state.Epoch.Number, state.History.Round);

    /// <summary>Whether this island was no member when the last result was committed.</summary>
    private bool IsNew => IsKept && exchange.IsPrepared && state is { IsCurrent: true, Sealed: false, History.Round: > 0 } && (state.History.Takers >> state.Self & 1) == 0;

    /// <summary>Whether results have residuals at all.</summary>
    public bool IsKept => !state.Direct && state.Configuration.Sync.ErrorFeedback && state.ResultFormat.Format != NumberFormat.Fp32;

    /// <summary>From whom residuals are needed that are not here; null where none are.</summary>
    public Peer? From => IsNew && _taken != Now && Holder is { } holder && state.IsMember(holder) ? state.PeerAt(holder) : null;

    private int? Holder
    {
        get
        {
            var takers = state.History.Takers;
            var after = takers >> state.Self >> 1;
            return takers == 0 ? null : after != 0 ? state.Self + 1 + BitOperations.TrailingZeroCount(after) : BitOperations.TrailingZeroCount(takers);
        }
    }

    /// <summary>How many residuals an island has that leads what it leads in this epoch.</summary>
    public static long Numbers(MergeState state, int island)
    {
        var numbers = 0L;
        foreach (var plan in state.Plans)
        {
            foreach (var fragment in plan.Fragments)
            {
                numbers += state.LeaderOf(fragment) == island ? fragment.Count : 0;
            }
        }

        return numbers;
    }

    /// <summary>Whether results have to wait for residuals; drops those of an earlier time, of which nobody knows.</summary>
    public bool IsAwaited()
    {
        if (!IsNew || _taken == Now)
        {
            return false;
        }

        if (_emptied != Now)
        {
            _emptied = Now;
            exchange.DropResiduals(all: true);
        }

        return From is not null;
    }

    /// <summary>They are here, or the island that had them has none.</summary>
    public void Taken() => _taken = Now;
}
