using Superfactory.Wan;

namespace Superfactory.Sync.Bridge.Peers;

/// <summary>
/// What carries messages between the bridges of a run: the site's gateway, or memory where several bridges live in one process.
/// Islands are known by name. Sending is thread-safe; events are for one reader.
/// </summary>
internal interface IPeerTransport : IAsyncDisposable
{
    /// <summary>Asks to be told when the bridge of <paramref name="island"/> comes and goes.</summary>
    ValueTask WatchAsync(string island, CancellationToken cancellationToken);

    /// <summary>
    /// Sends a message to the bridge of <paramref name="island"/>; waits while as much as is allowed is on its way there.
    /// Messages to one island arrive in the order that <paramref name="order"/> asks for.
    /// </summary>
    /// <param name="island">To whom.</param>
    /// <param name="order">Whether other messages may overtake it. A transport that keeps all in order keeps this too.</param>
    /// <param name="header">The message's first part.</param>
    /// <param name="payload">The message's second part; may be empty. Both may be used again when the call returns.</param>
    /// <param name="cancellationToken">Ends the wait; the message is then not sent.</param>
    /// <returns>Whether it was sent; false where the island's bridge is not up.</returns>
    /// <exception cref="PeerTransportException">The transport itself is gone.</exception>
    ValueTask<bool> SendAsync(
        string island, MessageOrder order, ReadOnlyMemory<byte> header, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken);

    /// <summary>What happens, in order. While nobody reads, whoever sends to this bridge is held back.</summary>
    /// <exception cref="PeerTransportException">The transport itself is gone.</exception>
    IAsyncEnumerable<PeerEvent> ReadEventsAsync(CancellationToken cancellationToken);
}

/// <summary>What a bridge learns of its peers. Between an <see cref="Up"/> and the next <see cref="Down"/> messages arrive once each, in the order that was asked for.</summary>
/// <param name="Island">The peer's island.</param>
internal abstract record PeerEvent(string Island)
{
    /// <summary>The peer's bridge can be reached.</summary>
    /// <param name="Island">The peer's island.</param>
    public sealed record Up(string Island) : PeerEvent(Island);

    /// <summary>The peer's bridge is gone; messages on their way may be lost.</summary>
    /// <param name="Island">The peer's island.</param>
    public sealed record Down(string Island) : PeerEvent(Island);

    /// <summary>Something arrived that is no message; the connection that it came over is closed.</summary>
    /// <param name="Island">The peer's island; empty where the caller had not said it.</param>
    /// <param name="Fault">What it was, in a few words.</param>
    public sealed record Refused(string Island, string Fault) : PeerEvent(Island);

    /// <summary>A message arrived.</summary>
    /// <param name="Island">The peer's island.</param>
    /// <param name="Message">The message, this receiver's own until <paramref name="Release"/>.</param>
    /// <param name="Release">Takes the message's memory back; null where that is left to the collector.</param>
    public sealed record Delivered(string Island, ReadOnlyMemory<byte> Message, Action? Release = null) : PeerEvent(Island);
}

/// <summary>The transport between bridges is gone, for a reason that is no fault of the run.</summary>
internal sealed class PeerTransportException : Exception
{
    /// <summary>An exception without a message.</summary>
    public PeerTransportException()
    {
    }

    /// <summary>An exception that says in a sentence what is gone, and why.</summary>
    public PeerTransportException(string message)
        : base(message)
    {
    }

    /// <summary>An exception that says in a sentence what is gone, with what caused it.</summary>
    public PeerTransportException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
