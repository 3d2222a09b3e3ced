namespace Superfactory.Wan.Sharing;

/// <summary>
/// Keeps bulk from a link for a moment after merges had it and have nothing ready. A merge that waits for the other side's last word goes on a round
/// trip later; bulk that took the link at once would stand in its queue before that. Nothing is held for longer than merges kept the link
/// busy before, so merges that trickle leave bulk nearly all that they do not use, and it never waits for ever. Pure; not thread-safe.
/// </summary>
internal sealed class MergeHold
{
    private long _at = long.MinValue;
    private bool _wasReady;
    private long _earned;

    /// <summary>How long bulk is held at most, in ticks; default 0, never. It is to be a round trip and what an answer takes.</summary>
    public long LengthMax { get; set; }

    /// <summary>When what is held now may leave, in ticks, if merges have nothing until then; in the past where nothing is held.</summary>
    public long Until => _wasReady ? long.MinValue : _at + _earned;

    /// <summary>Takes note of whether merges have something to send, each time that something may be sent.</summary>
    /// <param name="isReady">Whether they have.</param>
    /// <param name="now">The time, in ticks; never less than before.</param>
    /// <returns>Whether bulk is held.</returns>
    public bool Look(bool isReady, long now)
    {
        // What merges had at the last look has kept the link busy since; where they had nothing, the hold has run down.
        var passed = _at == long.MinValue ? 0 : now - _at;
        _earned = _wasReady ? Math.Min(_earned + passed, LengthMax) : Math.Max(0, _earned - passed);
        (_at, _wasReady) = (now, isReady);
        return !isReady && _earned > 0;
    }
}
