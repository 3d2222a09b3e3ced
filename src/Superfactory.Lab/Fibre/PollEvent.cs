using System.Runtime.InteropServices;

namespace Superfactory.Lab.Fibre;

/// <summary>The kernel's <c>struct epoll_event</c>, which x86-64 alone packs: 4 bytes of events, 8 of data.</summary>
internal static unsafe class PollEvent
{
    private static readonly int _dataAt = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;

    /// <summary>Bytes of one.</summary>
    public static int Size => _dataAt + 8;

    /// <summary>Writes one.</summary>
    public static void Fill(byte* entry, uint events, long data)
    {
        new Span<byte>(entry, Size).Clear();
        *(uint*)entry = events;
        *(long*)(entry + _dataAt) = data;
    }

    /// <summary>The data of one of several.</summary>
    public static int DataOf(byte* entries, int index) => (int)*(long*)(entries + (index * Size) + _dataAt);
}
