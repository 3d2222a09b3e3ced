using System.Collections.Concurrent;

namespace Superfactory.Sync.Bridge.Peers.Direct;

/// <summary>
/// The few buffers that one peer's messages arrive in: whoever finds all taken waits, which holds the peer back. They are few so
/// that they stay in the processor's cache between the system's copy and the merge. Thread-safe.
/// </summary>
internal sealed class DirectBuffers : IDisposable
{
    /// <summary>Buffers of one peer: with messages of at most 256 KiB, 4 MiB.</summary>
    public const int BuffersMax = 16;

    private readonly BlockingCollection<byte[]> _free = new(new ConcurrentStack<byte[]>());

    /// <summary>Buffers that each hold <paramref name="bytes"/>.</summary>
    public DirectBuffers(int bytes)
    {
        for (var index = 0; index < BuffersMax; index++)
        {
            _free.Add(GC.AllocateUninitializedArray<byte>(bytes, pinned: true));
        }
    }

    /// <summary>Takes a buffer, the one that was given back last.</summary>
    public byte[] Take(CancellationToken cancellationToken) => _free.Take(cancellationToken);

    /// <summary>Gives a buffer back. One that comes back after the end is left to the collector.</summary>
    public void Give(byte[] buffer)
    {
        try
        {
            _free.Add(buffer);
        }
        catch (ObjectDisposedException)
        {
            // A message outlived its connection.
            return;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _free.Dispose();
}
