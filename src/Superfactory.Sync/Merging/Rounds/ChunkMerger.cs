using System.Numerics;
using Superfactory.Sync.Fragments;

namespace Superfactory.Sync.Merging.Rounds;

/// <summary>
/// Turns chunks into their part of the mean as they arrive. A chunk is summed in island order from zero, each product rounded and then
/// each sum, over encoded bytes; one that comes before its turn is kept. Two islands both sum everything; of more, the leader sums,
/// encodes the result once, and all read those bytes.
/// </summary>
internal sealed class ChunkMerger(MergeState state, RoundExchange exchange)
{
    private readonly int[] _order = new int[state.Count];
    private readonly List<int> _held = [];
    private int _contributors;
    private Memory<float>? _mean;

    private RoundWork Work => exchange.Work;

    private FragmentPlan Plan => state.Plan!;

    /// <summary>The round is decided: sums what is here already.</summary>
    public void Begin()
    {
        var decision = Work.Decision!;
        _contributors = 0;
        for (var rest = decision.Contributors; rest != 0; rest &= rest - 1)
        {
            _order[_contributors++] = BitOperations.TrailingZeroCount(rest);
        }

        for (var island = 0; island < state.Count; island++)
        {
            if (island != state.Self && (decision.Contributors >> island & 1) == 0)
            {
                exchange.Arrivals.Release(island);
            }
        }

        if (_contributors == 0)
        {
            return;
        }

        var alone = decision.Contributors == 1UL << state.Self;
        for (var chunk = 0; chunk < Plan.Chunks; chunk++)
        {
            if ((state.Direct || Work.LeaderOf(chunk) == state.Self) && (alone || AnyKept(chunk)))
            {
                Sum(chunk, -1, default);
            }
        }
    }

    /// <summary>A chunk of a contribution arrived, for the first time.</summary>
    /// <returns>Whether anything may follow from it: nothing does from one of two islands' that are all as announced so far, while more of its fragment is missing.</returns>
    public bool TakeContribution(int island, int chunk, ReadOnlySpan<byte> bytes)
    {
        var from = exchange.Arrivals.Of(island);
        if (state.Direct && Work.Decision is { } decided && _contributors == 2 && (decided.Contributors >> island & 1) != 0 && Work.Places[chunk] == 0)
        {
            TakePair(island, chunk, bytes, from);
            return from.NotFinite || exchange.Arrivals.Of(state.Self).NotFinite || Work.Missing(Plan.FragmentOf(chunk)) == 0;
        }

        from.Measured(chunk, state.Format.MeasureEncoded(bytes, Plan.SpanOf(chunk).Length));
        if (Work.Decision is not { } decision)
        {
            exchange.Arrivals.Keep(island, chunk, bytes);
        }
        else if ((decision.Contributors >> island & 1) != 0)
        {
            Sum(chunk, island, bytes);
        }

        return true;
    }

    /// <summary>The other of two contributors' chunk arrived, and this island has its own: all is done at once.</summary>
    private void TakePair(int island, int chunk, ReadOnlySpan<byte> bytes, Arrivals.From from)
    {
        var weights = Work.Decision!.Weights;
        var own = exchange.Own!.Bytes(chunk);
        var isFirst = _order[0] == island;
        var (arrived, mine, hash) = PairMean.Take(
            state.Format, weights[0], isFirst ? bytes : own, weights[1], isFirst ? own : bytes, firstArrived: isFirst, MeanOf(chunk));
        from.Measured(chunk, arrived);
        if (exchange.Own.Bare)
        {
            exchange.Arrivals.Of(state.Self).Measured(chunk, mine);
            exchange.Own.Read(chunk, mine);
        }

        Work.Places[chunk] = 2;
        Work.Merge(chunk, hash);
    }

    /// <summary>A chunk of a result arrived, for the first time.</summary>
    public void TakeResult(int chunk, ReadOnlySpan<byte> bytes)
    {
        state.ResultFormat.Decode(bytes, MeanOf(chunk));
        Work.Merge(chunk, ChunkHash.Of(bytes));
    }

    /// <summary>The mean of the round; what is in it means nothing before every fragment is settled.</summary>
    public Memory<float> Mean()
    {
        if (_mean is not { } mean)
        {
            // Whoever is needed for a sum or a result has contributed to this round, so that nobody can ask for the one before. A transfer
            // of it that nobody needs any more may still be read from there.
            // And the trainer of who is left out for being late may still take over the last result from there.
            mean = state.Buffers!.Merged;
            if (exchange.Own is null || state.IsRead(mean))
            {
                mean = new float[mean.Length];
            }

            _mean = mean;
            state.Replica!.Mean = mean;
        }

        return mean;
    }

    /// <summary>Another round or attempt begins.</summary>
    public void Restart()
    {
        _mean = null;
        _held.Clear();
    }

    /// <summary>What results are encoded with is here: those that waited for it are encoded.</summary>
    public void Release()
    {
        foreach (var chunk in _held)
        {
            Finish(chunk, MeanOf(chunk));
        }

        _held.Clear();
    }

    private Span<float> MeanOf(int chunk)
    {
        var span = Plan.SpanOf(chunk);
        return Mean().Span.Slice(span.Offset, span.Length);
    }

    private bool AnyKept(int chunk)
    {
        for (var place = 0; place < _contributors; place++)
        {
            if (_order[place] != state.Self && exchange.Arrivals.Of(_order[place]).Kept[chunk] is not null)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Goes on with the sum of a chunk as far as its contributions are here.</summary>
    /// <param name="chunk">The chunk.</param>
    /// <param name="from">Whose bytes have just arrived; -1 where none have.</param>
    /// <param name="arrived">Those bytes.</param>
    private void Sum(int chunk, int from, ReadOnlySpan<byte> arrived)
    {
        var weights = Work.Decision!.Weights;
        var mean = MeanOf(chunk);
        int place = Work.Places[chunk];
        if (place == 0 && _contributors > 1 && TryBytes(_order[0], chunk, from, arrived, out var first) && TryBytes(_order[1], chunk, from, arrived, out var second))
        {
            state.Format.Mean(weights[0], first, weights[1], second, mean);
            exchange.Arrivals.Release(_order[0], chunk);
            exchange.Arrivals.Release(_order[1], chunk);
            place = 2;
        }

        for (; place < _contributors && TryBytes(_order[place], chunk, from, arrived, out var bytes); place++)
        {
            if (place == 0)
            {
                mean.Clear();
            }

            state.Format.DecodeAccumulate(weights[place], bytes, mean);
            exchange.Arrivals.Release(_order[place], chunk);
        }

        Work.Places[chunk] = (byte)place;
        if (place == _contributors)
        {
            Finish(chunk, mean);
        }
        else if (from >= 0 && Array.IndexOf(_order, from, 0, _contributors) >= place)
        {
            exchange.Arrivals.Keep(from, chunk, arrived);
        }
    }

    /// <summary>What this island itself puts into a sum that it leads, or that its trainer could still write to, is compared with its header, too.</summary>
    private ReadOnlySpan<byte> OwnBytes(int chunk)
    {
        var bytes = exchange.Own!.Bytes(chunk);
        if (!state.Direct || exchange.Own.Bare)
        {
            exchange.Arrivals.Of(state.Self).Measured(chunk, state.Format.MeasureEncoded(bytes, Plan.SpanOf(chunk).Length));
        }

        return bytes;
    }

    private bool TryBytes(int island, int chunk, int from, ReadOnlySpan<byte> arrived, out ReadOnlySpan<byte> bytes)
    {
        bytes = island == from ? arrived
            : island == state.Self ? OwnBytes(chunk)
            : exchange.Arrivals.Of(island).Kept[chunk].AsSpan(0, exchange.Arrivals.Of(island).Kept[chunk] is null ? 0 : state.Format.EncodedBytes(Plan.SpanOf(chunk).Length));
        return !bytes.IsEmpty;
    }

    private void Finish(int chunk, Span<float> mean)
    {
        if (state.Direct)
        {
            Work.Merge(chunk, ChunkHash.Of(System.Runtime.InteropServices.MemoryMarshal.AsBytes(mean)));
            return;
        }

        if (exchange.Residuals.IsAwaited())
        {
            _held.Add(chunk);
            return;
        }

        Work.Merge(chunk, exchange.Results.Encode(chunk, mean));
        Work.Ready.Add(chunk);
    }
}
