namespace Superfactory.Sync.Merging.Rounds;

/// <summary>
/// Norms that follow the chunks. To say them in the header all numbers would have to be read before the first may leave; of two islands that
/// send numbers as they lie each chunk is read as it is sent, or where the other is near as it is merged, and the header is completed after the last.
/// Until both are complete the round is decided as if all of it were sound, and nothing of it is settled.
/// </summary>
internal sealed partial class RoundExchange
{
    private bool _completed;

    /// <summary>Whether this island's header was completed since this was last asked: something may follow from it.</summary>
    public bool TakeCompleted()
    {
        var completed = _completed;
        _completed = false;
        return completed;
    }

    /// <summary>Says what this island's contribution holds, in all its chunks: those that were not sent are read now. Does nothing where that was said.</summary>
    public void CompleteOwn()
    {
        if (Own is not { Header.NormsFollow: true } own)
        {
            return;
        }

        var header = own.Complete();
        Current.Headers[_state.Self] = header;
        _completed = true;
        foreach (var peer in _state.Fellows)
        {
            if (peer.Hears)
            {
                _state.Send(peer, new NormsMessage
                {
                    Round = header.Round, NonFinite = header.NonFinite, NonFiniteFragment = header.NonFiniteFragment, SquaredNorms = header.SquaredNorms,
                });
            }
        }
    }

    public void Take(Peer peer, NormsMessage norms)
    {
        if (InboxOf(peer, norms.Round) is not { } inbox)
        {
            return;
        }

        if (inbox.Headers[peer.Index] is not { NormsFollow: true } header)
        {
            _state.Fault(peer, $"norms in round {norms.Round} that no header left open");
            return;
        }

        var complete = header with { NormsFollow = false, NonFinite = norms.NonFinite, NonFiniteFragment = norms.NonFiniteFragment, SquaredNorms = norms.SquaredNorms };
        if (complete.SquaredNorms.Length != FragmentsOf(complete))
        {
            _state.Fault(peer, $"norms of {complete.SquaredNorms.Length} fragments in round {norms.Round} where {FragmentsOf(complete)} belong");
            return;
        }

        inbox.Headers[peer.Index] = complete;
    }

    /// <summary>Whether norms may follow this island's chunks: where the other one can be sent them at once. Else they are read while nothing could leave.</summary>
    private bool NormsMayFollow(long round)
    {
        if (!_state.Direct || _state.Lanes.Any || _state.Sealed || round != _state.History.Round || _state.Fellows.Count == 0)
        {
            return false;
        }

        foreach (var peer in _state.Fellows)
        {
            if (peer is not { Hears: true, Lane: { Open: true, HasRoom: true } } || peer.Applied != round - 1)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>How many norms a header has.</summary>
    private int FragmentsOf(ContributeMessage header) =>
        header.NormsFollow || !RoundDecision.HasNumbers(header, header.Mode) ? 0
        : _state.Lanes.Any ? _state.Lanes.Fragments
        : _state.Plans[_state.PartOf(header.Round, header.Mode)].Fragments.Length;

    private static bool Same(ContributeMessage known, ContributeMessage again) => AreOneBefore(known, again)
        && known.NormsFollow == again.NormsFollow && known.NonFinite == again.NonFinite && known.SquaredNorms.AsSpan().SequenceEqual(again.SquaredNorms.AsSpan());

    /// <summary>Whether two headers say the same but for what was found in the numbers.</summary>
    private static bool AreOneBefore(ContributeMessage one, ContributeMessage other) =>
        one.BaseHash == other.BaseHash && one.Steps == other.Steps && one.SpanSteps == other.SpanSteps && one.SpanTokens == other.SpanTokens && one.Afresh == other.Afresh && one.Tokens == other.Tokens && one.LossSum.Equals(other.LossSum)
        && one.Overflow == other.Overflow;
}
