namespace Superfactory.Sync.Merging.Rounds;

/// <summary>Whether a round may close without the islands that are late.</summary>
internal sealed partial class RoundExchange
{
    /// <summary>Whether enough members have contributed to the round, at least one of them work, for it to close without the others, of whom there are some.</summary>
    public bool IsQuorate
    {
        get
        {
            var quorum = _state.Configuration.Sync.Quorum;
            if (quorum == 0 || !IsPrepared || !_state.IsCurrent || Work.Decision is not null || FirstLate is not { } late || Work.IsOut(late) || !AllHoldTheLast())
            {
                return false;
            }

            var (here, work) = (0, false);
            for (var island = 0; island < _state.Count; island++)
            {
                if (_state.IsMember(island) && !Work.IsLate(island) && Current.Headers[island] is { } header)
                {
                    (here, work) = (here + 1, work || header.SpanSteps > 0);
                }
            }

            // A round that merges nothing gets the run no further: samples that only somebody late was dealt would be dealt to it for ever.
            return work && here >= quorum;
        }
    }

    /// <summary>The first member that the attempt counts on and that has not contributed; null where all have.</summary>
    public int? FirstLate
    {
        get
        {
            for (var island = 0; island < _state.Count; island++)
            {
                if (_state.IsMember(island) && !Work.IsLate(island) && Current.Headers[island] is null)
                {
                    return island;
                }
            }

            return null;
        }
    }

    /// <summary>Whether every member's bridge holds the result of the round before: nobody is ever two rounds ahead of another.</summary>
    private bool AllHoldTheLast()
    {
        foreach (var fellow in _state.Fellows)
        {
            if (fellow.Applied < _state.History.Round - 1)
            {
                return false;
            }
        }

        return true;
    }
}
