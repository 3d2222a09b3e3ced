using System.Runtime.InteropServices;

namespace Superfactory.Sync.Bridge.Peers.Direct;

/// <summary>
/// Keeps the threads of the two ends of a connection on one machine apart. The system puts a thread that is woken over loopback beside the one
/// that woke it, in a virtual machine also where another processor has nothing to do, and again in the middle of a merge: by samples two bridges
/// took turns on one of two processors for 8 to 32 ms of a merge of 256 MiB, in four of six. Neither runs out of work then, so neither can
/// tell; and what the system notes of where a packet was handled is the receiver's own processor, where it acknowledges what that sends.
/// </summary>
internal static unsafe partial class ProcessorShare
{
    /// <summary>What <c>sched_setaffinity</c> takes: 1,024 processors.</summary>
    private const int MaskBytes = 128;

    private const int WordBits = 64;
    private const int Words = MaskBytes / sizeof(ulong);

    /// <summary>Lets the calling thread run on every other one of the processors that it may run on, for its whole life; where there is one alone, nothing changes.</summary>
    /// <param name="odd">Whether on the second, fourth and so on; its peer takes the others.</param>
    public static void Take(bool odd)
    {
        var mask = stackalloc ulong[Words];
        var words = new Span<ulong>(mask, Words);
        words.Clear();

        // A system that says nothing, or refuses, leaves the thread where it is: it only takes longer.
        if (GetAffinity(0, MaskBytes, mask) == 0 && TryHalve(words, odd))
        {
            _ = SetAffinity(0, MaskBytes, mask);
        }
    }

    /// <summary>Keeps every other bit that is set, counted from the lowest.</summary>
    /// <param name="mask">The processors; as they were where this is false.</param>
    /// <param name="odd">Whether the second, fourth and so on are kept.</param>
    /// <returns>False where fewer than two are set.</returns>
    internal static bool TryHalve(Span<ulong> mask, bool odd)
    {
        var count = 0;
        foreach (var word in mask)
        {
            count += (int)ulong.PopCount(word);
        }

        if (count < 2)
        {
            return false;
        }

        var keeps = !odd;
        for (var bit = 0; bit < mask.Length * WordBits; bit++)
        {
            if ((mask[bit / WordBits] >> (bit % WordBits) & 1) == 0)
            {
                continue;
            }

            mask[bit / WordBits] &= keeps ? ulong.MaxValue : ~(1UL << (bit % WordBits));
            keeps = !keeps;
        }

        return true;
    }

    [LibraryImport("libc", EntryPoint = "sched_getaffinity")]
    private static partial int GetAffinity(int thread, nuint maskBytes, ulong* mask);

    [LibraryImport("libc", EntryPoint = "sched_setaffinity")]
    private static partial int SetAffinity(int thread, nuint maskBytes, ulong* mask);
}
