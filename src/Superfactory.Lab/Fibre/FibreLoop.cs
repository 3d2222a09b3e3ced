using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Superfactory.Lab.Interop;

namespace Superfactory.Lab.Fibre;

/// <summary>
/// The thread that carries packets. While there is traffic it wakes at most every <see cref="Beat"/>, so that many packets share a system call's
/// wake-up; without traffic it sleeps until a packet comes or is due.
/// </summary>
internal sealed unsafe class FibreLoop : IDisposable
{
    /// <summary>
    /// The least time between two wake-ups while packets come, 250 µs: at most 4,000 wake-ups a second, and under traffic a packet is at most a quarter
    /// of the millisecond late to which round trips are to be true.
    /// </summary>
    public const long Beat = 250_000;

    private const int EventsMax = 64;
    private const int MonotonicClock = 1, Absolute = 1;
    private const long Second = 1_000_000_000;

    private readonly ImmutableArray<Lane> _lanes;
    private readonly TimeProvider _time;
    private readonly int _poll = Native.CreatePoll();
    private readonly int _wake = Native.CreateEvent();
    private readonly ConcurrentQueue<Action<long>> _orders = new();
    private volatile bool _ending;

    /// <summary>Prepares to carry packets over the lanes.</summary>
    public FibreLoop(ImmutableArray<Lane> lanes, TimeProvider time)
    {
        (_lanes, _time) = (lanes, time);
        for (var index = 0; index < lanes.Length; index++)
        {
            Watch(lanes[index].From.Descriptor, index);
        }

        Watch(_wake, -1);
    }

    /// <summary>The time that lanes count in, nanoseconds of the machine's monotonic clock.</summary>
    public long Now => (long)((Int128)_time.GetTimestamp() * Second / _time.TimestampFrequency);

    /// <summary>Has something done on the loop's thread, with its time; waits for it. Any thread but the loop's.</summary>
    public Task<T> DoAsync<T>(Func<long, T> action)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        _orders.Enqueue(now =>
        {
            try
            {
                done.SetResult(action(now));
            }
#pragma warning disable CA1031 // Nothing is lost: whoever gave the order gets it, and packets go on.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                done.SetException(exception);
            }
        });
        Wake();
        return done.Task;
    }

    /// <summary>Ends the loop. Any thread.</summary>
    public void End()
    {
        _ending = true;
        Wake();
    }

    /// <summary>Carries packets until <see cref="End"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run()
    {
        var events = stackalloc byte[PollEvent.Size * EventsMax];
        while (!_ending)
        {
            var next = Deliver(Now);
            var ready = Wait(events, next == long.MaxValue ? next : next - Now);
            var woken = Now;
            if (Take(events, ready, woken))
            {
                SleepUntil(woken + Beat);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _ = Native.Close(_poll);
        _ = Native.Close(_wake);
    }

    // Takes what is ready; says whether there were packets.
    private bool Take(byte* events, int ready, long now)
    {
        var taken = false;
        for (var index = 0; index < ready; index++)
        {
            var lane = PollEvent.DataOf(events, index);
            if (lane < 0)
            {
                Obey(now);
            }
            else if (_lanes[lane].Take(now))
            {
                taken = true;
            }
            else
            {
                // The device is gone, with its namespace: there is nothing more to come, and the poll would say so forever.
                _ = Native.PollControl(_poll, Native.PollRemove, _lanes[lane].From.Descriptor, null);
            }
        }

        return taken;
    }

    private long Deliver(long now)
    {
        var next = long.MaxValue;
        foreach (var lane in _lanes)
        {
            if (lane.NextDue <= now)
            {
                lane.Deliver(now);
            }

            next = Math.Min(next, lane.NextDue);
        }

        return next;
    }

    private int Wait(byte* events, long nanoseconds)
    {
        if (nanoseconds > 60 * Second)
        {
            return Native.PollWait(_poll, events, EventsMax, null, null);
        }

        var limit = Native.TimeSpec.Of(Math.Max(0, nanoseconds));
        return Native.PollWait(_poll, events, EventsMax, &limit, null);
    }

    private static void SleepUntil(long time)
    {
        var until = Native.TimeSpec.Of(time);
        _ = Native.Sleep(MonotonicClock, Absolute, &until, null);
    }

    private void Obey(long now)
    {
        ulong signalled;
        _ = Native.Read(_wake, (byte*)&signalled, sizeof(ulong));
        while (_orders.TryDequeue(out var order))
        {
            order(now);
        }
    }

    private void Wake()
    {
        ulong one = 1;
        _ = Native.Write(_wake, (byte*)&one, sizeof(ulong));
    }

    private void Watch(int descriptor, long data)
    {
        var entry = stackalloc byte[PollEvent.Size];
        PollEvent.Fill(entry, Native.PollReadable, data);
        if (Native.PollControl(_poll, Native.PollAdd, descriptor, entry) != 0)
        {
            throw new InvalidOperationException($"A descriptor cannot be polled: {System.Runtime.InteropServices.Marshal.GetLastPInvokeErrorMessage()}");
        }
    }
}
