using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text;
using Superfactory.Lab.Interop;

namespace Superfactory.Lab.Fibre;

/// <summary>
/// The end of a link inside a site: a TUN device that hands over IP packets, several TCP segments as one where the kernel has them together.
/// The device lives as long as this object and its process. One thread uses it.
/// </summary>
/// <remarks>Numbers and structures: <c>linux/if_tun.h</c>, <c>linux/if.h</c>, <c>linux/virtio_net.h</c>.</remarks>
internal sealed unsafe class TunDevice : IDisposable
{
    private const nuint SetInterface = 0x400454ca, SetOffload = 0x400454d0;
    private const short PointToPoint = 0x0001, NoPacketInformation = 0x1000, WithHeader = 0x4000;

    // Packets without checksums, and IPv4 TCP segments together, also those with ECN's CWR: what this program cuts apart. No IPv6, no UDP.
    private const nuint Checksums = 0x01, TcpSegments = 0x02, CongestionNotices = 0x08;

    /// <summary>Takes a descriptor for a device: one that gives and takes packets with virtio's header before them.</summary>
    public TunDevice(string name, int descriptor) => (Name, Descriptor) = (name, descriptor);

    /// <summary>The device's name in its namespace.</summary>
    public string Name { get; }

    /// <summary>The file descriptor.</summary>
    public int Descriptor { get; }

    /// <summary>Makes a device in the namespace that the calling thread is in.</summary>
    /// <exception cref="Win32Exception">The kernel would not.</exception>
    public static TunDevice Create(string name)
    {
        var descriptor = Native.Open("/dev/net/tun", Native.OpenDevice);
        if (descriptor < 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError(), $"/dev/net/tun cannot be opened: {Marshal.GetLastPInvokeErrorMessage()}");
        }

        // struct ifreq: 16 bytes of name, then a union of 24 bytes that begins with the flags.
        var request = stackalloc byte[40];
        new Span<byte>(request, 40).Clear();
        Encoding.ASCII.GetBytes(name, new Span<byte>(request, 15));
        *(short*)(request + 16) = PointToPoint | NoPacketInformation | WithHeader;
        if (Native.Control(descriptor, SetInterface, request) != 0 || Native.Control(descriptor, SetOffload, Checksums | TcpSegments | CongestionNotices) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            _ = Native.Close(descriptor);
            throw new Win32Exception(error, $"The kernel makes no TUN device '{name}': {Marshal.GetPInvokeErrorMessage(error)}");
        }

        return new TunDevice(name, descriptor);
    }

    /// <inheritdoc/>
    public void Dispose() => _ = Native.Close(Descriptor);
}
