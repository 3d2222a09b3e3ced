using Superfactory.Wan.Frames;
using Superfactory.Wan.Transport;

namespace Superfactory.Wan.Links;

/// <summary>A connection with a reader and a writer of frames on it. Owns the connection.</summary>
/// <param name="stream">The connection.</param>
/// <param name="transport">What is under its encryption, where there is one.</param>
internal sealed class FramedStream(Stream stream, Stream? transport = null) : IAsyncDisposable
{
    public Stream Stream { get; } = stream;

    /// <summary>The connection under everything; null where it is none that counts.</summary>
    public ILinkTransport? Transport { get; } = (transport ?? stream) as ILinkTransport;

    public FrameReader Reader { get; } = new(stream, ((transport ?? stream) as ILinkTransport)?.Socket);

    public FrameWriter Writer { get; } = new(stream);

    /// <summary>Sends a frame and gives its payload back.</summary>
    public async ValueTask SendAsync(FrameType type, PooledBuffer payload, CancellationToken cancellationToken)
    {
        try
        {
            await Writer.SendAsync(Frame.Control(type, payload), cancellationToken);
        }
        finally
        {
            payload.Release();
        }
    }

    /// <summary>Closes the connection. Only when nobody reads or writes any more.</summary>
    public async ValueTask DisposeAsync()
    {
        await Stream.DisposeAsync();
        Reader.Dispose();
        Writer.Dispose();
    }
}
