using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Superfactory.Lab.Interop;

namespace Superfactory.Lab.Fibre;

/// <summary>One direction of a link at work: takes packets from a device, keeps them as long as <see cref="LaneModel"/> says, gives them to another device. One thread uses it.</summary>
internal sealed unsafe class Lane(LaneModel model, TunDevice from, TunDevice to) : IDisposable
{
    /// <summary>Readings in a row, so that other directions get their turn: 64 superpackets are 34 ms of a link of 1 Gbit/s, packets of 1,500 bytes 0.8 ms.</summary>
    private const int ReadingsMax = 64;

    // What arrives later than this after its time is counted as late, 1 ms.
    private const long LateFrom = 1_000_000;

    private readonly CrossingQueue _waiting = new();
    private readonly PacketStore _store = new();
    private readonly Run[] _runs = new Run[LaneModel.RunsMax];

    /// <summary>Where the packets come from.</summary>
    public TunDevice From => from;

    /// <summary>What it does to packets.</summary>
    public LaneModel Model => model;

    /// <summary>Bytes delivered in the last full second and in this one.</summary>
    public RateMeter Meter { get; } = new();

    /// <summary>Packets that were delivered more than 1 ms after their time because this program did not run, and the greatest such delay in nanoseconds.</summary>
    public (long Packets, long Worst) Late { get; private set; }

    /// <summary>Packets that a device would not take, such as one that somebody set down.</summary>
    public long Refused { get; private set; }

    /// <summary>When the next packet arrives, in nanoseconds; <see cref="long.MaxValue"/> when none is under way.</summary>
    public long NextDue => _waiting.Count == 0 ? long.MaxValue : _waiting[0].Due;

    /// <summary>Takes what the kernel has for this direction.</summary>
    /// <returns>Whether the device still works.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool Take(long now)
    {
        for (var reading = 0; reading < ReadingsMax; reading++)
        {
            var start = _store.Reserve(_waiting);
            var place = start < 0 ? null : _store.Memory + start;
            var read = place is null ? Skip() : Native.Read(from.Descriptor, place, SegmentHeaders.VirtioBytes + 65_535);
            if (read < 0)
            {
                return Marshal.GetLastPInvokeError() is Native.TryAgain or Native.Interrupted;
            }

            if (place is not null && read > SegmentHeaders.VirtioBytes)
            {
                Accept(now, start, (int)read);
            }
        }

        return true;
    }

    /// <summary>Hands over what has arrived.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Deliver(long now)
    {
        while (_waiting.Count > 0 && _waiting[0].Due <= now)
        {
            ref var crossing = ref _waiting[0];
            Write(crossing);
            model.CountDelivered(crossing.Segments, crossing.Bytes);
            Meter.Add(now, crossing.Bytes);
            if (now - crossing.Due > LateFrom)
            {
                Late = (Late.Packets + crossing.Segments, Math.Max(Late.Worst, now - crossing.Due));
            }

            if (crossing.Release >= 0)
            {
                _store.Release(crossing.Release);
            }

            _waiting.RemoveFirst();
        }
    }

    /// <summary>Cuts or restores the direction; what is under way on a link that is cut is lost.</summary>
    public void Cut(bool isCut)
    {
        model.Cut(isCut);
        for (; isCut && _waiting.Count > 0; _waiting.RemoveFirst())
        {
            model.CountCut(_waiting[0].Segments);
        }
    }

    /// <summary>Changes the direction while packets are under way.</summary>
    public void Change(long now, LaneSettings settings) => model.Change(now, settings, _waiting);

    /// <inheritdoc/>
    public void Dispose() => _store.Dispose();

    private void Accept(long now, int start, int read)
    {
        var packet = new Span<byte>(_store.Memory + start, read);
        var burst = SegmentHeaders.Read(packet);
        SegmentHeaders.Sharpen(packet, burst);
        var count = model.Send(now, burst, _runs);
        if (count == 0)
        {
            return;
        }

        var isWhole = count == 1 && _runs[0].Count == burst.Segments;
        var end = start + read;
        for (var index = 0; index < count; index++)
        {
            var run = _runs[index];
            var crossing = new Crossing
            {
                LastBit = run.LastBit, Due = run.Due, Segments = run.Count, Bytes = burst.BytesOf(run.First, run.Count),
                Start = start, Length = read, Release = -1,
            };
            if (!isWhole)
            {
                var headers = new Span<byte>(_store.Memory + end, SegmentHeaders.LengthMax);
                crossing.Start = end;
                crossing.Length = SegmentHeaders.Write(packet, burst, run.First, run.Count, headers);
                (crossing.PayloadStart, crossing.PayloadLength) = SegmentHeaders.PayloadOf(burst, run.First, run.Count);
                crossing.PayloadStart += start + SegmentHeaders.VirtioBytes + burst.HeaderBytes;
                end += crossing.Length;
            }

            _waiting.Add(crossing);
        }

        _waiting[_waiting.Count - 1].Release = end;
        _store.Keep(end);
    }

    // Takes a packet for which there is no memory and drops it.
    private nint Skip()
    {
        byte one;
        var read = Native.Read(from.Descriptor, &one, 1);
        if (read >= 0)
        {
            Refused++;
        }

        return read;
    }

    private void Write(in Crossing crossing)
    {
        nint written;
        if (crossing.PayloadLength == 0)
        {
            written = Native.Write(to.Descriptor, _store.Memory + crossing.Start, crossing.Length);
        }
        else
        {
            var pieces = stackalloc Native.IoVector[2];
            pieces[0] = new Native.IoVector { Base = _store.Memory + crossing.Start, Length = crossing.Length };
            pieces[1] = new Native.IoVector { Base = _store.Memory + crossing.PayloadStart, Length = crossing.PayloadLength };
            written = Native.WriteGathered(to.Descriptor, pieces, 2);
        }

        if (written < 0)
        {
            Refused += crossing.Segments;
        }
    }
}
