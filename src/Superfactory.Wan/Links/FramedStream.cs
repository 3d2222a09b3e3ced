using Superfactory.Wan.Frames;
using Superfactory.Wan.Transport;

namespace Superfactory.Wan.Links;

/// <summary>A connection with a reader and a writer of frames on it. Owns the connection.</summary>
internal sealed class FramedStream(Stream stream) : IAsyncDisposable
{
    public Stream Stream { get; } = stream;

    public FrameReader Reader { get; } = new(stream);

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
