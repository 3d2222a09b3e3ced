using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Superfactory.Sync.Bridge.Peers.Direct;

/// <summary>
/// The few buffers that one peer's messages arrive in: while all are taken nothing is received, which holds the peer back. They are few so
/// that they stay in the processor's cache between the system's copy and the merge. Thread-safe.
/// </summary>
internal sealed class DirectBuffers
{
    /// <summary>Buffers of one peer: with messages of at most 256 KiB, 4 MiB.</summary>
    public const int BuffersMax = 16;

    private readonly ConcurrentStack<Memory<byte>> _free = new();
    private readonly Action _given;

    /// <summary>Buffers that each hold <paramref name="bytes"/> and begin on a line of memory.</summary>
    /// <param name="bytes">Length of each.</param>
    /// <param name="given">Called, on any thread, when one comes back.</param>
    public DirectBuffers(int bytes, Action given)
    {
        _given = given;
        for (var index = 0; index < BuffersMax; index++)
        {
            _free.Push(OnLine(bytes));
        }
    }

    private static Memory<byte> OnLine(int bytes)
    {
        var room = GC.AllocateUninitializedArray<byte>(bytes + DirectFrame.LineBytes, pinned: true);
        var start = (int)((nuint)Marshal.UnsafeAddrOfPinnedArrayElement(room, 0) % DirectFrame.LineBytes);
        return room.AsMemory((DirectFrame.LineBytes - start) % DirectFrame.LineBytes, bytes);
    }

    /// <summary>Takes a buffer, the one that was given back last.</summary>
    /// <returns>False where all are taken.</returns>
    public bool TryTake(out Memory<byte> buffer) => _free.TryPop(out buffer);

    /// <summary>Gives a buffer back.</summary>
    public void Give(Memory<byte> buffer)
    {
        _free.Push(buffer);
        _given();
    }
}
