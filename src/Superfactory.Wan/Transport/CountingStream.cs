using System.Net.Sockets;

namespace Superfactory.Wan.Transport;

/// <summary>Bytes that went through the sockets of a link. Thread-safe.</summary>
internal sealed class ByteCounters
{
    private long _sent;
    private long _received;

    public long Sent => Interlocked.Read(ref _sent);

    public long Received => Interlocked.Read(ref _received);

    public void AddSent(long bytes) => Interlocked.Add(ref _sent, bytes);

    public void AddReceived(long bytes) => Interlocked.Add(ref _received, bytes);
}

/// <summary>Counts what is read from and written to a socket. An accepted connection counts for itself until it is known whose it is.</summary>
internal sealed class CountingStream(Stream inner, ByteCounters counters) : AsyncStream(inner), ILinkTransport
{
    private ByteCounters _counters = counters;

    /// <inheritdoc/>
    public Socket? Socket => (Inner as NetworkStream)?.Socket;

    /// <inheritdoc/>
    public void CountFor(ByteCounters counters)
    {
        counters.AddSent(_counters.Sent);
        counters.AddReceived(_counters.Received);
        _counters = counters;
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await Inner.ReadAsync(buffer, cancellationToken);
        _counters.AddReceived(read);
        return read;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await Inner.WriteAsync(buffer, cancellationToken);
        _counters.AddSent(buffer.Length);
    }
}
