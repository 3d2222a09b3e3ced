using System.Buffers;
using System.Collections.Immutable;
using Superfactory.Model.Agents;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Merging.Defence;
using Superfactory.Sync.Merging.Rounds;
using Superfactory.Sync.Merging.Wire;

namespace Superfactory.Sync.Merging.Dealing;

/// <summary>
/// What all islands remember alike of the committed rounds, besides the parameters: where the deal stands, what is merged, who was
/// refused. Changed by commits alone; its bytes go into the state's hash and to islands without memory.
/// </summary>
internal sealed partial class RunHistory
{
    private readonly int _islands;
    private readonly int _parts;
    private readonly NormHistory[] _norms;
    private readonly bool _keepsBatch;
    private readonly BudgetSpecification _budget;
    private ImmutableArray<int> _batches;
    private ulong _batchesOf;
    private ImmutableArray<DataDeclaration?> _batchesDeclared;

    /// <summary>A history of which nothing is known yet.</summary>
    /// <param name="islands">Islands in the run.</param>
    /// <param name="sync">Its mode and interval.</param>
    /// <param name="budget">When it is done.</param>
    /// <param name="parts">Parts of the parameters that the rounds of streaming merge in turn; 1 where nothing streams.</param>
    public RunHistory(int islands, SyncSpecification sync, BudgetSpecification budget, int parts = 1)
    {
        (_islands, _parts, _norms) = (islands, parts, new NormHistory[parts]);
        for (var part = 0; part < parts; part++)
        {
            _norms[part] = new NormHistory();
        }

        Pipeline = sync.Mode == SyncMode.Streaming ? new DealPipeline(parts, sync.Every) : null;
        _keepsBatch = sync is { Mode: SyncMode.EveryStep, Batch: BatchPolicy.Keep };
        (Changes, Schedule) = (sync.Mode == SyncMode.Auto, RunSchedule.Of(sync));
        LastMode = Mode;
        _budget = budget;
        Tokens = new long[islands];
        Steps = new long[islands];
        RefusedInRow = new int[islands];
    }

    /// <summary>The round that is worked on: as many are committed.</summary>
    public long Round { get; private set; }

    /// <summary>How each island draws its samples, once all members have said so, null where it has not or the run is untracked; empty before.</summary>
    public ImmutableArray<DataDeclaration?> Declarations { get; private set; } = [];

    /// <summary>Islands that take turns in the current round: those who were members when the round before it was committed.</summary>
    public ulong Takers { get; private set; }

    /// <summary>The samples; null where the run is untracked or not all islands have declared.</summary>
    public SampleLedger? Ledger { get; private set; }

    /// <summary>Whether all islands have said how they draw samples.</summary>
    public bool Begun => !Declarations.IsEmpty;

    /// <summary>Tokens of each island in committed results.</summary>
    public long[] Tokens { get; }

    /// <summary>Steps of each island in committed rounds, also those of refused contributions.</summary>
    public long[] Steps { get; }

    /// <summary>Steps of a whole round's turns over all committed rounds; what an untracked run is measured by.</summary>
    public long TurnsTaken { get; private set; }

    /// <summary>How many contributions of each island, one after another up to its last, were refused for what they were.</summary>
    public int[] RefusedInRow { get; }

    /// <summary>The norms of what was accepted of the part of the parameters that the current round merges.</summary>
    public NormHistory Norms => _norms[Pipeline is null ? 0 : Round % _parts];

    /// <summary>Islands refused in the last round for any reason.</summary>
    public ulong RefusedLast { get; private set; }

    /// <summary>Whether what an island contributed to the last round is in it: a round of an epoch without it has nothing of it, and refuses it nothing either.</summary>
    public bool HeardLast(int island) => (Takers >> island & 1) != 0 && (RefusedLast >> island & 1) == 0;

    /// <summary>Islands whose shares of the last round are not in its result.</summary>
    public ulong GivenBackLast { get; private set; }

    /// <summary>Contributions refused so far.</summary>
    public long Refusals { get; private set; }

    /// <summary>Steps that all islands skipped one after another.</summary>
    public int SkipsInRow { get; private set; }

    /// <summary>Samples that the last round merged.</summary>
    public long LastMerged { get; private set; }

    /// <summary>Tokens in the last round's result.</summary>
    public long LastTokens { get; private set; }

    /// <summary>The mean loss of the last round with a finite one; NaN before.</summary>
    public double Loss { get; private set; } = double.NaN;

    /// <summary>Whether the last round had no result, and every-step trainers skip their step.</summary>
    public bool LastSkipped { get; private set; }

    /// <summary>Whether a new segment of samples began with the current round.</summary>
    public bool NewSegment { get; private set; }

    /// <summary>Chained hash over the results of all committed rounds.</summary>
    public ulong Chain { get; private set; }

    /// <summary>Whether everything planned is merged.</summary>
    public bool Finished => Begun && (Ledger?.Finished ?? (TurnsTaken >= _budget.Steps && Pipeline is not { IsIdle: false }));

    /// <summary>Merged ÷ planned.</summary>
    public double Fraction => !Begun ? 0 : Ledger is { } ledger ? (double)(ledger.Merged + (Pipeline?.SamplesBefore(Round) ?? 0)) / ledger.Planned : Math.Min(1, (double)TurnsTaken / _budget.Steps);

    /// <summary>Turns in the current round over all islands.</summary>
    public int Turns => Finished ? 0
        : Begun && Pipeline is { } pipeline ? pipeline.At(Round).Turns
        : Ledger is { } ledger ? ledger.Turns(Every)
        : _budget.Steps > 0 ? (int)Math.Min(Every, _budget.Steps - TurnsTaken) : Every;

    /// <summary>What an island's trainer does in the current round.</summary>
    public RoundTurn TurnOf(int island) => Named(Pipeline is { } pipeline ? Begun ? TurnOf(island, pipeline) : UndealtTurn(pipeline)
        : new(Round, StepsOf(island), Ledger?.Cursor ?? TurnsTaken, Fraction, Finished));

    /// <summary>Steps that an island takes in the current round.</summary>
    public int StepsOf(int island) => Pipeline is { } pipeline ? Finished ? 0 : Begun ? pipeline.At(Round).Steps(island) : UndealtTurn(pipeline).Steps
        : Ledger is { } ledger ? ledger.Segment.Steps(island, ledger.Cursor, Turns)
        : !Begun || (Takers >> island & 1) != 0 ? Turns : 0;

    /// <summary>Samples dealt for the current round.</summary>
    public long RoundSamples => Pipeline is null && Ledger is { } ledger && !Finished ? ledger.Places(Every) is var places ? places.End - places.Start : 0 : 0;

    /// <summary>Steps of an island in the whole run, as far as it is known now.</summary>
    public long StepsPlanned(int island)
    {
        if (Ledger is not { } ledger)
        {
            return _budget.Steps;
        }

        var dealt = Pipeline is { } pipeline ? pipeline.At(Round).Steps(island) + pipeline.At(Round + 1).Steps(island) : 0;

        var left = ledger.Segment.Turns - ledger.Cursor;
        var rest = left > 0 ? left - 1 + ledger.Segment.Steps(island, ledger.Segment.Turns - 1, 1) : 0;
        return Steps[island] + dealt + rest + ((ledger.GivenBack + ledger.Segment.Stride - 1) / ledger.Segment.Stride);
    }

    /// <summary>The samples of an island from the current round on; null where the run is untracked.</summary>
    public DealtSamples? SamplesOf(int island) => Ledger is { } ledger ? (Pipeline?.At(Round).Segment ?? ledger.Segment).For(island, ledger.Planned) : null;

    /// <summary>The run begins from a model: results follow from it.</summary>
    /// <param name="model">Hash of it.</param>
    public void Originate(ulong model) => Chain = model;

    /// <summary>All members have declared, and agree.</summary>
    /// <param name="declarations">What each member declared; null for others, and everywhere where the run is untracked.</param>
    /// <param name="members">The members, by place.</param>
    /// <param name="segment">The number of the first segment: another one for each beginning.</param>
    public void Begin(ImmutableArray<DataDeclaration?> declarations, ulong members, int segment)
    {
        (Declarations, Takers) = (declarations, members);
        if (declarations.Any(declaration => declaration is not null))
        {
            var batches = Batches(members);
            var planned = _budget.Samples > 0 ? _budget.Samples : _budget.Steps * batches.Sum(batch => (long)batch);
            Ledger = Carried?.Resume(batches, segment) ?? new SampleLedger(planned, batches, segment);
        }

        DealAhead(members);
    }

    /// <summary>An island that was not there at the beginning said how it draws its samples.</summary>
    public void Admit(int island, DataDeclaration declaration) => Declarations = Declarations.SetItem(island, declaration);

    /// <summary>A round is committed.</summary>
    /// <param name="decision">What was decided from its headers.</param>
    /// <param name="result">Hash over its results.</param>
    /// <param name="members">The members of the epoch in which it is, by place: they take turns from the next round on.</param>
    /// <param name="next">What is merged from the next round on, and when; null for what is now.</param>
    public void Commit(RoundDecision decision, ulong result, ulong members, RunSchedule? next = null)
    {
        var turns = Turns;
        var before = Ledger?.Merged ?? 0;
        var idle = false;
        GivenBackLast = 0;
        Leaving = LeavingFor(next);
        for (var island = 0; island < _islands; island++)
        {
            var dealt = StepsOf(island) > 0;
            idle |= dealt && decision.Steps[island] == 0;
            GivenBackLast |= dealt ? decision.GivenBack & 1UL << island : 0;
        }

        if (Pipeline is { } pipeline)
        {
            var pairs = pipeline.Commit(Round, decision.Contributors, decision.Afresh, Ledger);
            LastMerged = Changes ? (Ledger?.Merged ?? 0) - before : pairs;
            NewSegment = Ledger?.Renew(Batches(members)) ?? false;
        }
        else
        {
            NewSegment = Ledger?.Commit(Every, decision.GivenBack, Batches(members), idle) ?? false;
            LastMerged = (Ledger?.Merged ?? 0) - before;
        }

        Takers = members;
        TurnsTaken += turns;
        Pipeline?.Deal(Round + 2, Ledger, _budget.Steps - TurnsTaken, TurnsTaken, members, nothing: Leaving is not null);
        for (var island = 0; island < _islands; island++)
        {
            Steps[island] += decision.Steps[island];
            Tokens[island] = Math.Min(Tokens[island] + decision.Tokens[island], MergeLimits.TokensInRunMax);
        }

        Judge(decision);
        RefusedLast = decision.Refused | decision.Stalled;
        Refusals += ulong.PopCount(RefusedLast) is var refused ? (long)refused : 0;
        SkipsInRow = decision.Overflowed ? SkipsInRow + 1 : 0;
        LastTokens = decision.TokensInAll;
        Loss = double.IsNaN(decision.Loss) ? Loss : decision.Loss;
        LastSkipped = decision.Contributors == 0;
        Chain = ContentHash.Of(Chain, (ulong)Round, decision.Contributors, result);
        Carried = null;
        Round++;
        Turn(Leaving ?? next, decision.Contributors, members);
    }

    /// <summary>The run begins again from here: whoever was refused before begins with a clean slate.</summary>
    public void Pardon() => Array.Clear(RefusedInRow);

    /// <summary>Remembers who was refused, and the norms of what was accepted.</summary>
    private void Judge(RoundDecision decision)
    {
        for (var island = 0; island < _islands && !decision.Overflowed; island++)
        {
            if ((decision.Refused >> island & 1) != 0)
            {
                RefusedInRow[island] = Math.Min(RefusedInRow[island] + 1, int.MaxValue - 1);
            }
            else if ((decision.Contributors >> island & 1) != 0)
            {
                RefusedInRow[island] = 0;
                Norms.Accept(decision.SquaredNorms[island].AsSpan());
            }
        }
    }

    public byte[] ToBytes()
    {
        var buffer = new ArrayBufferWriter<byte>();
        var writer = new WireWriter(buffer);
        writer.Int64(Round);
        writer.UInt64(Chain);
        writer.Int64(TurnsTaken);
        writer.UInt64(RefusedLast);
        writer.Int64(Refusals);
        writer.Int32(SkipsInRow);
        writer.Int64(LastMerged);
        writer.Int64(LastTokens);
        writer.Double(Loss);
        writer.Flag(LastSkipped);
        writer.Flag(NewSegment);
        WriteSchedule(writer);
        for (var island = 0; island < _islands; island++)
        {
            writer.Int64(Tokens[island]);
            writer.Int64(Steps[island]);
            writer.Int32(RefusedInRow[island]);
        }

        foreach (var norms in _norms)
        {
            norms.Write(writer);
        }

        WriteDealing(writer);
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>What each island that takes turns takes in one, 0 of the others; with <see cref="BatchPolicy.Keep"/> more than its batch where others are away.</summary>
    private ImmutableArray<int> Batches(ulong members)
    {
        if (_batches.IsDefault || members != _batchesOf || _batchesDeclared != Declarations)
        {
            (_batchesOf, _batchesDeclared) = (members, Declarations);
            _batches = _keepsBatch
                ? GlobalBatch.Keep([.. Declarations.Select(declaration => declaration?.Batch ?? 0)], members)
                : [.. Declarations.Select((declaration, island) => (members >> island & 1) != 0 && declaration is not null ? declaration.Batch : 0)];
        }

        return _batches;
    }

    /// <summary>Reads what a peer's <see cref="ToBytes"/> gave; null where it is no history of such a run.</summary>
    /// <param name="bytes">What it gave.</param>
    /// <param name="islands">Islands in the run.</param>
    /// <param name="sync">Its mode and interval.</param>
    /// <param name="budget">When it is done.</param>
    /// <param name="parts">Parts of the parameters that the rounds of streaming merge in turn.</param>
    public static RunHistory? FromBytes(ReadOnlySpan<byte> bytes, int islands, SyncSpecification sync, BudgetSpecification budget, int parts = 1)
    {
        var reader = new WireReader(bytes);
        var history = new RunHistory(islands, sync, budget, parts)
        {
            Round = reader.Int64(0, long.MaxValue - 2),
            Chain = reader.UInt64(),
            TurnsTaken = reader.Int64(0, long.MaxValue / 2),
            RefusedLast = reader.UInt64(),
            Refusals = reader.Int64(0, long.MaxValue / 2),
            SkipsInRow = reader.Int32(0, int.MaxValue),
            LastMerged = reader.Int64(0, long.MaxValue / 2),
            LastTokens = reader.Int64(0, long.MaxValue / 2),
            Loss = reader.Double(),
            LastSkipped = reader.Flag(),
            NewSegment = reader.Flag(),
        };
        history.ReadSchedule(ref reader);
        for (var island = 0; island < islands; island++)
        {
            history.Tokens[island] = reader.Int64(0, MergeLimits.TokensInRunMax);
            history.Steps[island] = reader.Int64(0, long.MaxValue / 2);
            history.RefusedInRow[island] = reader.Int32(0, int.MaxValue);
        }

        for (var part = 0; part < parts; part++)
        {
            history._norms[part] = NormHistory.Read(ref reader);
        }

        history.ReadDealing(ref reader);
        return reader.Complete ? history : null;
    }

    private void WriteDeclarations(WireWriter writer)
    {
        writer.Flag(Ledger is not null);
        if (Ledger is null)
        {
            Pipeline?.Write(writer, null);
            return;
        }

        foreach (var declaration in Declarations)
        {
            writer.Flag(declaration is not null);
            if (declaration is not null)
            {
                writer.Int64(declaration.Count);
                writer.Int32(declaration.Batch);
                writer.Text(declaration.Dataset);
            }
        }

        if (Pipeline is not null)
        {
            SampleLedger.WriteBatches(writer, Ledger.Segment.Batches);
        }

        Ledger.Write(writer);
        Pipeline?.Write(writer, Ledger);
    }

    private void ReadDeclarations(ref WireReader reader)
    {
        var tracked = reader.Flag();
        var declarations = ImmutableArray.CreateBuilder<DataDeclaration?>(_islands);
        for (var island = 0; island < _islands; island++)
        {
            declarations.Add(!tracked || !reader.Flag() ? null : new DataDeclaration(
                reader.Int64(1, long.MaxValue / 2), reader.Int32(1, int.MaxValue), reader.Text(MergeLimits.DatasetBytesMax)));
        }

        Declarations = declarations.MoveToImmutable();
        var batches = tracked && Pipeline is not null ? SampleLedger.ReadBatches(ref reader, _islands) : Batches(Takers);
        Ledger = tracked && reader.Require(batches.Any(batch => batch > 0)) ? SampleLedger.Read(ref reader, batches) : null;
        if (reader.Require(tracked == Ledger is not null))
        {
            Pipeline?.Read(ref reader, Ledger, Round, _islands);
        }
    }
}
