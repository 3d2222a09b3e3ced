namespace Superfactory.Simulation.Checks;

/// <summary>The samples in final results, as the trainers say which they trained on: each once, and in the end all.</summary>
internal sealed class SampleCount
{
    private readonly HashSet<long> _merged = [];

    /// <summary>How many are merged.</summary>
    public long Merged => _merged.Count;

    /// <summary>A result became final.</summary>
    public void Merge(RoundTruth result)
    {
        foreach (var position in result.Positions)
        {
            Referee.Require(_merged.Add(position), $"sample {position} is merged a second time in round {result.Round}");
        }
    }

    /// <summary>The run went back to what these rounds led to.</summary>
    public void GoBack(IEnumerable<RoundTruth> results)
    {
        _merged.Clear();
        foreach (var result in results)
        {
            Merge(result);
        }
    }

    /// <summary>The run is over.</summary>
    public void RequireAll(long planned)
    {
        Referee.Require(_merged.Count == planned, $"the run ended with {_merged.Count} samples in final results, where {planned} were planned");
        for (var position = 0L; position < planned; position++)
        {
            Referee.Require(_merged.Contains(position), $"the run ended without sample {position}");
        }
    }
}
