using Superfactory.Sync.Merging;

namespace Superfactory.Simulation.Checks;

/// <summary>The commits that came to each island, or that it made itself: nobody applies a round before all of its fragments' are there.</summary>
internal sealed class CommitLog(int islands)
{
    private readonly HashSet<(int Epoch, long Round, int Fragment)>[] _seen = [.. Enumerable.Range(0, islands).Select(_ => new HashSet<(int, long, int)>())];

    /// <summary>A commit is at an island.</summary>
    public void Add(int place, CommitMessage commit) => _seen[place].Add((commit.Epoch, commit.Round, commit.Fragment));

    /// <summary>An island has applied a round by itself.</summary>
    public void Check(int place, MergeState state, long round)
    {
        for (var fragment = 0; fragment < state.Plan!.Fragments.Length && state.Fellows.Count > 0; fragment++)
        {
            Referee.Require(_seen[place].Contains((state.Epoch.Number, round, fragment)), $"island {place} applied round {round} before the commit of fragment {fragment} came");
        }

        if (_seen[place].Count > 64)
        {
            _seen[place].RemoveWhere(seen => seen.Round < round);
        }
    }
}
