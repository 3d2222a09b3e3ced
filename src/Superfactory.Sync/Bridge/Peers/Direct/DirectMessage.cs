using System.Threading.Tasks.Sources;

namespace Superfactory.Sync.Bridge.Peers.Direct;

/// <summary>
/// A message that waits for its connection to send it. Whoever waits for it goes on at once on the connection's own thread, and
/// finds the processor's cache as the connection left it.
/// </summary>
/// <param name="header">The message's first part.</param>
/// <param name="payload">Its second part. Both are read until <see cref="Complete"/>.</param>
internal sealed class DirectMessage(ReadOnlyMemory<byte> header, ReadOnlyMemory<byte> payload) : IValueTaskSource<bool>
{
    private ManualResetValueTaskSourceCore<bool> _sent;

    /// <summary>The message's first part.</summary>
    public ReadOnlyMemory<byte> Header => header;

    /// <summary>Its second part.</summary>
    public ReadOnlyMemory<byte> Payload => payload;

    /// <summary>Whether it was sent; awaited once.</summary>
    public ValueTask<bool> Sent => new(this, _sent.Version);

    /// <summary>The system has taken the last byte, or the connection ended before it had.</summary>
    public void Complete(bool sent) => _sent.SetResult(sent);

    /// <inheritdoc/>
    public bool GetResult(short token) => _sent.GetResult(token);

    /// <inheritdoc/>
    public ValueTaskSourceStatus GetStatus(short token) => _sent.GetStatus(token);

    /// <inheritdoc/>
    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _sent.OnCompleted(continuation, state, token, flags);
}
