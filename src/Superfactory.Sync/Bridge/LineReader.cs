using System.Buffers;
using System.IO.Pipelines;

namespace Superfactory.Sync.Bridge;

/// <summary>Reads a stream line by line, with a bound on what one line may cost.</summary>
internal static class LineReader
{
    /// <summary>Reads lines until the stream ends, <paramref name="take"/> has enough, or a line is too long.</summary>
    /// <param name="stream">What to read; stays open.</param>
    /// <param name="lineBytesMax">The longest line, without its end.</param>
    /// <param name="take">Gets each line without its end, valid during the call; false where it wants no more.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>False where a line was too long.</returns>
    public static async Task<bool> ReadAsync(
        Stream stream, int lineBytesMax, Func<ReadOnlyMemory<byte>, ValueTask<bool>> take, CancellationToken cancellationToken)
    {
        var reader = PipeReader.Create(stream, new StreamPipeReaderOptions(leaveOpen: true));
        while (true)
        {
            var read = await reader.ReadAsync(cancellationToken);
            var buffer = read.Buffer;
            while (buffer.PositionOf((byte)'\n') is { } end)
            {
                var line = buffer.Slice(0, end);
                if (line.Length > lineBytesMax)
                {
                    return false;
                }

                if (!await take(line.IsSingleSegment ? line.First : line.ToArray()))
                {
                    return true;
                }

                buffer = buffer.Slice(buffer.GetPosition(1, end));
            }

            if (buffer.Length > lineBytesMax)
            {
                return false;
            }

            reader.AdvanceTo(buffer.Start, buffer.End);
            if (read.IsCompleted)
            {
                return true;
            }
        }
    }
}
