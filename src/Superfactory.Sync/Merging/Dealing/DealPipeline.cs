using System.Collections.Immutable;
using Superfactory.Sync.Merging.Wire;

namespace Superfactory.Sync.Merging.Dealing;

/// <summary>
/// The deals of streaming. A round merges one part of the parameters, so what is dealt for it enters the model part by part, in as many
/// rounds as there are parts; and as training goes on while a round is merged, the next round's deal is made a round ahead. Part of the
/// replicated history.
/// </summary>
/// <param name="parts">Parts of the parameters, at least 1.</param>
/// <param name="every">Steps between two merges of the same part, at least as many.</param>
internal sealed class DealPipeline(int parts, int every)
{
    private readonly List<DealtTurns> _deals = [];

    /// <summary>Pairs of a sample and a part that were merged and given back with the rest of their sample.</summary>
    public long Replayed { get; private set; }

    /// <summary>Whether nothing that was dealt is left to be merged.</summary>
    public bool IsIdle => _deals.TrueForAll(deal => deal.Turns == 0);

    /// <summary>Turns in a round: the steps between two merges of a part are shared evenly among the parts.</summary>
    public int TurnsIn(long round)
    {
        var place = round % parts;
        return (int)(((place + 1) * every / parts) - (place * every / parts));
    }

    /// <summary>What is dealt for a round: the one that is worked on, the next, or one that is not merged in every part.</summary>
    public DealtTurns At(long round) => _deals[(int)(round - _deals[0].Round)];

    /// <summary>Samples dealt before a round that are merged in some parts and not in all.</summary>
    public long SamplesBefore(long round)
    {
        var samples = 0L;
        for (var index = 0; index < _deals.Count && _deals[index].Round < round; index++)
        {
            samples += _deals[index].Samples;
        }

        return samples;
    }

    /// <summary>Steps of an island before a round whose work is still to be merged in the part of that round.</summary>
    public int StepsBefore(long round, int island)
    {
        var steps = 0;
        for (var index = 0; index < _deals.Count && _deals[index].Round < round; index++)
        {
            steps += _deals[index].StepsPresent(island);
        }

        return steps;
    }

    /// <summary>Deals for a round, after those before it.</summary>
    /// <param name="round">The round.</param>
    /// <param name="ledger">Where from; null where the run is untracked.</param>
    /// <param name="left">Turns that an untracked run has left, with those that are dealt for rounds that are not committed.</param>
    /// <param name="taken">Turns that it has taken.</param>
    /// <param name="takers">Who takes turns, where the run is untracked.</param>
    /// <param name="nothing">Whether nothing is dealt, so that what was dealt before can be merged in every part.</param>
    public void Deal(long round, SampleLedger? ledger, long left, long taken, ulong takers, bool nothing = false)
    {
        var wanted = nothing ? 0 : TurnsIn(round);
        if (ledger is not null)
        {
            var first = ledger.Cursor;
            _deals.Add(new DealtTurns(round, ledger.Segment, first, ledger.Take(wanted), ulong.MaxValue));
            return;
        }

        var (ahead, turn) = (0L, taken);
        foreach (var deal in _deals)
        {
            ahead += deal.Round >= round - 1 ? deal.Turns : 0;
            turn = deal.First + deal.Turns;
        }

        _deals.Add(new DealtTurns(round, null, turn, (int)Math.Clamp(left - ahead, 0, wanted), takers));
    }

    /// <summary>A round is committed: what contributors trained since its part was merged before is in that part.</summary>
    /// <param name="round">The round.</param>
    /// <param name="contributors">Whose numbers are in the result.</param>
    /// <param name="afresh">Who has nothing left of what it trained for earlier rounds.</param>
    /// <param name="ledger">Takes what is merged in every part, and what is given back; null where the run is untracked.</param>
    /// <returns>Pairs of a sample and a part that the round merged.</returns>
    public long Commit(long round, ulong contributors, ulong afresh, SampleLedger? ledger)
    {
        var merged = 0L;
        for (var index = 0; index < _deals.Count && _deals[index].Round <= round; index++)
        {
            var deal = _deals[index];
            var lost = deal.Present & ~(deal.Round < round ? contributors & ~afresh : contributors);
            if (lost != 0)
            {
                Replayed += deal.SamplesOf(lost) * (round - deal.Round);
                ledger?.GiveBack(deal, lost);
                deal.Present &= ~lost;
            }

            merged += deal.Samples;
        }

        if (_deals[0].Round == round - parts + 1)
        {
            ledger?.Settle(_deals[0]);
            _deals.RemoveAt(0);
        }

        return merged;
    }

    /// <summary>Nothing is dealt: what was merged in some parts alone is given back.</summary>
    /// <param name="round">The round that is worked on.</param>
    /// <param name="before">Pairs that were given back before.</param>
    public long ReplayedWhereLost(long round, long before = 0)
    {
        foreach (var deal in _deals)
        {
            before += deal.Round < round ? deal.Samples * (round - deal.Round) : 0;
        }

        return before + Replayed;
    }

    /// <summary>Nothing is dealt, and as many pairs were given back so far.</summary>
    public void Clear(long replayed = 0)
    {
        _deals.Clear();
        Replayed = replayed;
    }

    /// <summary>Samples by what has become of them: merged are those that every part has.</summary>
    /// <param name="ledger">The run's ledger.</param>
    /// <param name="pending">Samples that the last round merged in the last part, where it is not final; 0 otherwise.</param>
    public Model.Agents.LedgerTotals Samples(SampleLedger ledger, long pending)
    {
        var inFlight = pending;
        foreach (var deal in _deals)
        {
            inFlight += deal.Samples;
        }

        return new Model.Agents.LedgerTotals(ledger.Planned, ledger.Merged - pending, inFlight, ledger.Untaken, Replayed);
    }

    /// <summary>Pairs of a sample and a part by what has become of them.</summary>
    /// <param name="round">The round that is worked on.</param>
    /// <param name="ledger">The run's ledger.</param>
    /// <param name="pending">Pairs that the last round merged, where it is not final; 0 otherwise.</param>
    public Model.Agents.LedgerTotals Totals(long round, SampleLedger ledger, long pending)
    {
        var (merged, inFlight) = (ledger.Merged * parts, pending);
        foreach (var deal in _deals)
        {
            var rounds = Math.Max(round - deal.Round, 0);
            var samples = deal.Segment is null ? 0 : deal.Samples;
            merged += samples * rounds;
            inFlight += samples * (parts - rounds);
        }

        return new Model.Agents.LedgerTotals(ledger.Planned * parts, merged - pending, inFlight, ledger.Untaken * parts, Replayed);
    }

    public void Write(WireWriter writer, SampleLedger? ledger)
    {
        writer.Int64(Replayed);
        writer.Int32(_deals.Count);
        SampleSegment? last = null;
        foreach (var deal in _deals)
        {
            writer.Int64(deal.Round);
            writer.Int64(deal.First);
            writer.Int32(deal.Turns);
            writer.UInt64(deal.Present);
            if (ledger is null || deal.Segment is not { } segment)
            {
                continue;
            }

            var known = segment == last || segment == ledger.Segment;
            writer.Byte(segment == ledger.Segment ? (byte)1 : known ? (byte)2 : (byte)0);
            if (!known)
            {
                writer.Int32(segment.Number);
                SampleLedger.WriteBatches(writer, segment.Batches);
                SampleLedger.WriteRanges(writer, segment.Ranges);
            }

            last = segment;
        }
    }

    /// <summary>Reads what <see cref="Write"/> wrote into a pipeline that is empty; the reader is broken where it is none.</summary>
    public void Read(ref WireReader reader, SampleLedger? ledger, long round, int islands)
    {
        Replayed = reader.Int64(0, long.MaxValue / 2);
        var count = reader.Int32(2, parts + 2);
        SampleSegment? last = null;
        for (var index = 0; index < count && !reader.Broken; index++)
        {
            var of = reader.Int64(0, long.MaxValue / 2);
            var (first, turns, present) = (reader.Int64(0, long.MaxValue / 2), reader.Int32(0, every), reader.UInt64());
            reader.Require(of == round + 2 - count + index);
            if (ledger is not null)
            {
                last = reader.Byte() switch
                {
                    1 => ledger.Segment,
                    2 => last,
                    _ => ReadSegment(ref reader, ledger.Planned, islands),
                };
                reader.Require(last is not null && first + turns <= last.Turns);
            }

            _deals.Add(new DealtTurns(of, last, first, turns, present));
        }
    }

    private static SampleSegment? ReadSegment(ref WireReader reader, long planned, int islands)
    {
        var number = reader.Int32(0, int.MaxValue);
        var batches = SampleLedger.ReadBatches(ref reader, islands);
        return SampleLedger.ReadRanges(ref reader, planned) is { } ranges && reader.Require(batches.Any(batch => batch > 0)) ? new SampleSegment(number, [.. ranges.Ranges], batches) : null;
    }
}
