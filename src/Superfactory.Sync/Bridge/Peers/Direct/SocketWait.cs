using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Superfactory.Sync.Bridge.Peers.Direct;

/// <summary>
/// Lets one thread wait for a socket or for another thread, whichever comes first. <see cref="Wake"/> is thread-safe and costs a
/// system call only while the thread waits; the rest is for that thread.
/// </summary>
internal sealed unsafe partial class SocketWait : IDisposable
{
    private const int Running = 0;
    private const int Waiting = 1;
    private const int Woken = 2;

    private const short ReadableEvent = 1;
    private const short WritableEvent = 4;
    private const int CloseOnExecute = 0x80000;

    private readonly SafeFileHandle _wakeups = new(CreateEvent(0, CloseOnExecute), ownsHandle: true);
    private int _state;

    /// <summary>Makes the thread go on, or not wait the next time.</summary>
    public void Wake()
    {
        if (Interlocked.Exchange(ref _state, Woken) == Waiting)
        {
            var one = 1UL;
            _ = Write((int)_wakeups.DangerousGetHandle(), &one, sizeof(ulong));
        }
    }

    /// <summary>Waits until the socket can be read or written, as asked for, or has ended, or for <see cref="Wake"/>.</summary>
    public void Wait(Socket socket, bool readable, bool writable)
    {
        if (Interlocked.CompareExchange(ref _state, Waiting, Running) == Running)
        {
            const int Forever = -1;
            var wakeups = (int)_wakeups.DangerousGetHandle();
            var wanted = stackalloc PollDescriptor[]
            {
                new() { Descriptor = wakeups, Requested = ReadableEvent },
                new() { Descriptor = (int)socket.SafeHandle.DangerousGetHandle(), Requested = (short)((readable ? ReadableEvent : 0) | (writable ? WritableEvent : 0)) },
            };

            // A socket that nothing is wanted of would report its end without pause. Whatever ends the wait, using it says what it was.
            _ = Poll(wanted, readable || writable ? 2u : 1u, Forever);
            if (Interlocked.Exchange(ref _state, Running) == Woken)
            {
                ulong count;
                _ = Read(wakeups, &count, sizeof(ulong));
            }
        }
        else
        {
            Volatile.Write(ref _state, Running);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _wakeups.Dispose();

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    private static partial int CreateEvent(uint initial, int flags);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int Poll(PollDescriptor* descriptors, nuint count, int timeoutMilliseconds);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint Write(int descriptor, void* buffer, nuint length);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint Read(int descriptor, void* buffer, nuint length);

    [StructLayout(LayoutKind.Sequential)]
    private struct PollDescriptor
    {
        public int Descriptor;
        public short Requested;
        public short Returned;
    }
}
