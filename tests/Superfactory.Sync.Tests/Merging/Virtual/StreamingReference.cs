using Superfactory.Model.Jobs;
using Superfactory.Sync.Arithmetic.Formats;
using Superfactory.Sync.Fragments;

namespace Superfactory.Sync.Tests.Merging.Virtual;

/// <summary>
/// Streaming DiLoCo as one plain loop over all islands, for runs whose membership does not change: every island sends a fragment, goes on
/// for some steps, and mixes in what was merged. Samples are dealt from lists, and pairs of sample and fragment counted one by one.
/// </summary>
internal sealed class StreamingReference
{
    private readonly Scenario _scenario;
    private readonly float[] _momentum;
    private readonly Island[] _islands;
    private readonly List<List<List<long>>[]> _deals = [];
    private List<long> _line;
    private List<long> _givenBack = [];
    private int _next;
    private readonly Dictionary<long, HashSet<int>> _pairs = [];

    public StreamingReference(Scenario scenario, int origin)
    {
        _scenario = scenario;
        Parameters = scenario.Initial(origin);
        _momentum = new float[Parameters.Length];
        _islands = [.. Enumerable.Range(0, scenario.Islands).Select(_ => new Island((float[])Parameters.Clone()))];
        Planned = scenario.Budget.Samples > 0 ? scenario.Budget.Samples : scenario.Budget.Steps * Enumerable.Range(0, scenario.Islands).Sum(scenario.BatchOf);
        _line = [.. Enumerable.Range(0, (int)Planned).Select(position => (long)position)];
    }

    public long Planned { get; }

    /// <summary>Pairs that were merged and had to be merged again.</summary>
    public long Replayed { get; private set; }

    public float[] Parameters { get; }

    /// <summary>The merged fragment of each round.</summary>
    public List<float[]> Results { get; } = [];

    public void Run()
    {
        Deal();
        Deal();
        for (var round = 0; _pairs.Count < Planned || _pairs.Values.Any(fragments => fragments.Count < _scenario.StreamingFragments); round++)
        {
            Round(round);
            if (_next == _line.Count && _givenBack.Count > 0)
            {
                (_line, _givenBack, _next) = ([.. _givenBack.Order()], [], 0);
            }

            Deal();
        }
    }

    private void Round(int round)
    {
        var fragment = _scenario.FragmentOf(round);
        var accepted = new List<int>();
        for (var number = 0; number < _islands.Length; number++)
        {
            var island = _islands[number];
            Train(island, round, number, _deals[round][number].Count);
            island.Taken = 0;
            island.Since.RemoveAll(deal => deal <= round - _scenario.StreamingFragments);
            island.Since.Add(round);
            island.Sent = [.. Parameters[fragment].Zip(island.Parameters[fragment], (global, own) => global - own)];
            if (!_scenario.Poisoned(number, round) && island.Since.Any(deal => _deals[deal][number].Count > 0))
            {
                accepted.Add(number);
            }

            Train(island, round + 1, number, Math.Min(_scenario.Overlap(number, round), _deals[round + 1][number].Count));
        }

        Merge(round, fragment, accepted);
        Results.Add(Parameters[fragment]);
        for (var number = 0; number < _islands.Length; number++)
        {
            Settle(round, number, fragment, accepted.Contains(number));
        }
    }

    private void Merge(int round, Range fragment, List<int> accepted)
    {
        long Tokens(int number) => _islands[number].Since.Sum(deal => _deals[deal][number].SelectMany(step => step).Sum(Scenario.TokensOf));

        var tokens = accepted.Sum(Tokens);
        var mean = new float[Parameters[fragment].Length];
        foreach (var number in accepted)
        {
            var wire = Wire(_scenario.Format, _islands[number].Sent);
            for (var index = 0; index < mean.Length; index++)
            {
                mean[index] += (float)((double)Tokens(number) / tokens) * wire[index];
            }
        }

        mean = _scenario.Islands > 2 ? Wire(_scenario.ResultFormat ?? _scenario.Format, mean) : mean;
        var (rate, factor) = ((float)_scenario.Sync.Outer.LearningRate, (float)_scenario.Sync.Outer.Momentum);
        for (var index = 0; index < mean.Length && accepted.Count > 0; index++)
        {
            var place = fragment.Start.Value + index;
            _momentum[place] = (factor * _momentum[place]) + mean[index];
            Parameters[place] -= rate * (mean[index] + (factor * _momentum[place]));
        }
    }

    private void Settle(int round, int number, Range fragment, bool contributed)
    {
        var island = _islands[number];
        if (contributed)
        {
            foreach (var position in island.Since.SelectMany(deal => _deals[deal][number].SelectMany(step => step)))
            {
                (_pairs.TryGetValue(position, out var fragments) ? fragments : _pairs[position] = []).Add(round % _scenario.StreamingFragments).ShouldBeTrue("a pair is merged once");
            }

            LocalTraining.Mix(island.Parameters.AsSpan(fragment), Parameters.AsSpan(fragment), (float)_scenario.Sync.Mixing);
            return;
        }

        if (!_scenario.Poisoned(number, round))
        {
            // It had nothing to contribute, and takes the fragment as the others do.
            LocalTraining.Mix(island.Parameters.AsSpan(fragment), Parameters.AsSpan(fragment), (float)_scenario.Sync.Mixing);
            return;
        }

        foreach (var position in island.Since.SelectMany(deal => _deals[deal][number].SelectMany(step => step)))
        {
            Replayed += _pairs.Remove(position, out var fragments) ? fragments.Count : 0;
            _givenBack.Add(position);
        }

        island.Since.Clear();
        island.Taken = 0;
        Parameters.CopyTo(island.Parameters, 0);
    }

    private void Train(Island island, int deal, int number, int until)
    {
        for (; island.Taken < until; island.Taken++)
        {
            LocalTraining.Step(island.Parameters, LocalTraining.Gradient(island.Parameters, _deals[deal][number][island.Taken]));
        }
    }

    private void Deal()
    {
        var place = _deals.Count % _scenario.StreamingFragments;
        var turns = ((place + 1) * _scenario.Every / _scenario.StreamingFragments) - (place * _scenario.Every / _scenario.StreamingFragments);
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

        _deals.Add(shares);
    }

    private float[] Wire(NumberFormat format, float[] numbers)
    {
        var arrived = (float[])numbers.Clone();
        if (_scenario.Islands == 1 || format == NumberFormat.Fp32)
        {
            return arrived;
        }

        var (codec, chunk) = (NumberFormats.Get(format), FragmentPlan.Create(numbers.Length, _scenario.Islands, 0, _scenario.ChunkLength).ChunkLength);
        for (var start = 0; start < numbers.Length; start += chunk)
        {
            var part = arrived.AsSpan(start, Math.Min(chunk, numbers.Length - start));
            var bytes = new byte[codec.EncodedBytes(part.Length)];
            codec.Encode(part, bytes);
            codec.Decode(bytes, part);
        }

        return arrived;
    }

    private sealed class Island(float[] parameters)
    {
        public float[] Parameters { get; } = parameters;

        /// <summary>Steps of the deal that it is in.</summary>
        public int Taken { get; set; }

        /// <summary>Deals whose work is in its parameters and not in every fragment.</summary>
        public List<int> Since { get; } = [];

        public float[] Sent { get; set; } = [];
    }
}
