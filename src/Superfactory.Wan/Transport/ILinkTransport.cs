namespace Superfactory.Wan.Transport;

/// <summary>A connection whose bytes are counted for the link that it turns out to belong to.</summary>
internal interface ILinkTransport
{
    /// <summary>Counts for <paramref name="counters"/> from now on, with what was counted before. Only while nothing is read or written.</summary>
    void CountFor(ByteCounters counters);
}
