using System.Net.Sockets;

namespace Superfactory.Wan.Transport;

/// <summary>A connection under everything that a link puts on top of it.</summary>
internal interface ILinkTransport
{
    /// <summary>Its socket; null where it is none.</summary>
    Socket? Socket { get; }

    /// <summary>Counts for <paramref name="counters"/> from now on, with what was counted before. Only while nothing is read or written.</summary>
    void CountFor(ByteCounters counters);
}
