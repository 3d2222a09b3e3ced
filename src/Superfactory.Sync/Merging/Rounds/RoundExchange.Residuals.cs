namespace Superfactory.Sync.Merging.Rounds;

/// <summary>What becomes of the residuals of results as rounds are applied and leaders change.</summary>
internal sealed partial class RoundExchange
{
    private (long Round, LedResults Results)? _kept;
    private long _workRound = -1;

    /// <summary>Moves residuals of results with their leaders.</summary>
    public ResidualMove Residuals => field ??= new ResidualMove(_state, this);

    /// <summary>The residuals of all results that an island leads now and this one led; empty where it has none.</summary>
    public Memory<float> ResidualsFor(int island)
    {
        var numbers = new List<float>((int)Math.Min(ResidualMove.Numbers(_state, island), Array.MaxLength));
        var any = false;
        foreach (var part in _parts)
        {
            any |= part.Results.Give(island, numbers);
        }

        return any ? numbers.ToArray() : default;
    }

    /// <summary>Takes over the residuals of the results that this island leads now; empty where nobody has them. What waited for them goes on.</summary>
    public void Take(float[] residuals)
    {
        DropResiduals(all: true);
        var taken = 0;
        foreach (var part in residuals.Length > 0 ? _parts : [])
        {
            taken += part.Results.Take(residuals.AsSpan(taken));
        }

        Residuals.Taken();
        _chunks.Release();
    }

    /// <summary>Drops residuals: all, or those of results that others led in the last result's epoch.</summary>
    public void DropResiduals(bool all)
    {
        _kept = null;
        foreach (var part in _parts)
        {
            part.Results.Drop(all);
        }
    }

    /// <summary>
    /// The round before the current one is applied, by what was merged here or by taking a peer's state: the residuals of the results that
    /// this island led advance where it committed them in the last attempt that it knows of.
    /// </summary>
    public void CompleteResults()
    {
        if (HasCommitted() && _workRound == _state.History.Round - 1)
        {
            _kept = null;
            Results.Complete();
        }
        else
        {
            SettleKept();
            Results.Abandon();
        }

        if (Residuals.IsKept)
        {
            DropResiduals(all: false);
        }
    }

    /// <summary>An epoch ends an attempt. What was committed in it may be final all the same: then the round comes from a peer.</summary>
    private void KeepCommitted()
    {
        if (HasCommitted())
        {
            _kept = (_workRound, Results);
        }
    }

    /// <summary>Whether all that this island leads in the current attempt is committed, and there is something.</summary>
    private bool HasCommitted()
    {
        var any = false;
        foreach (var fragment in _state.Plan!.Fragments)
        {
            if (Work.LeaderOf(fragment) == _state.Self)
            {
                if (Work.Commits[fragment.Index] is not { Contributors: not 0 })
                {
                    return false;
                }

                any = true;
            }
        }

        return any;
    }

    /// <summary>What was committed before an epoch ended the attempt is part of the state now, may become so, or is void.</summary>
    private void SettleKept()
    {
        if (_kept is not { } kept || kept.Round == _state.History.Round)
        {
            return;
        }

        _kept = null;
        if (kept.Round == _state.History.Round - 1)
        {
            kept.Results.Complete();
        }
        else
        {
            kept.Results.Abandon();
        }
    }
}
