using Superfactory.Model.Agents;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Arithmetic.Formats;
using Superfactory.Sync.Fragments;

namespace Superfactory.Sync.Tests.Merging.Virtual;

/// <summary>
/// The run as one plain loop over all islands: DiLoCo and the token-weighted mean written out number by number, and the samples dealt
/// from lists. Knows no fragments, messages, ledgers or vectors.
/// </summary>
internal sealed class Reference
{
    private readonly Scenario _scenario;
    private readonly IReadOnlyDictionary<long, RoundFate> _fates;
    private readonly ReferenceNorms _norms;
    private RunSchedule _schedule;
    private ulong _dealt;
    private ulong _declared;
    private long _turn;
    private readonly float[] _momentum;
    private readonly float[] _innerMomentum;
    private readonly float[][]? _residuals;
    private readonly float[]? _resultResidual;
    private List<long> _line;
    private List<long> _givenBack = [];
    private int _next;

    /// <summary>A run as <paramref name="scenario"/> says.</summary>
    /// <param name="scenario">What decides its result.</param>
    /// <param name="fates">By round, without whom it was merged in the end, and to whom the next was dealt: which those are depends on who stalled or was lost when.</param>
    /// <param name="origin">The island from whose trainer it begins.</param>
    public Reference(Scenario scenario, IReadOnlyDictionary<long, RoundFate>? fates = null, int origin = 0)
    {
        (_scenario, _fates) = (scenario, fates ?? new Dictionary<long, RoundFate>());
        _schedule = RunSchedule.Of(scenario.Sync);
        _dealt = (_fates.Count > 0 ? _fates[_fates.Keys.Min()].DealtBefore : null) ?? (1UL << scenario.Islands) - 1;
        Parameters = scenario.Initial(origin);
        _norms = new ReferenceNorms(FragmentPlan.Create(Parameters.Length, scenario.Islands, scenario.Fragments, scenario.ChunkLength));
        _momentum = new float[Parameters.Length];
        _innerMomentum = new float[Parameters.Length];
        if (scenario.ErrorFeedback)
        {
            _residuals = [.. Enumerable.Range(0, scenario.Islands).Select(_ => new float[Parameters.Length])];
            _resultResidual = new float[Parameters.Length];
        }

        Planned = scenario.Budget.Samples > 0 ? scenario.Budget.Samples
            : scenario.Budget.Steps * Enumerable.Range(0, scenario.Islands).Where(island => (_dealt >> island & 1) != 0).Sum(scenario.BatchOf);
        _line = [.. Enumerable.Range(0, (int)Planned).Select(position => (long)position)];
    }

    public long Planned { get; }

    /// <summary>Contributions that were refused for their norm.</summary>
    public int RefusedForNorm { get; private set; }

    public float[] Parameters { get; private set; }

    /// <summary>The positions that entered the model, in the order in which they did.</summary>
    public List<long> Merged { get; } = [];

    /// <summary>Parameters (diloco) or mean gradient (every-step) after each round.</summary>
    public List<float[]> Results { get; } = [];

    public void Run()
    {
        for (var round = 0L; _scenario.Tracked ? _next < _line.Count : _turn < _scenario.Budget.Steps; round++)
        {
            Round(round);
            var fate = _fates.GetValueOrDefault(round);
            if (_next < _line.Count ? fate?.NewSegment == true : _givenBack.Count > 0)
            {
                (_line, _givenBack, _next) = ([.. _line.Skip(_next).Concat(_givenBack).Order()], [], 0);
            }

            _dealt = fate?.DealtAfter ?? _dealt;
        }
    }

    private SyncMode Mode => _schedule.Mode;

    /// <summary>What is merged in a round, and when; where the mode changes, what changes with it.</summary>
    private void Schedule(long round)
    {
        var (before, now) = (_schedule, _fates.GetValueOrDefault(round)?.Schedule ?? _schedule);
        _schedule = now;
        if (before != now)
        {
            _norms.Clear();
        }

        if (before.Mode == SyncMode.Diloco && now.Mode == SyncMode.EveryStep)
        {
            _innerMomentum.AsSpan().Fill(Scenario.InnerMomentum(_fates[round - 1].SeedFrom, round - 1));
        }
        else if (before.Mode == SyncMode.EveryStep && now.Mode == SyncMode.Diloco)
        {
            _momentum.AsSpan().Clear();
        }
    }

    private void Round(long round)
    {
        Schedule(round);
        var shares = Deal();
        var contributions = shares.Select(steps => LocalTraining.Round(Mode, Parameters, steps)).ToArray();
        var skipped = Mode == SyncMode.EveryStep && Enumerable.Range(0, _scenario.Islands).Any(island => shares[island].Count > 0 && !IsLeftOut(island, round) && _scenario.Overflows(island, round));
        var wires = Enumerable.Range(0, _scenario.Islands).Select(island => Travel(island, round, shares[island].Count > 0, contributions[island].Given)).ToArray();
        var accepted = Enumerable.Range(0, _scenario.Islands)
            .Where(island => shares[island].Count > 0 && !skipped && !_scenario.Poisoned(island, round) && !_scenario.Damages(island, round) && !IsRefused(island, round, wires[island].Arrived) && !IsLeftOut(island, round)).ToArray();
        for (var island = 0; island < _scenario.Islands; island++)
        {
            (accepted.Contains(island) ? Merged : _givenBack).AddRange(shares[island].SelectMany(step => step));
        }

        var tokens = accepted.Sum(island => contributions[island].Tokens);
        var mean = new float[Parameters.Length];
        foreach (var island in accepted)
        {
            wires[island].Residual?.CopyTo(_residuals![island], 0);
            _norms.Accept(wires[island].Arrived);
            for (var index = 0; index < mean.Length; index++)
            {
                mean[index] += (float)((double)contributions[island].Tokens / tokens) * wires[island].Arrived[index];
            }
        }

        MoveResiduals(_fates.GetValueOrDefault(round)?.DealtAfter ?? _dealt);
        if (_scenario.Islands > 2 && accepted.Length > 0)
        {
            mean = Wire(_scenario.ResultFormat ?? _scenario.Format, mean, _resultResidual);
        }

        if (accepted.Length > 0)
        {
            Apply(mean);
        }

        Results.Add(Mode == SyncMode.EveryStep ? mean : (float[])Parameters.Clone());
    }

    /// <summary>How often what rounding took from a fragment's results moved to another island.</summary>
    public int ResidualsMoved { get; private set; }

    /// <summary>How often it was lost, because who had it was there no more.</summary>
    public int ResidualsLost { get; private set; }

    /// <summary>What rounding took from results is with who led them in the last result's epoch; where that island is no member, it is lost.</summary>
    private void MoveResiduals(ulong members)
    {
        if (_resultResidual is not { } residual)
        {
            return;
        }

        var plan = FragmentPlan.Create(residual.Length, _scenario.Islands, _scenario.Fragments, _scenario.ChunkLength);
        for (var chunk = 0; chunk < plan.Chunks; chunk++)
        {
            var (had, has) = (LeaderAmong(_dealt), LeaderAmong(members));
            ResidualsMoved += had != has && (members >> had & 1) != 0 ? 1 : 0;
            if ((members >> had & 1) == 0)
            {
                ResidualsLost++;
                residual.AsSpan(plan.SpanOf(chunk).Offset, plan.SpanOf(chunk).Length).Clear();
            }

            int LeaderAmong(ulong islands) => Enumerable.Range(0, _scenario.Islands).Select(step => (plan.FragmentOf(chunk).Leader + step) % _scenario.Islands).First(island => (islands >> island & 1) != 0);
        }
    }

    /// <summary>A contribution as it arrives, and what is left of it at its sender.</summary>
    private (float[] Arrived, float[]? Residual) Travel(int island, long round, bool trained, float[] given)
    {
        given = (float[])given.Clone();
        if (trained)
        {
            _scenario.Exaggerate(island, round, given);
        }

        float[] numbers = [.. given.Select((number, index) => Mode == SyncMode.EveryStep ? number : Parameters[index] - number)];
        var residual = (float[]?)_residuals?[island].Clone();
        return (Wire(_scenario.Format, numbers, residual), residual);
    }

    private bool IsRefused(int island, long round, float[] arrived)
    {
        if (!_norms.IsOver(arrived, _scenario.NormLimit))
        {
            return false;
        }

        (_fates.Count == 0 || IsLeftOut(island, round)).ShouldBeTrue($"seed {_scenario.Seed}: the norm of island {island} is far over in round {round}, and it is in the result");
        RefusedForNorm++;
        return true;
    }

    private bool IsLeftOut(int island, long round) => _fates.TryGetValue(round, out var fate) && (fate.LeftOut >> island & 1) != 0;

    private void Apply(float[] mean)
    {
        if (Mode == SyncMode.EveryStep)
        {
            LocalTraining.Step(Parameters, _innerMomentum, mean);
            return;
        }

        var (rate, factor) = ((float)_scenario.Sync.Outer.LearningRate, (float)_scenario.Sync.Outer.Momentum);
        for (var index = 0; index < mean.Length; index++)
        {
            _momentum[index] = (factor * _momentum[index]) + mean[index];
            Parameters[index] -= rate * (mean[index] + (factor * _momentum[index]));
        }
    }

    /// <summary>The next turns' positions for each island, step by step.</summary>
    private List<List<long>>[] Deal()
    {
        var shares = Enumerable.Range(0, _scenario.Islands).Select(_ => new List<List<long>>()).ToArray();
        for (var turn = 0; turn < _schedule.Every && !_scenario.Tracked && _turn < _scenario.Budget.Steps; turn++, _turn++)
        {
            for (var island = 0; island < _scenario.Islands; island++)
            {
                if ((_dealt >> island & 1) != 0)
                {
                    shares[island].Add([(_turn * _scenario.Islands) + island]);
                }
            }
        }

        var sizes = Sizes();
        for (var turn = 0; turn < _schedule.Every && _scenario.Tracked && _next < _line.Count; turn++)
        {
            for (var island = 0; island < _scenario.Islands; island++)
            {
                if ((_dealt >> island & 1) == 0)
                {
                    continue;
                }

                var share = _line.Skip(_next).Take(sizes[island]).ToList();
                _next += share.Count;
                if (share.Count > 0)
                {
                    shares[island].Add(share);
                }
            }
        }

        return shares;
    }

    /// <summary>What each island takes in a turn: in every-step, unless the batch shrinks, those that are there take what the others would have, one of their batches after another.</summary>
    private int[] Sizes()
    {
        _declared |= _dealt;
        int[] places = [.. Enumerable.Range(0, _scenario.Islands)];
        int[] times = [.. places.Select(island => (int)(_dealt >> island & 1))];
        var away = places.Where(island => (_declared >> island & 1) != 0 && times[island] == 0).Sum(_scenario.BatchOf);
        while (_scenario is { Mode: SyncMode.EveryStep, Batch: BatchPolicy.Keep })
        {
            var fitting = places.Where(island => times[island] > 0 && _scenario.BatchOf(island) <= away).ToList();
            if (fitting.Count == 0)
            {
                break;
            }

            var next = fitting.MinBy(island => (times[island], island));
            times[next]++;
            away -= _scenario.BatchOf(next);
        }

        return [.. places.Select(island => times[island] * _scenario.BatchOf(island))];
    }

    /// <summary>Numbers as they are after a journey, chunk by chunk; what was lost of them goes into the residual, where one is kept.</summary>
    private float[] Wire(NumberFormat format, float[] numbers, float[]? residual)
    {
        var arrived = (float[])numbers.Clone();
        if (_scenario.Islands == 1 || format == NumberFormat.Fp32)
        {
            return arrived;
        }

        var chunk = FragmentPlan.Create(numbers.Length, _scenario.Islands, _scenario.Fragments, _scenario.ChunkLength).ChunkLength;
        for (var index = 0; index < numbers.Length; index++)
        {
            arrived[index] += residual?[index] ?? 0;
        }

        var codec = NumberFormats.Get(format);
        for (var start = 0; start < numbers.Length; start += chunk)
        {
            var part = arrived.AsSpan(start, Math.Min(chunk, numbers.Length - start));
            float[] wanted = [.. part];
            var bytes = new byte[codec.EncodedBytes(part.Length)];
            codec.Encode(part, bytes);
            codec.Decode(bytes, part);
            for (var index = 0; index < part.Length && residual is not null; index++)
            {
                residual[start + index] = wanted[index] - part[index];
            }
        }

        return arrived;
    }
}

/// <summary>What chance decided of a round.</summary>
/// <param name="LeftOut">Islands whose shares are not in its result, by place.</param>
/// <param name="NewSegment">Whether all samples that are left are dealt anew after it.</param>
/// <param name="DealtAfter">To whom the next round is dealt.</param>
/// <param name="DealtBefore">To whom it was dealt; null where that is not known.</param>
internal sealed record RoundFate(ulong LeftOut, bool NewSegment, ulong DealtAfter, ulong? DealtBefore = null)
{
    /// <summary>What was merged in it, and when, in a run that chooses that by itself; null in others, and where it is not known.</summary>
    public RunSchedule? Schedule { get; init; }

    /// <summary>Whether nothing was dealt after it, because the run is about to stream no more.</summary>
    public bool Leaves { get; init; }

    /// <summary>The island whose optimizer all take after it, where the mode changes to every-step; -1 otherwise.</summary>
    public int SeedFrom { get; init; } = -1;
}
