using Superfactory.Sync.Fragments;
using Superfactory.Sync.Merging;

namespace Superfactory.Simulation.Checks;

/// <summary>The commits that came to each island, in each lane of it, or that it made itself: nobody applies a round before all of its fragments' are there.</summary>
/// <param name="islands">Islands.</param>
/// <param name="lanes">Lanes of the model.</param>
internal sealed class CommitLog(int islands, int lanes)
{
    private readonly Dictionary<(int Epoch, long Round, int Fragment), (int Attempt, ulong Contributors)>[] _seen =
        [.. Enumerable.Range(0, islands * lanes).Select(_ => new Dictionary<(int, long, int), (int, ulong)>())];

    /// <summary>A commit is at an island, in one of its lanes.</summary>
    public void Add(int island, int lane, CommitMessage commit)
    {
        var (place, key) = ((island * lanes) + lane, (commit.Epoch, commit.Round, commit.Fragment));
        if (!_seen[place].TryGetValue(key, out var known) || known.Attempt <= commit.Attempt)
        {
            _seen[place][key] = (commit.Attempt, commit.Contributors);
        }
    }

    /// <summary>Whether all commits of a round came to an island in one of its lanes.</summary>
    public bool HasAll(int island, int lane, int epoch, long round, FragmentPlan plan) =>
        plan.Fragments.All(fragment => _seen[(island * lanes) + lane].ContainsKey((epoch, round, fragment.Index)));

    /// <summary>An island has applied a round by itself.</summary>
    /// <returns>Whose numbers are in it, as its leaders said.</returns>
    public ulong Check(int island, int lane, MergeState state, long round, FragmentPlan plan)
    {
        var place = (island * lanes) + lane;
        if ((state.Members & ~state.History.RefusedLast & ~(1UL << island)) == 0)
        {
            // Whoever is alone, or goes on without all others, says nothing to anybody: the round is what it gave, or nothing.
            return state.History.LastSkipped ? 0 : state.Members & ~state.History.RefusedLast;
        }

        (int Attempt, ulong Contributors)? all = null;
        for (var fragment = 0; fragment < plan.Fragments.Length; fragment++)
        {
            Referee.Require(
                _seen[place].TryGetValue((state.Epoch.Number, round, fragment), out var commit),
                $"island {island} applied round {round} before the commit of fragment {fragment} came");
            Referee.Require(all is null || all == commit, $"island {island} applied round {round}, whose fragments were committed for different contributors");
            all = commit;
        }

        if (_seen[place].Count > 64)
        {
            foreach (var key in _seen[place].Keys.Where(key => key.Round < round).ToList())
            {
                _seen[place].Remove(key);
            }
        }

        return all!.Value.Contributors;
    }
}
