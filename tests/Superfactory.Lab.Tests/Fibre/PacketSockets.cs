using System.Runtime.InteropServices;
using Superfactory.Lab.Interop;

namespace Superfactory.Lab.Tests.Fibre;

/// <summary>Two local sockets joined to each other that keep packets apart, as a device does; neither blocks.</summary>
internal sealed unsafe partial class PacketSockets : IDisposable
{
    private const int Local = 1, Datagram = 2, NonBlocking = 0x800;
    private const int SocketLevel = 1, SendBuffer = 7;

    public PacketSockets()
    {
        Span<int> ends = stackalloc int[2];
        fixed (int* pair = ends)
        {
            MakePair(Local, Datagram | NonBlocking, 0, pair).ShouldBe(0);
        }

        (Ours, Theirs) = (ends[0], ends[1]);
        var bytes = 1 << 20;
        SetOption(Ours, SocketLevel, SendBuffer, &bytes, sizeof(int)).ShouldBe(0);
        SetOption(Theirs, SocketLevel, SendBuffer, &bytes, sizeof(int)).ShouldBe(0);
    }

    /// <summary>The end that a lane takes packets from.</summary>
    public int Ours { get; }

    /// <summary>The end that a lane gives packets to.</summary>
    public int Theirs { get; }

    /// <summary>Lets the lane find a packet.</summary>
    public void Send(byte[] packet)
    {
        fixed (byte* bytes = packet)
        {
            Native.Write(Theirs, bytes, packet.Length).ShouldBe(packet.Length);
        }
    }

    /// <summary>What a lane gave; null where there is nothing more.</summary>
    public byte[]? Receive()
    {
        var packet = new byte[70_000];
        fixed (byte* bytes = packet)
        {
            var read = (int)Native.Read(Ours, bytes, packet.Length);
            return read < 0 ? null : packet[..read];
        }
    }

    public void Dispose()
    {
        _ = Native.Close(Ours);
        _ = Native.Close(Theirs);
    }

    [LibraryImport("libc", EntryPoint = "socketpair", SetLastError = true)]
    private static partial int MakePair(int family, int type, int protocol, int* ends);

    [LibraryImport("libc", EntryPoint = "setsockopt", SetLastError = true)]
    private static partial int SetOption(int socket, int level, int option, void* value, uint length);
}
