using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Superfactory.Sync.Bridge.Trainer;

/// <summary>
/// Tells whether the other end of a connected Unix socket is closed. Reading cannot tell while unread bytes stand before the end.
/// </summary>
internal static partial class PeerHangup
{
    private const short HangUp = 0x10;

    /// <summary>Whether the other end of <paramref name="socket"/> is closed; true also where this end is.</summary>
    public static bool IsHungUp(Socket socket)
    {
        var handle = socket.SafeHandle;
        var added = false;
        try
        {
            handle.DangerousAddRef(ref added);
            var poll = new PollDescriptor { Descriptor = (int)handle.DangerousGetHandle() };
            return Poll(ref poll, 1, 0) > 0 && (poll.Returned & HangUp) != 0;
        }
        catch (ObjectDisposedException)
        {
            return true;
        }
        finally
        {
            if (added)
            {
                handle.DangerousRelease();
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "poll")]
    private static partial int Poll(ref PollDescriptor descriptors, nuint count, int timeoutMilliseconds);

    [StructLayout(LayoutKind.Sequential)]
    private struct PollDescriptor
    {
        public int Descriptor;
        public short Requested;
        public short Returned;
    }
}
