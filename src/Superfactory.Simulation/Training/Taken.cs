namespace Superfactory.Simulation.Training;

/// <summary>Steps that a trainer has taken, and on what.</summary>
internal sealed class Taken
{
    /// <summary>How many.</summary>
    public int Steps { get; private set; }

    /// <summary>Their samples, in the order in which they were trained on.</summary>
    public List<long> Positions { get; } = [];

    /// <summary>Their tokens.</summary>
    public long Tokens { get; private set; }

    /// <summary>Their loss, summed over samples.</summary>
    public double LossSum { get; private set; }

    /// <summary>A step is taken.</summary>
    public void Add(ReadOnlySpan<long> positions, double loss)
    {
        Steps++;
        Positions.AddRange(positions);
        Tokens += LocalTraining.TokensOf(positions);
        LossSum += loss * positions.Length;
    }
}
