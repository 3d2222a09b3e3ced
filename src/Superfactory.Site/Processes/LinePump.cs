using System.Text;

namespace Superfactory.Site.Processes;

/// <summary>Cuts a stream of UTF-8 into lines.</summary>
internal static class LinePump
{
    private const int ReadBytes = 16 * 1024;
    private const int StackBytes = 256 * 1024;

    /// <summary>Reads until the end of the stream on a thread of its own: a pipe's read would otherwise hold a thread of the pool.</summary>
    /// <param name="stream">What is read.</param>
    /// <param name="charactersMax">The longest line; what is longer is cut, and ends in <c>…</c>.</param>
    /// <param name="line">Called with each line that is not empty, in order. A lone carriage return ends a line too, as progress bars write it.</param>
    /// <returns>Ends with the stream.</returns>
    public static Task Start(Stream stream, int charactersMax, Action<string> line)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() => Pump(stream, charactersMax, line, done), StackBytes) { IsBackground = true, Name = "line pump" };
        thread.Start();
        return done.Task;
    }

    private static void Pump(Stream stream, int charactersMax, Action<string> line, TaskCompletionSource done)
    {
        try
        {
            var bytes = new byte[ReadBytes];
            var characters = new char[ReadBytes + 1];
            var decoder = Encoding.UTF8.GetDecoder();
            var cutter = new LineCutter(charactersMax, line);
            int read;
            while ((read = ReadSome(stream, bytes)) > 0)
            {
                cutter.Add(characters.AsSpan(0, decoder.GetChars(bytes.AsSpan(0, read), characters, flush: false)));
            }

            cutter.End();
            done.SetResult();
        }
#pragma warning disable CA1031 // A fault in the callback must reach whoever awaits the pump, not end the process from a bare thread.
        catch (Exception error)
#pragma warning restore CA1031
        {
            done.SetException(error);
        }
    }

    private static int ReadSome(Stream stream, byte[] bytes)
    {
        try
        {
            return stream.Read(bytes);
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException)
        {
            // The other end is gone or the process was disposed: both are the end of the lines.
            return 0;
        }
    }
}
