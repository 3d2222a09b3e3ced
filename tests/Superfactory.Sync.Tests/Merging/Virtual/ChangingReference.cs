using Superfactory.Model.Agents;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Arithmetic.Formats;
using Superfactory.Sync.Fragments;

namespace Superfactory.Sync.Tests.Merging.Virtual;

/// <summary>
/// A run that goes from mode to mode, streaming among them, as one plain loop over all islands, where none is lost: when it changes is taken
/// from the run, what comes of it is not.
/// </summary>
internal sealed class ChangingReference
{
    private readonly Scenario _scenario;
    private readonly IReadOnlyDictionary<long, RoundFate> _fates;
    private readonly float[] _outer;
    private readonly float[] _inner;
    private readonly Island[] _islands;
    private readonly Dictionary<long, List<List<long>>[]> _deals = [];
    private readonly Dictionary<long, HashSet<int>> _pairs = [];
    private List<long> _line;
    private List<long> _givenBack = [];
    private int _next;
    private SyncMode _before = SyncMode.Diloco;

    public ChangingReference(Scenario scenario, IReadOnlyDictionary<long, RoundFate> fates, int origin)
    {
        (_scenario, _fates) = (scenario, fates);
        Parameters = scenario.Initial(origin);
        (_outer, _inner) = (new float[Parameters.Length], new float[Parameters.Length]);
        _islands = [.. Enumerable.Range(0, scenario.Islands).Select(_ => new Island { Parameters = (float[])Parameters.Clone() })];
        Planned = scenario.Budget.Steps * Enumerable.Range(0, scenario.Islands).Sum(scenario.BatchOf);
        _line = [.. Enumerable.Range(0, (int)Planned).Select(position => (long)position)];
    }

    public long Planned { get; }

    /// <summary>Pairs of a sample and a fragment that were merged and had to be merged again.</summary>
    public long Replayed { get; private set; }

    public float[] Parameters { get; }

    /// <summary>What each round led to: the parameters, the merged fragment, or the mean gradient.</summary>
    public List<float[]> Results { get; } = [];

    private int Parts => _scenario.StreamingFragments;

    public void Run()
    {
        for (var round = 0L; _pairs.Count < Planned || _pairs.Values.Any(fragments => fragments.Count < Parts); round++)
        {
            var schedule = _fates[round].Schedule!;
            Enter(round, schedule);
            var streams = schedule.Mode == SyncMode.Streaming;
            Results.Add(streams ? Stream(round) : Together(round, schedule));
            if (_next == _line.Count && _givenBack.Count > 0)
            {
                (_line, _givenBack, _next) = ([.. _givenBack.Order()], [], 0);
            }

            if (streams)
            {
                _deals[round + 2] = Deal(_fates[round].Leaves || (_fates.TryGetValue(round + 1, out var fate) && fate.Schedule!.Mode != SyncMode.Streaming) ? 0 : TurnsIn(round + 2));
            }
        }
    }

    private void Enter(long round, RunSchedule schedule)
    {
        if (schedule.Mode == _before)
        {
            return;
        }

        if (_before == SyncMode.Streaming)
        {
            _pairs.Values.ShouldAllBe(fragments => fragments.Count == Parts, "streaming ends when every fragment has everything");
            _deals[round].SelectMany(steps => steps).ShouldBeEmpty();
        }

        if (_before == SyncMode.EveryStep)
        {
            _outer.AsSpan().Clear();
        }
        else if (schedule.Mode == SyncMode.EveryStep)
        {
            _inner.AsSpan().Fill(Scenario.InnerMomentum(_fates[round - 1].SeedFrom, round - 1));
        }

        foreach (var island in _islands)
        {
            Parameters.CopyTo(island.Parameters, 0);
            (island.Taken, island.Since) = (0, []);
        }

        if (schedule.Mode == SyncMode.Streaming)
        {
            (_deals[round], _deals[round + 1]) = (Deal(TurnsIn(round)), Deal(TurnsIn(round + 1)));
        }

        _before = schedule.Mode;
    }

    private float[] Together(long round, RunSchedule schedule)
    {
        var shares = Deal(schedule.Every);
        var given = shares.Select(steps => LocalTraining.Round(schedule.Mode, Parameters, steps)).ToArray();
        List<(int Island, long Tokens, float[] Numbers)> accepted = [];
        for (var island = 0; island < shares.Length; island++)
        {
            if (shares[island].Count > 0 && !_scenario.Poisoned(island, round))
            {
                accepted.Add((island, given[island].Tokens, [.. given[island].Given.Select((number, index) => schedule.Mode == SyncMode.EveryStep ? number : Parameters[index] - number)]));
                shares[island].SelectMany(step => step).ToList().ForEach(position => _pairs.Add(position, [.. Enumerable.Range(0, Parts)]));
            }
            else
            {
                _givenBack.AddRange(shares[island].SelectMany(step => step));
            }
        }

        var mean = Mean(_scenario.Format, accepted, Parameters.Length, _scenario.Fragments);
        if (schedule.Mode == SyncMode.EveryStep)
        {
            if (accepted.Count > 0)
            {
                LocalTraining.Step(Parameters, _inner, mean);
            }

            return mean;
        }

        Apply(mean, 0, accepted.Count > 0);
        return (float[])Parameters.Clone();
    }

    private float[] Stream(long round)
    {
        var fragment = _scenario.FragmentOf(round);
        List<(int Island, long Tokens, float[] Numbers)> accepted = [];
        for (var number = 0; number < _islands.Length; number++)
        {
            var island = _islands[number];
            Train(island, number, round, _deals[round][number].Count);
            island.Taken = 0;
            island.Since.RemoveAll(deal => deal <= round - Parts);
            island.Since.Add(round);
            if (!_scenario.Poisoned(number, round) && island.Since.Any(deal => _deals[deal][number].Count > 0))
            {
                var tokens = island.Since.SelectMany(deal => _deals[deal][number]).SelectMany(step => step).Sum(Scenario.TokensOf);
                accepted.Add((number, tokens, [.. Parameters[fragment].Zip(island.Parameters[fragment], (global, own) => global - own)]));
            }

            Train(island, number, round + 1, Math.Min(_scenario.Overlap(number, round), _deals[round + 1][number].Count));
        }

        Apply(Mean(NumberFormat.E3m0, accepted, Parameters[fragment].Length, 0), fragment.Start.Value, accepted.Count > 0);
        for (var number = 0; number < _islands.Length; number++)
        {
            Settle(round, number, fragment, accepted.Exists(each => each.Island == number));
        }

        return Parameters[fragment];
    }

    private void Settle(long round, int number, Range fragment, bool contributed)
    {
        var island = _islands[number];
        var positions = island.Since.SelectMany(deal => _deals[deal][number]).SelectMany(step => step);
        if (contributed || !_scenario.Poisoned(number, round))
        {
            foreach (var position in positions)
            {
                (_pairs.TryGetValue(position, out var fragments) ? fragments : _pairs[position] = []).Add((int)(round % Parts)).ShouldBeTrue("a pair is merged once");
            }

            LocalTraining.Mix(island.Parameters.AsSpan(fragment), Parameters.AsSpan(fragment), (float)_scenario.Sync.Mixing);
            return;
        }

        foreach (var position in positions)
        {
            Replayed += _pairs.Remove(position, out var fragments) ? fragments.Count : 0;
            _givenBack.Add(position);
        }

        (island.Since, island.Taken) = ([], 0);
        Parameters.CopyTo(island.Parameters, 0);
    }

    private void Train(Island island, int number, long round, int until)
    {
        for (; island.Taken < until; island.Taken++)
        {
            LocalTraining.Step(island.Parameters, LocalTraining.Gradient(island.Parameters, _deals[round][number][island.Taken]));
        }
    }

    private void Apply(float[] mean, int start, bool any)
    {
        var (rate, factor) = ((float)_scenario.Sync.Outer.LearningRate, (float)_scenario.Sync.Outer.Momentum);
        for (var index = 0; index < mean.Length && any; index++)
        {
            _outer[start + index] = (factor * _outer[start + index]) + mean[index];
            Parameters[start + index] -= rate * (mean[index] + (factor * _outer[start + index]));
        }
    }

    private float[] Mean(NumberFormat format, List<(int Island, long Tokens, float[] Numbers)> accepted, int length, int fragments)
    {
        var (mean, tokens) = (new float[length], accepted.Sum(each => each.Tokens));
        foreach (var (_, own, numbers) in accepted)
        {
            var wire = Wire(format, numbers, fragments);
            for (var index = 0; index < length; index++)
            {
                mean[index] += (float)((double)own / tokens) * wire[index];
            }
        }

        return _scenario.Islands > 2 && accepted.Count > 0 ? Wire(_scenario.ResultFormat ?? _scenario.Format, mean, fragments) : mean;
    }

    private int TurnsIn(long round) =>
        (int)(((round % Parts) + 1) * Scenario.StreamingEvery / Parts) - (int)(round % Parts * Scenario.StreamingEvery / Parts);

    private List<List<long>>[] Deal(int turns)
    {
        var shares = Enumerable.Range(0, _scenario.Islands).Select(_ => new List<List<long>>()).ToArray();
        for (var turn = 0; turn < turns && _next < _line.Count; turn++)
        {
            for (var number = 0; number < _scenario.Islands; number++)
            {
                var share = _line.Skip(_next).Take(_scenario.BatchOf(number)).ToList();
                _next += share.Count;
                if (share.Count > 0)
                {
                    shares[number].Add(share);
                }
            }
        }

        return shares;
    }

    private float[] Wire(NumberFormat format, float[] numbers, int fragments)
    {
        var arrived = (float[])numbers.Clone();
        if (_scenario.Islands == 1 || format == NumberFormat.Fp32)
        {
            return arrived;
        }

        var (codec, chunk) = (NumberFormats.Get(format), FragmentPlan.Create(numbers.Length, _scenario.Islands, fragments, _scenario.ChunkLength).ChunkLength);
        for (var start = 0; start < numbers.Length; start += chunk)
        {
            var part = arrived.AsSpan(start, Math.Min(chunk, numbers.Length - start));
            var bytes = new byte[codec.EncodedBytes(part.Length)];
            codec.Encode(part, bytes);
            codec.Decode(bytes, part);
        }

        return arrived;
    }

    private sealed class Island
    {
        public required float[] Parameters { get; init; }

        /// <summary>Steps of the deal that it is in.</summary>
        public int Taken { get; set; }

        /// <summary>Deals whose work is in its parameters and not in every fragment.</summary>
        public List<long> Since { get; set; } = [];
    }
}
