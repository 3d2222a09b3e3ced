using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Superfactory.Sync.Bridge.Peers.Direct;

/// <summary>
/// Sends and receives on a socket as much as goes without waiting, in one system call each, wherever the memory lies; .NET's own
/// gathering takes arrays alone, and tensors lie in mapped files.
/// </summary>
internal static unsafe partial class SystemSocket
{
    private const int DoNotWait = 0x40;

    /// <summary>Writing to a connection that the peer has closed is an error to report, not a signal.</summary>
    private const int NoSignal = 0x4000;

    private const int Interrupted = 4;
    private const int TryAgain = 11;

    /// <summary>Sends what there is room for of four pieces that follow each other.</summary>
    /// <param name="socket">A connected socket that the caller keeps open.</param>
    /// <param name="first">The first piece.</param>
    /// <param name="second">The second piece.</param>
    /// <param name="third">The third piece.</param>
    /// <param name="fourth">The fourth piece.</param>
    /// <param name="skipped">Bytes of all four that were sent before.</param>
    /// <returns>Bytes sent; 0 where there is no room.</returns>
    /// <exception cref="IOException">The connection is gone.</exception>
    public static int SendSome(Socket socket, ReadOnlySpan<byte> first, ReadOnlyMemory<byte> second, ReadOnlyMemory<byte> third, ReadOnlySpan<byte> fourth, int skipped)
    {
        using var secondPin = second.Pin();
        using var thirdPin = third.Pin();
        fixed (byte* start = first, end = fourth)
        {
            const int Count = 4;
            var pieces = stackalloc Piece[Count];
            pieces[0] = new(start, first.Length);
            pieces[1] = new((byte*)secondPin.Pointer, second.Length);
            pieces[2] = new((byte*)thirdPin.Pointer, third.Length);
            pieces[3] = new(end, fourth.Length);
            for (var index = 0; index < Count; index++)
            {
                var skip = (int)Math.Min(skipped, pieces[index].Length);
                pieces[index] = new Piece(pieces[index].Start + skip, pieces[index].Length - skip);
                skipped -= skip;
            }

            var message = new MessageHeader { Pieces = pieces, PieceCount = Count };
            return Outcome(SendMessage((int)socket.SafeHandle.DangerousGetHandle(), &message, DoNotWait | NoSignal)) ?? 0;
        }
    }

    /// <summary>Receives what is here, into one piece and then the next.</summary>
    /// <returns>Bytes received, 0 at the connection's end, null where nothing is here yet.</returns>
    /// <exception cref="IOException">The connection is gone.</exception>
    public static int? ReceiveSome(Socket socket, Span<byte> first, Span<byte> second)
    {
        fixed (byte* start = first, next = second)
        {
            var pieces = stackalloc Piece[] { new(start, first.Length), new(next, second.Length) };
            var message = new MessageHeader { Pieces = pieces, PieceCount = 2 };
            return Outcome(ReceiveMessage((int)socket.SafeHandle.DangerousGetHandle(), &message, DoNotWait));
        }
    }

    private static int? Outcome(nint result)
    {
        if (result >= 0)
        {
            return (int)result;
        }

        var error = Marshal.GetLastPInvokeError();
        return error is Interrupted or TryAgain
            ? null
            : throw new IOException($"The connection to a peer is gone: {Marshal.GetPInvokeErrorMessage(error)}.");
    }

    [LibraryImport("libc", EntryPoint = "sendmsg", SetLastError = true)]
    private static partial nint SendMessage(int socket, MessageHeader* message, int flags);

    [LibraryImport("libc", EntryPoint = "recvmsg", SetLastError = true)]
    private static partial nint ReceiveMessage(int socket, MessageHeader* message, int flags);

    /// <summary>The kernel's <c>iovec</c>.</summary>
    private readonly struct Piece(byte* start, nint length)
    {
        public readonly byte* Start = start;
        public readonly nint Length = length;
    }

    /// <summary>The kernel's <c>msghdr</c> on 64-bit Linux.</summary>
    private struct MessageHeader
    {
        public void* Name;
        public nuint NameLength;
        public Piece* Pieces;
        public nuint PieceCount;
        public void* Control;
        public nuint ControlLength;
        public int Flags;
    }
}
