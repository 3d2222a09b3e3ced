using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Superfactory.Sync.Bridge.Peers.Direct;

/// <summary>
/// Moves the calling thread to another processor where its peer, on the same machine, runs on this one. The system puts a thread that is
/// woken over loopback beside the one that woke it, in a virtual machine also where another processor has nothing to do, and takes some
/// 20 ms to see that both have work: a fifth of a merge of 256 MiB.
/// </summary>
internal static unsafe partial class SideStep
{
    /// <summary>What <c>sched_setaffinity</c> takes: 1,024 processors.</summary>
    private const int MaskBytes = 128;

    private const int WordBits = 64;

    /// <summary>Moves, where there is somewhere to go. Only one of two peers may: both would meet again.</summary>
    /// <param name="socket">A connected socket that the caller keeps open. The system notes on which processor what arrived last was handled: over loopback that is the sender's.</param>
    public static void Take(Socket socket)
    {
        const int SocketLevel = 1;
        const int IncomingProcessor = 49;
        var peer = -1;
        var length = sizeof(int);
        var here = GetProcessor();
        if (here < 0 || here >= MaskBytes * 8 || GetOption((int)socket.SafeHandle.DangerousGetHandle(), SocketLevel, IncomingProcessor, &peer, &length) != 0 || peer != here)
        {
            return;
        }

        const int Words = MaskBytes / sizeof(ulong);
        var allowed = stackalloc ulong[Words];
        new Span<ulong>(allowed, Words).Clear();
        if (GetAffinity(0, MaskBytes, allowed) != 0)
        {
            return;
        }

        var bit = 1UL << (here % WordBits);
        allowed[here / WordBits] &= ~bit;
        if (SetAffinity(0, MaskBytes, allowed) == 0)
        {
            // It may come back: where it runs is the system's to say.
            allowed[here / WordBits] |= bit;
            _ = SetAffinity(0, MaskBytes, allowed);
        }
    }

    [LibraryImport("libc", EntryPoint = "sched_getcpu")]
    private static partial int GetProcessor();

    [LibraryImport("libc", EntryPoint = "getsockopt")]
    private static partial int GetOption(int socket, int level, int option, int* value, int* length);

    [LibraryImport("libc", EntryPoint = "sched_getaffinity")]
    private static partial int GetAffinity(int thread, nuint maskBytes, ulong* mask);

    [LibraryImport("libc", EntryPoint = "sched_setaffinity")]
    private static partial int SetAffinity(int thread, nuint maskBytes, ulong* mask);
}
