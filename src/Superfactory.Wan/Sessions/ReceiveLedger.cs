using System.Collections.Immutable;
using System.Numerics;
using Superfactory.Wan.Frames;

namespace Superfactory.Wan.Sessions;

/// <summary>What a received number says.</summary>
internal enum Arrival
{
    /// <summary>The frame is here for the first time.</summary>
    New,

    /// <summary>It came before, another way.</summary>
    Again,

    /// <summary>It is further ahead than a sender may be.</summary>
    Beyond,
}

/// <summary>Which numbered frames of a session arrived: all up to one, and a bitmap of those beyond. Pure; not thread-safe.</summary>
internal sealed class ReceiveLedger
{
    /// <summary>How far beyond the first gap a frame may be: as many as a sender may have under way, <see cref="SendLedger.FramesMax"/>. 8 KiB of bits.</summary>
    private const int Span = SendLedger.FramesMax;

    private readonly ulong[] _arrived = new ulong[Span / 64];
    private long _highest;

    /// <summary>The highest number received with all before it.</summary>
    public long Cumulative { get; private set; }

    /// <summary>Takes note of a number, 1 or more.</summary>
    public Arrival Accept(long sequence)
    {
        if (sequence <= Cumulative)
        {
            return Arrival.Again;
        }

        if (sequence > Cumulative + Span)
        {
            return Arrival.Beyond;
        }

        ref var word = ref _arrived[Word(sequence)];
        var bit = Bit(sequence);
        if ((word & bit) != 0)
        {
            return Arrival.Again;
        }

        word |= bit;
        _highest = Math.Max(_highest, sequence);
        while (Cumulative < _highest && Take(Cumulative + 1))
        {
            Cumulative++;
        }

        return Arrival.New;
    }

    /// <summary>What to acknowledge.</summary>
    public AckPayload Acknowledgement()
    {
        if (_highest == Cumulative)
        {
            return new AckPayload(Cumulative, []);
        }

        var ranges = ImmutableArray.CreateBuilder<AckRange>();
        var told = Cumulative;
        var next = Cumulative + 1;
        while (ranges.Count < AckPayload.RangesMax && (next = Find(next, arrived: true)) <= _highest)
        {
            var end = Find(next, arrived: false);
            ranges.Add(new AckRange((int)(next - told - 1), (int)(end - next)));
            told = end - 1;
            next = end;
        }

        return new AckPayload(Cumulative, ranges.ToImmutable());
    }

    /// <summary>Begins anew.</summary>
    public void Clear()
    {
        Array.Clear(_arrived);
        Cumulative = 0;
        _highest = 0;
    }

    private static int Word(long sequence) => (int)(sequence % Span / 64);

    private static ulong Bit(long sequence) => 1UL << (int)(sequence % 64);

    /// <summary>The first number from <paramref name="from"/> on that arrived, or did not; one beyond the highest where there is none.</summary>
    private long Find(long from, bool arrived)
    {
        while (from <= _highest)
        {
            var word = arrived ? _arrived[Word(from)] : ~_arrived[Word(from)];
            word &= ulong.MaxValue << (int)(from % 64);
            if (word != 0)
            {
                return Math.Min(from - (from % 64) + BitOperations.TrailingZeroCount(word), _highest + 1);
            }

            from += 64 - (from % 64);
        }

        return _highest + 1;
    }

    /// <summary>Clears a number's bit, for the one that comes <see cref="Span"/> later.</summary>
    private bool Take(long sequence)
    {
        ref var word = ref _arrived[Word(sequence)];
        var bit = Bit(sequence);
        var arrived = (word & bit) != 0;
        word &= ~bit;
        return arrived;
    }
}
