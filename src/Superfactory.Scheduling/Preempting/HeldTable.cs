using System.Runtime.InteropServices;
using Superfactory.Scheduling.Capacity;

namespace Superfactory.Scheduling.Preempting;

/// <summary>What a search for victims asks of a slice, without its job: the searches read tens of thousands of them in a row. Immutable.</summary>
/// <param name="Slice">The slice's number; 0 where the entry is free.</param>
/// <param name="MinimumEnd">When its job has run its minimum.</param>
/// <param name="Domain">Its domain.</param>
/// <param name="Count">Its accelerators.</param>
/// <param name="Priority">Its job's priority.</param>
/// <param name="Type">Its kind of hardware.</param>
/// <param name="IsOwned">Whether its job is on guaranteed quota.</param>
internal readonly record struct QueueSlice(int Slice, long MinimumEnd, int Domain, int Count, int Priority, short Type, bool IsOwned);

/// <summary>The slices that jobs of each queue hold, in no order and with free entries between them. Not safe for concurrent use.</summary>
internal sealed class HeldTable
{
    // Free entries that are kept whatever is held, so that few slices do not close the gaps at each end.
    private const int FreeSpare = 64;

    private readonly SliceStore _store;
    private readonly List<QueueSlice>[] _held;
    private readonly Stack<int>[] _free;

    /// <summary>A table of nothing held.</summary>
    public HeldTable(int queues, SliceStore store)
    {
        (_store, _held, _free) = (store, new List<QueueSlice>[queues], new Stack<int>[queues]);
        for (var queue = 0; queue < queues; queue++)
        {
            (_held[queue], _free[queue]) = ([], []);
        }
    }

    /// <summary>The entries of a queue. Valid until the next change.</summary>
    public ReadOnlySpan<QueueSlice> Of(int queue) => CollectionsMarshal.AsSpan(_held[queue]);

    /// <summary>A slice is held.</summary>
    public void Add(int number)
    {
        ref var slice = ref _store[number];
        var job = slice.Job;
        var entry = new QueueSlice(number, job.MinimumEnd, slice.Domain, slice.Count, job.Priority, slice.Type, job.IsOwned);
        var held = _held[job.Queue];
        if (_free[job.Queue].TryPop(out var place))
        {
            held[place] = entry;
        }
        else
        {
            place = held.Count;
            held.Add(entry);
        }

        slice.Place = place;
    }

    /// <summary>A slice of a queue's is held no longer.</summary>
    public void Remove(int number, int queue)
    {
        var (held, free) = (_held[queue], _free[queue]);
        var place = _store[number].Place;
        held[place] = default;
        free.Push(place);
        if (free.Count > FreeSpare + (held.Count / 2))
        {
            Close(held);
            free.Clear();
        }
    }

    private void Close(List<QueueSlice> held)
    {
        var end = 0;
        for (var place = 0; place < held.Count; place++)
        {
            if (held[place].Slice is var slice and > 0)
            {
                held[end] = held[place];
                _store[slice].Place = end;
                end++;
            }
        }

        held.RemoveRange(end, held.Count - end);
    }
}
