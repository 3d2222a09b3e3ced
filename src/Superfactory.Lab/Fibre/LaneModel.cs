namespace Superfactory.Lab.Fibre;

/// <summary>What the kernel handed over at once: one IP packet, or several TCP segments that differ in their payload and share their headers.</summary>
/// <param name="HeaderBytes">IP and TCP headers that each segment has; 0 for a single packet, which counts as payload whole.</param>
/// <param name="SegmentBytes">Payload of each segment; the last one may have less.</param>
/// <param name="PayloadBytes">Payload of all. Over 0.</param>
internal readonly record struct Burst(int HeaderBytes, int SegmentBytes, int PayloadBytes)
{
    /// <summary>How many segments it stands for.</summary>
    public int Segments => (PayloadBytes + SegmentBytes - 1) / SegmentBytes;

    /// <summary>A packet by itself.</summary>
    public static Burst Single(int bytes) => new(0, bytes, bytes);

    /// <summary>Bytes of IP packets that some of its segments are.</summary>
    public int BytesOf(int first, int count)
    {
        var end = Math.Min((first + count) * SegmentBytes, PayloadBytes);
        return (count * HeaderBytes) + end - (first * SegmentBytes);
    }
}

/// <summary>Neighbouring segments of a burst that reach the other end together.</summary>
/// <param name="First">The first of them, from 0.</param>
/// <param name="Count">How many.</param>
/// <param name="LastBit">When their last bit leaves the queue, in nanoseconds.</param>
/// <param name="Due">When their last bit arrives, in nanoseconds.</param>
internal readonly record struct Run(int First, int Count, long LastBit, long Due);

/// <summary>What one direction of a link has done with packets so far; packets are IP packets as the wire would carry them, segment by segment.</summary>
internal struct LaneCounters
{
    /// <summary>Packets and their bytes that arrived at the other end.</summary>
    public long DeliveredPackets, DeliveredBytes;

    /// <summary>Packets that found the queue full, that were lost by chance, and that a cut link swallowed.</summary>
    public long QueueDrops, Losses, CutDrops;
}

/// <summary>
/// One direction of a link as arithmetic: a queue of bounded length before a line of fixed rate, then a delay. Takes the time as a value and is
/// deterministic: the same calls with the same seed give the same fate of every packet. One thread uses it.
/// </summary>
internal sealed class LaneModel
{
    /// <summary>The most runs that a burst is cut into: 45 segments of 1,500 bytes make a burst of 64 KiB, so that it is reached only with tiny segments.</summary>
    public const int RunsMax = 128;

    // The longest run in nanoseconds of the line's time, 1 ms: what arrives with its last bit is at most this much too late for its first one.
    private const long RunTimeMax = 1_000_000;

    private const long BitsTimesNanoseconds = 8_000_000_000;

    private LaneRandom _random;
    private long _free;
    private long _remainder;
    private long _lastDue;
    private long _untilLoss;

    /// <summary>A line that is free.</summary>
    public LaneModel(LaneSettings settings, ulong seed)
    {
        Settings = settings;
        _random = new LaneRandom(seed);
        _untilLoss = DrawUntilLoss();
    }

    /// <summary>What it does to packets.</summary>
    public LaneSettings Settings { get; private set; }

    /// <summary>Whether the link is cut: nothing enters it.</summary>
    public bool IsCut { get; private set; }

    /// <summary>What became of packets that did not get through; what did is counted where it is delivered.</summary>
    public LaneCounters Counters;

    /// <summary>Bytes that wait for the line.</summary>
    public long QueuedBytes(long now) => _free <= now ? 0 : (long)((double)(_free - now) * Settings.BitsPerSecond / BitsTimesNanoseconds);

    /// <summary>Sends a burst; what of it gets through is in <paramref name="runs"/>, at least <see cref="RunsMax"/> long.</summary>
    /// <returns>How many runs there are.</returns>
    public int Send(long now, in Burst burst, Span<Run> runs)
    {
        var segments = burst.Segments;
        if (IsCut)
        {
            Counters.CutDrops += segments;
            return 0;
        }

        var (count, first, began, lastBit) = (0, -1, 0L, 0L);
        var queued = QueuedBytes(now);
        for (var segment = 0; segment < segments; segment++)
        {
            var bytes = burst.BytesOf(segment, 1);
            var fits = (queued == 0 || queued + bytes <= Settings.QueueBytes) && count < RunsMax;
            var start = Math.Max(_free, now);
            var isLong = start - began + (bytes * BitsTimesNanoseconds / Settings.BitsPerSecond) > RunTimeMax;
            var isLost = fits && IsNextLost();
            if (first >= 0 && (!fits || isLost || isLong))
            {
                runs[count++] = new Run(first, segment - first, lastBit, DueOf(lastBit));
                first = -1;
            }

            if (!fits)
            {
                Counters.QueueDrops++;
                continue;
            }

            lastBit = Occupy(start, bytes);
            queued += bytes;
            if (!isLost && first < 0)
            {
                (first, began) = (segment, start);
            }
        }

        if (first >= 0)
        {
            runs[count++] = new Run(first, segments - first, lastBit, DueOf(lastBit));
        }

        return count;
    }

    /// <summary>Cuts the link or restores it; a cut link has an empty queue.</summary>
    public void Cut(bool isCut) => (IsCut, _free, _remainder) = (isCut, 0, 0);

    /// <summary>
    /// Changes the line while packets wait for it: what is still to leave the queue does so at the new rate, what is on its way keeps its time,
    /// and what no longer fits into the queue is dropped from its end.
    /// </summary>
    public void Change(long now, LaneSettings settings, CrossingQueue waiting)
    {
        var scale = (double)Settings.BitsPerSecond / settings.BitsPerSecond;
        Settings = settings;
        _untilLoss = DrawUntilLoss();
        (_lastDue, _remainder) = (0, 0);
        _free = _free <= now ? _free : now + (long)((_free - now) * scale);
        for (var index = 0; index < waiting.Count; index++)
        {
            ref var crossing = ref waiting[index];
            if (crossing.LastBit > now)
            {
                crossing.LastBit = now + (long)((crossing.LastBit - now) * scale);
                crossing.Due = DueOf(crossing.LastBit);
            }

            _lastDue = crossing.Due;
        }

        while (waiting.Count > 1 && QueuedBytes(now) > settings.QueueBytes && waiting[waiting.Count - 1].LastBit > now)
        {
            Counters.QueueDrops += waiting[waiting.Count - 1].Segments;
            waiting.RemoveLast();
            (_free, _lastDue) = (Math.Max(now, waiting[waiting.Count - 1].LastBit), waiting[waiting.Count - 1].Due);
        }
    }

    /// <summary>Notes that packets of the queue were swallowed by a cut.</summary>
    public void CountCut(long packets) => Counters.CutDrops += packets;

    /// <summary>Notes that packets arrived.</summary>
    public void CountDelivered(int packets, int bytes)
    {
        Counters.DeliveredPackets += packets;
        Counters.DeliveredBytes += bytes;
    }

    // The remainder of each division goes into the next, so that a stream of packets takes exactly its bits' time.
    private long Occupy(long start, int bytes)
    {
        var work = (bytes * BitsTimesNanoseconds) + (start == _free ? _remainder : 0);
        _remainder = work % Settings.BitsPerSecond;
        return _free = start + (work / Settings.BitsPerSecond);
    }

    // Fibre keeps the order of what it carries, whatever the jitter.
    private long DueOf(long lastBit)
    {
        var jitter = Settings.Jitter == 0 ? 0 : (long)(((2 * _random.NextShare()) - 1) * Settings.Jitter);
        return _lastDue = Math.Max(_lastDue, lastBit + Settings.Delay + jitter);
    }

    private bool IsNextLost()
    {
        if (_untilLoss-- > 0)
        {
            return false;
        }

        _untilLoss = DrawUntilLoss();
        Counters.Losses++;
        return true;
    }

    // How many packets get through before the next that does not: the geometric distribution, by inversion.
    private long DrawUntilLoss()
    {
        if (Settings.Loss <= 0)
        {
            return long.MaxValue;
        }

        var survival = Math.Log(1 - _random.NextShare()) / Math.Log(1 - Settings.Loss);
        return survival < long.MaxValue ? (long)survival : long.MaxValue;
    }
}
