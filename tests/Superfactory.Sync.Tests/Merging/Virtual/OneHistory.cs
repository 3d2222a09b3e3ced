using Superfactory.Model.Agents;
using Superfactory.Sync.Merging;

namespace Superfactory.Sync.Tests.Merging.Virtual;

/// <summary>
/// Checks from outside that there is one history: what members of an epoch apply is the same everywhere, what became final is never
/// undone, and nobody who promised applies anything more.
/// </summary>
internal sealed class OneHistory(ulong seed, VirtualControl control)
{
    private readonly Dictionary<long, float[]> _results = [];
    private readonly Dictionary<long, RoundFate> _fates = [];
    private readonly Dictionary<int, long> _held = [];
    private long _final;

    public IReadOnlyDictionary<long, float[]> Results => _results;

    public IReadOnlyDictionary<long, RoundFate> Fates => _fates;

    /// <summary>A new epoch was decided: what none of its members held when it promised is no part of the run.</summary>
    public void Begin(bool restarted)
    {
        var start = Math.Max(control.Epoch.Start, 0);
        if (!restarted)
        {
            start.ShouldBeGreaterThanOrEqualTo(_final, $"seed {seed}: epoch {control.Epoch.Number} undoes what was final");
        }

        _final = restarted ? 0 : _final;
        _held.Clear();
        foreach (var round in _fates.Keys.Concat(_results.Keys).Where(round => round >= start).ToList())
        {
            _fates.Remove(round);
            _results.Remove(round);
        }
    }

    /// <summary>A machine has taken an input.</summary>
    public void Take(int island, MergeMachine machine, (long Round, ulong Dealt, RunSchedule Schedule) before)
    {
        var (state, history) = (machine.State, machine.State.History);
        if (state.Sealed && history.Round > before.Round)
        {
            throw new InvalidOperationException($"seed {seed}: island {island} applied round {before.Round} after it had promised");
        }

        if (state is not { Initialised: true, SelfIsMember: true } || state.Epoch.Number != control.Epoch.Number || !control.IsMember(island))
        {
            return;
        }

        if (history.Round > before.Round)
        {
            var fate = new RoundFate(history.GivenBackLast, history.NewSegment, history.Takers, history.Round != before.Round + 1 ? null : before.Dealt == 0 ? state.Members : before.Dealt)
            {
                Leaves = history.Leaving is not null,
                Schedule = history.Changes && history.Round == before.Round + 1 ? before.Schedule : null,
            };
            _fates.TryAdd(history.Round - 1, fate);
            var known = _fates[history.Round - 1];
            _fates[history.Round - 1] = known with { Schedule = known.Schedule ?? fate.Schedule };
            (known.Schedule is null || fate.Schedule is null || known.Schedule == fate.Schedule).ShouldBeTrue($"seed {seed}: round {history.Round - 1} was merged under another schedule at island {island}");
            (known with { DealtBefore = null, Schedule = null, SeedFrom = -1 }).ShouldBe(fate with { DealtBefore = null, Schedule = null, SeedFrom = -1 }, $"seed {seed}: round {history.Round - 1} was merged of others at island {island}");
        }

        if (state.Seed is { Own: true } seeded && seeded.Round == history.Round && _fates.TryGetValue(history.Round - 1, out var last))
        {
            _fates[history.Round - 1] = last with { SeedFrom = island };
        }

        _held[island] = history.Round;
        if (_held.Count == control.Epoch.Members.Length)
        {
            _final = Math.Max(_final, _held.Values.Min());
        }
    }

    /// <summary>A trainer was given a result.</summary>
    public void Check(int island, MergeMachine machine, long round, float[] result)
    {
        var state = machine.State;
        if (state.Epoch.Number == control.Epoch.Number && control.IsMember(island) && round == state.History.Round - 1 && !_results.TryAdd(round, result))
        {
            result.AsSpan().SequenceEqual(_results[round]).ShouldBeTrue($"seed {seed}: round {round} came out otherwise at island {island}");
        }
    }
}
