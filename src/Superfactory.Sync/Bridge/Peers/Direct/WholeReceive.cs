using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Superfactory.Sync.Bridge.Peers.Direct;

/// <summary>
/// Reads an exact number of bytes, and is woken once for them however many segments they come in. A blocking read with a low-water mark
/// would not do: bytes that it has taken no longer count, and the mark is never reached again.
/// </summary>
internal static unsafe partial class WholeReceive
{
    private const int DoNotWait = 0x40;
    private const short Readable = 1;
    private const int Interrupted = 4;
    private const int TryAgain = 11;

    /// <summary>Fills <paramref name="destination"/>.</summary>
    /// <returns>False where the connection ended before.</returns>
    /// <exception cref="IOException">The connection is gone.</exception>
    /// <exception cref="ObjectDisposedException">The socket is closed.</exception>
    public static bool TryFill(Socket socket, Span<byte> destination)
    {
        var handle = socket.SafeHandle;
        var added = false;
        try
        {
            handle.DangerousAddRef(ref added);
            while (!destination.IsEmpty)
            {
                var received = ReceiveSome((int)handle.DangerousGetHandle(), destination);
                if (received == 0)
                {
                    return false;
                }

                if (received < 0)
                {
                    // Only what is missing: more would be waited for in vain.
                    socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReceiveLowWater, destination.Length);
                    Wait((int)handle.DangerousGetHandle());
                    continue;
                }

                destination = destination[(int)received..];
            }

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

    /// <summary>Takes what is here; 0 at the end, negative where nothing is.</summary>
    private static nint ReceiveSome(int socket, Span<byte> destination)
    {
        fixed (byte* start = destination)
        {
            var received = Receive(socket, start, (nuint)destination.Length, DoNotWait);
            var error = received < 0 ? Marshal.GetLastPInvokeError() : 0;
            return error is 0 or Interrupted or TryAgain
                ? received
                : throw new IOException($"The connection to a peer is gone: {Marshal.GetPInvokeErrorMessage(error)}.");
        }
    }

    private static void Wait(int socket)
    {
        const int Forever = -1;
        var wanted = new PollDescriptor { Descriptor = socket, Requested = Readable };

        // Whatever ends the wait, reading says what it was.
        _ = Poll(&wanted, 1, Forever);
    }

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    private static partial nint Receive(int socket, byte* buffer, nuint length, int flags);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int Poll(PollDescriptor* descriptors, nuint count, int timeoutMilliseconds);

    [StructLayout(LayoutKind.Sequential)]
    private struct PollDescriptor
    {
        public int Descriptor;
        public short Requested;
        public short Returned;
    }
}
