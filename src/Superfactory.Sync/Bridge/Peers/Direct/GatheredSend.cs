using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Superfactory.Sync.Bridge.Peers.Direct;

/// <summary>
/// Sends several pieces of memory by one system call, wherever they lie; .NET's own gathering takes arrays alone, and tensors lie
/// in mapped files.
/// </summary>
internal static unsafe partial class GatheredSend
{
    /// <summary>Writing to a connection that the peer has closed is an error to report, not a signal.</summary>
    private const int NoSignal = 0x4000;

    private const int Interrupted = 4;

    /// <summary>Sends all of three pieces on a blocking socket; returns when the system has taken the last byte.</summary>
    /// <exception cref="IOException">The connection is gone.</exception>
    public static void Send(SafeSocketHandle socket, ReadOnlySpan<byte> first, ReadOnlyMemory<byte> second, ReadOnlyMemory<byte> third)
    {
        using var secondPin = second.Pin();
        using var thirdPin = third.Pin();
        var added = false;
        try
        {
            socket.DangerousAddRef(ref added);
            fixed (byte* start = first)
            {
                Span<Piece> pieces = [new(start, first.Length), new((byte*)secondPin.Pointer, second.Length), new((byte*)thirdPin.Pointer, third.Length)];
                while (!pieces.IsEmpty)
                {
                    pieces = Skip(pieces, SendSome((int)socket.DangerousGetHandle(), pieces));
                }
            }
        }
        finally
        {
            if (added)
            {
                socket.DangerousRelease();
            }
        }
    }

    private static nint SendSome(int socket, Span<Piece> pieces)
    {
        fixed (Piece* piece = pieces)
        {
            var message = new MessageHeader { Pieces = piece, PieceCount = (nuint)pieces.Length };
            var sent = SendMessage(socket, &message, NoSignal);
            var error = sent < 0 ? Marshal.GetLastPInvokeError() : 0;
            return error is 0 or Interrupted
                ? Math.Max(sent, 0)
                : throw new IOException($"The connection to a peer is gone: {Marshal.GetPInvokeErrorMessage(error)}.");
        }
    }

    private static Span<Piece> Skip(Span<Piece> pieces, nint sent)
    {
        while (!pieces.IsEmpty && sent >= pieces[0].Length)
        {
            sent -= pieces[0].Length;
            pieces = pieces[1..];
        }

        if (!pieces.IsEmpty)
        {
            pieces[0] = new Piece(pieces[0].Start + sent, pieces[0].Length - sent);
        }

        return pieces;
    }

    [LibraryImport("libc", EntryPoint = "sendmsg", SetLastError = true)]
    private static partial nint SendMessage(int socket, MessageHeader* message, int flags);

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
